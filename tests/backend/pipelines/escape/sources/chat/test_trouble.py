"""What a provider's error means: the shapes they are known to come in, and what helps."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources.chat.presets import PRESETS
from backend.pipelines.escape.sources.chat.trouble import (
    ErrorBody,
    Remedy,
    asked_wait,
    error_in_stream,
    judge,
    read_error,
)
from backend.upstream import Kind, UpstreamError

BY_ID = {preset.id: preset for preset in PRESETS}
GROQ, OLLAMA = BY_ID["groq"], BY_ID["ollama"]


def nested(message: str, code: Any = None, type: str = "invalid_request_error", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "code": code, **more}}


LOADING = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (nested("Invalid API Key", "bad_key"), ErrorBody("Invalid API Key", "bad_key", "invalid_request_error")),
        ({"message": "Tokens", "type": "t", "param": "quota", "code": "q"}, ErrorBody("Tokens", "q", "t")),
        (LOADING, ErrorBody("Loading model", "503", "unavailable_error")),
        ({"error": {"code": None, "message": "m", "param": None}}, ErrorBody("m")),
        ({"error": "model 'x' not found"}, ErrorBody("model 'x' not found")),
        ({"detail": "Not Found"}, ErrorBody("Not Found")),
        ({"error": {"message": ["a"], "code": {"b": 1}, "type": True}}, ErrorBody()),
        ("<html>", ErrorBody("<html>")),
        (None, ErrorBody()),
        ([1], ErrorBody()),
    ],
)  # fmt: skip
def test_error_bodies_nested_flat_or_text(body: Any, read: ErrorBody) -> None:
    assert read_error(body) == read


DECOMMISSIONED = "The model `llama-3.3-70b-versatile` has been decommissioned and is no longer supported."
MISSING = "The model `x` does not exist or you do not have access to it."
ARCHIVED = "Model zai-glm-4.7 is archived and unavailable for the organization."
TOO_LARGE = "Request too large for model `m` … Limit 6000, Requested 15041, please reduce your message size"
TPM = "Rate limit reached for model `m` … on tokens per minute (TPM): Limit 8000. Please try again in 1.0325s."
TPD = "Rate limit reached for model `m` … on tokens per day (TPD). Please try again in 56m26.88s."
NOT_JSON = "Failed to validate JSON. Please adjust your prompt. See 'failed_generation' for more details."
NO_ROOM = "max completion tokens reached before generating a valid document"
NO_STREAM = '"stream=true" with structured outputs is currently not supported for reasoning models.'


@pytest.mark.parametrize(
    ("kind", "status", "body", "remedy"),
    [
        ("refused_key", 401, nested("Invalid API Key", "invalid_api_key"), "none"),
        ("refused_key", 403, nested("no permission"), "none"),
        ("http_4xx", 402, {"message": "payment required"}, "none"),
        ("http_4xx", 400, nested(DECOMMISSIONED, "model_decommissioned"), "other_model"),
        ("http_4xx", 400, nested(DECOMMISSIONED), "other_model"),
        ("http_4xx", 404, nested(MISSING, "model_not_found"), "other_model"),
        ("http_4xx", 404, nested(MISSING), "other_model"),
        ("http_4xx", 404, {"message": MISSING, "type": "not_found_error", "param": "model"}, "other_model"),
        ("http_4xx", 404, {"message": ARCHIVED, "type": "model_archived_error"}, "other_model"),
        ("http_4xx", 404, nested("model 'gone' not found", None, "not_found_error"), "other_model"),
        ("http_4xx", 404, "404 page not found", "none"),
        ("http_4xx", 413, nested(TOO_LARGE, "rate_limit_exceeded", "tokens"), "none"),
        ("rate_limited", 429, nested(TPM, "rate_limit_exceeded", "tokens"), "again"),
        ("rate_limited", 429, nested(TPD, "rate_limit_exceeded", "tokens"), "none"),
        ("rate_limited", 429, {"message": "queue", "code": "queue_exceeded"}, "none"),
        ("http_4xx", 400, nested(NOT_JSON, "json_validate_failed", failed_generation="Sure!"), "again"),
        ("http_4xx", 400, nested(NO_ROOM, "json_validate_failed", failed_generation=""), "larger"),
        ("http_4xx", 400, {"message": NO_STREAM, "code": "wrong_api_format"}, "plainer"),
        ("http_4xx", 422, {"detail": "extra fields not permitted"}, "plainer"),
        ("http_4xx", 498, None, "again"),
        ("http_5xx", 500, "<html>", "again"),
        ("http_5xx", 503, LOADING, "again"),
        ("connect", None, None, "none"),
        ("offline", None, None, "none"),
        ("circuit_open", None, None, "none"),
        ("timeout", None, None, "none"),
        ("too_large", None, None, "none"),
        ("truncated", None, None, "again"),
        ("bad_payload", None, None, "again"),
        ("bad_payload", 301, None, "none"),
        ("pool", None, None, "none"),
        ("budget", None, None, "none"),
    ],
)  # fmt: skip
def test_what_helps(kind: Kind, status: int | None, body: Any, remedy: Remedy) -> None:
    error = UpstreamError("Groq", kind, "Groq answered with an error", status=status, detail=body)
    trouble = judge(error, GROQ, "m")
    assert trouble.remedy == remedy
    assert trouble.wait_s < 3 or remedy == "none"


def test_a_local_server_that_is_not_there_may_not_be_running() -> None:
    error = UpstreamError("Ollama", "connect", "Ollama can't be reached", retryable=True)
    assert judge(error, OLLAMA).hint == "Is Ollama running?"
    assert judge(error, GROQ).hint is None


def test_what_is_said_of_a_parameter_is_no_end_of_a_model() -> None:
    for message in ("The model no longer supports `max_tokens`", "`temperature` is deprecated for this model"):
        error = UpstreamError("OpenAI", "http_4xx", "It failed", status=400, detail=nested(message))
        assert judge(error, GROQ, "m").remedy == "plainer"


def test_the_sentences_say_what_failed_and_what_to_try() -> None:
    def told(kind: Kind, status: int | None, body: Any, **more: Any) -> tuple[str, str | None]:
        error = UpstreamError("Groq", kind, f"Groq refused ({status})", status=status, detail=body, **more)
        trouble = judge(error, GROQ, "m")
        return str(trouble), trouble.hint

    assert told("refused_key", 401, nested("Invalid API Key")) == (
        "Groq refused (401)", "Check GROQ_API_KEY, or what its plan allows."
    )  # fmt: skip
    assert told("http_4xx", 404, nested(MISSING)) == (
        "Groq has no model “m” (any more)", "Choose another model by GROQ_MODEL."
    )  # fmt: skip
    assert told("rate_limited", 429, nested(TPD))[1] == "Ask again in 56 min."
    assert told("rate_limited", 429, None, retry_after_s=7.3)[1] == "Ask again in 7 s."
    assert told("rate_limited", 429, None, retry_after_s=86399.0)[1] == "Ask again in 24 h."
    assert told("rate_limited", 429, None)[1] == "Ask again later."
    assert told("http_4xx", 404, "404 page not found")[1] == "Check its address in the settings."
    long, _ = told("http_5xx", 500, nested("x\x1b]0;owned\x07\n" * 500))
    assert len(long) < 220
    assert "\x1b" not in long


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 2.0325s.", 2.0325), ("try again in 547ms", 0.547), ("Try again in 56m26.88s.", 3386.88),
        ("try again in 1h2m3s", 3723.0), ("try again in 12µs", 12e-6), ("try again in a moment", None), ("", None),
        ("try again in 2", None),
    ],
)  # fmt: skip
def test_durations_as_go_writes_them(message: str, seconds: float | None) -> None:
    assert asked_wait(message) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("tree", "status", "kind"),
    [
        (nested("over capacity", 503, "server_error"), 503, "http_5xx"),
        (nested("slow down", "rate_limit_exceeded", status_code=429), 429, "rate_limited"),
        (nested("no", "json_validate_failed", status_code=400), 400, "http_4xx"),
        (nested("no", "json_validate_failed"), None, "http_4xx"),
        ({"error": "out of memory"}, None, "http_5xx"),
        ({"message": "flat", "type": "t", "code": "c"}, None, "http_5xx"),
    ],
)
def test_an_error_inside_a_stream(tree: Any, status: int | None, kind: Kind) -> None:
    error = error_in_stream("Groq", tree)
    assert error is not None
    assert (error.status, error.kind) == (status, kind)


@pytest.mark.parametrize("tree", [{"choices": [{"delta": {}}], "error": None}, {"choices": []}, {"error": None}, [], 7])
def test_what_is_no_error_inside_a_stream(tree: Any) -> None:
    assert error_in_stream("Groq", tree) is None


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(
    st.sampled_from(["error", "message", "code", "type", "failed_generation", "detail"]), inner), max_leaves=8),
    st.sampled_from([None, 400, 404, 413, 429, 500, 503]))  # fmt: skip
def test_any_body_is_judged(body: Any, status: int | None) -> None:
    error = UpstreamError("Groq", "http_4xx", "It failed", status=status, detail=body)
    trouble = judge(error, OLLAMA, "m")
    assert str(trouble)
    assert trouble.remedy in ("again", "rephrase", "plainer", "larger", "other_model", "none")
