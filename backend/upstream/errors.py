"""What a call to an upstream can fail with: one error, its kind, and a sentence for a person.

| kind | what happened |
|---|---|
| ``offline`` | the network can't be reached, or isn't to be used; nothing was sent |
| ``connect`` | this host can't be reached (refused, no such name, TLS) |
| ``timeout`` | it didn't answer in time |
| ``refused_key`` | it refuses the key, or there is none |
| ``quota`` | what the plan allows is used up, and waiting for a moment won't help |
| ``rate_limited`` | too many calls just now |
| ``http_4xx``, ``http_5xx`` | it answered with an error |
| ``bad_payload`` | it answered something that can't be read (no JSON, a redirect, another shape) |
| ``truncated`` | its answer broke off |
| ``too_large`` | its answer is larger than is read |
| ``circuit_open`` | it failed just now, several times; it is left alone for a while |
| ``budget`` | our own limit on calls |
| ``pool`` | our own connections are all in use: our fault |
"""

from typing import Any, Literal

from backend.errors import WindowseatError

Kind = Literal[
    "offline", "connect", "timeout", "refused_key", "quota", "rate_limited", "http_4xx", "http_5xx", "bad_payload",
    "truncated", "too_large", "circuit_open", "budget", "pool",
]  # fmt: skip


class UpstreamError(WindowseatError):
    """An operation on an upstream failed. ``str()`` is a sentence for a person, ``hint`` what to try.

    ``retry_after_s``: when asking again may help, in seconds. ``retryable``: whether the very next try may help.
    ``detail`` is the error body, decoded, cleaned and without secrets, or None. ``retries`` were made before it;
    ``unasked``: nothing was sent at all.
    """

    def __init__(
        self,
        upstream: str,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        hint: str | None = None,
        retryable: bool = False,
        detail: Any = None,
        unasked: bool = False,
    ) -> None:
        super().__init__(message)
        self.upstream = upstream
        self.kind = kind
        self.status = status
        self.retry_after_s = retry_after_s
        self.hint = hint
        self.retryable = retryable
        self.detail = detail
        self.unasked = unasked
        self.retries = 0

    @property
    def code(self) -> int | str:
        """The status as evidence has it: of HTTP where there was an answer, else the kind."""
        return self.status if self.status is not None and self.status >= 400 else self.kind
