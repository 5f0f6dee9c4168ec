"""AirLabs' envelope: what a reply holds beside its payload, what its errors mean, and what must not be kept of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from backend.pipelines.escape.sources import fields
from backend.upstream import Kind, Quota, Reply, UpstreamError

NAME = "AirLabs"
NOT_FOUND = "not_found"
_ERRORS: Mapping[str, tuple[Kind, str]] = {
    "unknown_api_key": ("refused_key", f"{NAME} doesn't know the key"),
    "expired_api_key": ("refused_key", f"The key for {NAME} has expired"),
    "minute_limit_exceeded": ("rate_limited", f"{NAME} has had too many calls within a minute"),
    "hour_limit_exceeded": ("rate_limited", f"{NAME} has had too many calls within an hour"),
    "month_limit_exceeded": ("quota", f"The calls at {NAME} are used up for this month"),
    "internal_error": ("http_5xx", f"{NAME} had an error of its own"),
    NOT_FOUND: ("http_4xx", f"{NAME} found nothing"),
}
_HINTS: Mapping[str, str] = {
    "refused_key": "Check AIRLABS_API_KEY: airlabs.co/account shows it.",
    "quota": "airlabs.co/pricing has plans with more calls.",
}
_WAIT_S: Mapping[str, float] = {"minute_limit_exceeded": 60.0, "hour_limit_exceeded": 3600.0}
MAX_CALLS = 10**9


class Quotas(msgspec.Struct, frozen=True):
    """Calls ``left`` of a month's ``limit``, each None if not told."""

    left: int | None
    limit: int | None

    def __str__(self) -> str:
        if self.left is None:
            return ""
        of = f" of {self.limit:,}" if self.limit is not None else ""
        return f"{self.left:,}{of} calls left this month"


def scrub(data: Any, *keys: str) -> Any:
    """The rows of the payload, or of the list at ``keys`` inside of it, and the few figures of use. The rest of the
    envelope holds the key and the caller's address.

    Raises UpstreamError for a payload of another shape, and for none at all, so that neither is kept.
    """
    whole = fields.mapping(data)
    found = whole.get("response")
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else found
    if found is None or found == []:
        raise UpstreamError(NAME, "http_4xx", _ERRORS[NOT_FOUND][1], detail={"code": NOT_FOUND})
    rows = fields.objects(found)
    if not rows:
        raise UpstreamError(NAME, "bad_payload", f"{NAME}'s answer has another shape than is known", status=200)
    request, left = fields.mapping(whole.get("request")), _quotas(whole)
    told = {"has_more": request.get("has_more"), "total": request.get("total_items")}
    return {"rows": rows, "left": left.left, "limit": left.limit, **told}


def classify(status: int, data: Any) -> UpstreamError | None:
    """The error in a body, whatever the status; None where there is none.

    Its own words aren't repeated: they may hold anything.
    """
    said = fields.mapping(data).get("error")
    if not said:
        return None
    code = fields.text(fields.mapping(said).get("code"), 40) or ""
    kind, message = _ERRORS.get(code, ("http_4xx", f"{NAME} refused the call" + (f" ({code})" if code else "")))
    return UpstreamError(
        NAME,
        kind,
        message,
        status=status if status >= 400 else None,
        retry_after_s=_WAIT_S.get(code),
        hint=_HINTS.get(kind),
        retryable=kind == "http_5xx",
        detail={"code": code},
    )


def is_not_found(error: UpstreamError) -> bool:
    """Whether the error only says that there is nothing of the kind."""
    return fields.mapping(error.detail).get("code") == NOT_FOUND


def read_quota(status: int, headers: Mapping[str, str], data: Any) -> Quota | None:
    """What is left of the month, which every envelope tells."""
    found = _quotas(fields.mapping(data))
    return None if found.left is None else Quota(left=found.left, limit=found.limit, per="month")


def quota_of(reply: Reply) -> str:
    """``; 871 of 1,000 calls left this month``, of an answer that cost one."""
    if reply.cached:
        return ""
    data = fields.mapping(reply.data)
    told = str(Quotas(_calls(data.get("left")), _calls(data.get("limit"))))
    return f"; {told}" if told else ""


def _quotas(whole: fields.Json) -> Quotas:
    key = fields.mapping(fields.mapping(whole.get("request")).get("key"))
    return Quotas(_calls(key.get("limits_total")), _calls(key.get("limits_by_month")))


def _calls(value: Any) -> int | None:
    return fields.integer(value, 0, MAX_CALLS)
