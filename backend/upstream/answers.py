"""What came back from an upstream, and what its status means. No httpx here."""

from collections.abc import Mapping
from typing import Any

import msgspec

from backend.upstream.errors import Kind, UpstreamError
from backend.upstream.retrying import retry_after
from backend.upstream.values import Spec


class Answer(msgspec.Struct, frozen=True):
    """What came back, whatever its status. ``problem`` says why ``data`` could not be read, if it could not."""

    status: int
    headers: Mapping[str, str]
    data: Any
    problem: str | None
    bytes: int
    ms: int


def error_of(answer: Answer, spec: Spec, now: float) -> UpstreamError | None:
    """The error that an answer is by its status alone, or None. ``now``: seconds since the epoch, for Retry-After."""
    status, name = answer.status, spec.name
    if status < 300 or status == 304:
        return None
    wait_s = retry_after(answer.headers.get("retry-after"), now)
    if status in (401, 403):
        hint = spec.key_hint if spec.key else "It wants a key, or refuses this server."
        return UpstreamError(
            name, "refused_key", f"{name} refuses access ({status})", status=status, hint=hint, detail=answer.data
        )
    if status == 429:
        said = f"{name} has had too many calls for now"
        wait_s = spec.rate_limited_s if wait_s is None else wait_s
        return UpstreamError(
            name, "rate_limited", said, status=status, retry_after_s=wait_s, retryable=True, detail=answer.data
        )
    if status < 400:
        said = f"{name} answered with a redirect ({status}), which is not followed"
        return UpstreamError(name, "bad_payload", said, status=status, hint="Check its URL in the settings.")
    kind: Kind = "http_4xx" if status < 500 else "http_5xx"
    retryable = status in (502, 503, 504)
    said = f"{name} answered with an error ({status})"
    return UpstreamError(name, kind, said, status=status, retry_after_s=wait_s, retryable=retryable, detail=answer.data)
