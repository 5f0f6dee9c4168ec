"""Errors as people and programs read them."""

from typing import Any

import pytest

from backend.errors import (
    InvalidRequest,
    NotFound,
    RequestError,
    SourceError,
    StepError,
    Unavailable,
    WindowseatError,
    to_problem,
)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RequestError("No."), {"title": "Bad request", "status": 400, "detail": "No."}),
        (
            InvalidRequest("No.", hint="Say q."),
            {"title": "Bad request", "status": 400, "detail": "No.", "hint": "Say q."},
        ),
        (InvalidRequest("No.", status=422, title="Odd"), {"title": "Odd", "status": 422, "detail": "No."}),
        (NotFound("No run."), {"title": "Not found", "status": 404, "detail": "No run."}),
        (Unavailable("Full."), {"title": "Not available now", "status": 503, "detail": "Full."}),
    ],
    ids=["plain", "hint", "own status", "not found", "unavailable"],
)  # fmt: skip
def test_a_problem_says_what_rfc_9457_asks_for(error: RequestError, problem: dict[str, Any]) -> None:
    assert to_problem(error) == {"type": "about:blank", **problem}


def test_headers_are_the_errors_own() -> None:
    given = {"Retry-After": "2"}
    error = Unavailable("Full.", headers=given)
    given["Retry-After"] = "9"
    assert error.headers == {"Retry-After": "2"}
    assert RequestError("No.").headers == {}


def test_a_steps_error_is_a_sentence_with_what_to_try() -> None:
    error = SourceError("Open-Meteo took too long.", code="timeout", hint="Try again.", retryable=True)
    assert isinstance(error, StepError)
    assert isinstance(error, WindowseatError)
    assert (str(error), error.code, error.hint, error.retryable) == (
        "Open-Meteo took too long.", "timeout", "Try again.", True
    )  # fmt: skip
    plain = StepError("No.")
    assert (plain.code, plain.hint, plain.retryable) == ("failed", None, False)
