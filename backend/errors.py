"""Errors of the server.

WindowseatError
├─ ConfigError             a setting is wrong; the person who starts the server can fix it
├─ RequestError            the caller can fix it: a problem (RFC 9457) with a 4xx status
│  ├─ InvalidRequest       400, 413, 415, 422
│  ├─ NotFound             404: an unknown run or pipeline
│  ├─ Conflict             409: the key, or the run, is taken or still under way
│  ├─ Gone                 410: the log doesn't have the place that a reader names
│  └─ Unavailable          503: draining, full, or the log can't be written
├─ StepError               a step can't go on: what went wrong, whose fault, what to try; the process is well
│  └─ SourceError          a source of facts failed (``code`` says how)
└─ StorageError            the run log can't be read or written
anything else              a bug: its traceback goes to the server's log, the person gets one sentence with an id
"""

from collections.abc import Mapping
from typing import Any


class WindowseatError(Exception):
    """The root; ``str()`` is a sentence for a person."""


class ConfigError(WindowseatError):
    """A setting is wrong. The message names the setting, its value and what is allowed."""


class StorageError(WindowseatError):
    """The run log can't be read or written; the message says what the operating system said."""


class RequestError(WindowseatError):
    """A request that can't be served as it is. Becomes ``application/problem+json``."""

    status = 400
    title = "Bad request"

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.status = status or self.status
        self.title = title or self.title
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


class InvalidRequest(RequestError):
    """The request is malformed or means nothing."""


class NotFound(RequestError):
    """There is no such run or pipeline."""

    status = 404
    title = "Not found"


class Conflict(RequestError):
    """What is asked for can't be, as things are: the key or the run is taken, or the run isn't over."""

    status = 409
    title = "Conflict"


class Gone(RequestError):
    """The log doesn't have the place after which a reader wants to go on; ``oldest`` and ``head`` say what it has."""

    status = 410
    title = "Gone"


class Unavailable(RequestError):
    """The server can't take this now; try again later."""

    status = 503
    title = "Not available now"


class StepError(WindowseatError):
    """What a person should hear when a step can't go on.

    ``code`` is short and stable (``no_place``, ``timeout``); the message says what went wrong and whose fault it is;
    ``hint`` what to try. ``retryable``: another attempt may help, after ``retry_in_s`` seconds (0: at once;
    None: the engine chooses).
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "failed",
        hint: str | None = None,
        retryable: bool = False,
        retry_in_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.retryable = retryable
        self.retry_in_s = retry_in_s


class SourceError(StepError):
    """A source of facts failed: ``timeout``, ``http_429``, ``http_5xx``, ``bad_payload``, ``connect`` …"""


def to_problem(error: RequestError) -> dict[str, Any]:
    """The body of a problem response (RFC 9457): ``type``, ``title``, ``status``, ``detail``, maybe ``hint``, and what
    else the error has to say."""
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if error.hint:
        problem["hint"] = error.hint
    return problem | error.extra
