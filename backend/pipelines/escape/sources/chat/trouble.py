"""What a failed request to a model means, and what helps: the same again, a plainer one, another model, nothing.

Providers agree on little: errors are nested, flat or a text, codes are words, numbers or null, some have a body that is
no JSON, and some come inside a stream that began well.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from backend.pipelines.escape.sources.chat.presets import Preset
from backend.upstream import Kind, UpstreamError
from shared.text import clean

Remedy = Literal["again", "rephrase", "plainer", "larger", "other_model", "none"]

LONGEST_WAIT_S = 2.5
"""A provider that asks for more patience than this gets none: a person is waiting, and another source can answer."""
LOADING_S = 1.0
SHORT_S = 0.3
_MARGIN_S = 0.02
_LONGEST_MESSAGE = 160

_DEAD_CODES = frozenset({"model_decommissioned", "model_not_found", "model_archived_error", "model_not_available"})
_DEAD = re.compile(
    r"model\b.{0,200}?\b(?:decommissioned|archived|does(?: not|n't) exist|not found|not available)"
    r"|(?:unknown|invalid|unsupported|no such) model",
    re.IGNORECASE | re.DOTALL,
)
_WAIT = re.compile(r"try again in ((?:[0-9.]+(?:h|ms|m|µs|us|ns|s))+)", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{0,12})?)(h|ms|m|µs|us|ns|s)")
_DURATIONS = re.compile(f"(?:{_DURATION.pattern})+")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}


class ErrorBody(NamedTuple):
    """What an error body says. ``wrote`` is what the model had written where its JSON didn't validate."""

    message: str = ""
    code: str = ""
    type: str = ""
    wrote: str = ""


class Trouble(Exception):
    """One request that brought no answer; ``str()`` is a sentence for a person, ``hint`` what to try.

    ``wrote`` is the text that came all the same, which may hold an answer, ``wait_s`` how long to wait before the
    remedy, in seconds.
    """

    def __init__(
        self,
        message: str,
        remedy: Remedy,
        *,
        code: int | str = "failed",
        hint: str | None = None,
        wait_s: float = 0.0,
        wrote: str = "",
        complaint: str = "",
    ) -> None:
        super().__init__(message)
        self.remedy, self.code, self.hint, self.wait_s = remedy, code, hint, wait_s
        self.wrote, self.complaint = wrote, complaint


def read_error(body: Any) -> ErrorBody:
    """The first of ``error.message``, ``error`` as a text, ``message``; ``code`` may be anything."""
    if not isinstance(body, dict):
        return ErrorBody(message=_text(body))
    error = body.get("error")
    inner = error if isinstance(error, dict) else body
    message = _text(error) or _text(inner.get("message")) or _text(inner.get("detail"))
    return ErrorBody(message, _text(inner.get("code")), _text(inner.get("type")), _text(inner.get("failed_generation")))


def error_in_stream(name: str, tree: Any) -> UpstreamError | None:
    """The error that a frame of a stream is, if it is one."""
    if not isinstance(tree, dict) or tree.get("choices"):
        return None
    error = tree.get("error")
    is_flat = error is None and "message" in tree and ("code" in tree or "type" in tree)
    if not error and not is_flat:
        return None
    inner = error if isinstance(error, dict) else tree
    numbers = (inner.get(key) for key in ("status_code", "status", "code"))
    status = next((int(one) for one in numbers if isinstance(one, int) and 400 <= one < 600), None)
    said = f"{name} broke off its answer with an error"
    ours = status < 500 if status is not None else "invalid" in _text(inner.get("type"))
    kind: Kind = "rate_limited" if status == 429 else "http_4xx" if ours else "http_5xx"
    return UpstreamError(name, kind, said, status=status, detail=tree)


def judge(error: UpstreamError, preset: Preset, model: str = "", wrote: str = "") -> Trouble:
    """What the failed request to ``model`` means, which had written ``wrote`` until then."""
    body = read_error(error.detail)
    remedy, wait_s = _remedy(error, body)
    message, hint = str(error), _hint(error, preset, remedy, wait_s)
    if remedy == "other_model":
        message = f"{error.upstream} has no model “{model}” (any more)"
    elif error.status != 401:  # what is said of a wrong key often shows a part of it
        said = clean(body.message, max_chars=_LONGEST_MESSAGE).strip()
        message = f"{error}: {said}" if said else message
    wait_s = 0.0 if wait_s is None else wait_s + _MARGIN_S
    wrote = body.wrote or wrote
    return Trouble(message, remedy, code=error.code, hint=hint, wait_s=wait_s, wrote=wrote, complaint=body.message)


def _remedy(error: UpstreamError, body: ErrorBody) -> tuple[Remedy, float | None]:
    """What helps, and after how many seconds, where time does."""
    status = error.status
    if _is_refused(error) or status == 413:
        return "none", None
    if _is_dead(status, body):
        return "other_model", None
    if body.code == "json_validate_failed" or body.wrote:
        return "larger" if "max completion tokens" in body.message else "again", 0.0
    if status in (400, 422):
        return "plainer", None
    wait_s = _wait_s(error, body)
    return "again" if wait_s is not None and wait_s <= LONGEST_WAIT_S else "none", wait_s


def _hint(error: UpstreamError, preset: Preset, remedy: Remedy, wait_s: float | None) -> str | None:
    """What to try, for a person."""
    if _is_refused(error):
        return f"Check {preset.key}, or what its plan allows." if preset.key else "Check its address in the settings."
    if remedy == "other_model":
        return f"Choose another model by {preset.model}."
    if error.status in (404, 405, 415):
        return "Check its address in the settings."
    if error.kind in ("rate_limited", "quota"):
        return _when(wait_s)
    return f"Is {error.upstream} running?" if error.kind == "connect" and preset.local else error.hint


def _is_refused(error: UpstreamError) -> bool:
    return error.kind == "refused_key" or error.status in (401, 402, 403)


def _wait_s(error: UpstreamError, body: ErrorBody) -> float | None:
    """Seconds after which what failed may be over; None where nothing says so."""
    asked_s = error.retry_after_s
    if error.kind in ("rate_limited", "quota"):
        return asked_s if asked_s is not None else asked_wait(body.message)
    if error.kind == "http_5xx" or error.status in (408, 425, 498):
        is_loading = error.status == 503 and "loading" in body.message.casefold()
        return max(LOADING_S if is_loading else SHORT_S, asked_s or 0.0)
    if error.kind == "truncated" or (error.kind == "bad_payload" and error.status is None):
        return SHORT_S
    return SHORT_S if error.kind == "connect" and error.retryable else None


def asked_wait(message: str) -> float | None:
    """Seconds in "Please try again in 2m52.8s", a duration as Go writes it; None where it names none."""
    found = _WAIT.search(message[:2000])
    return go_duration(found[1]) if found is not None else None


def go_duration(text: str) -> float | None:
    """Seconds in "2m52.8s", "547ms" and the like; None for anything else."""
    if not _DURATIONS.fullmatch(text.lower()):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text.lower()))


def _when(wait_s: float | None) -> str:
    if wait_s is None:
        return "Ask again later."
    if wait_s < 90:
        return f"Ask again in {max(1, round(wait_s))} s."
    return f"Ask again in {round(wait_s / 60)} min." if wait_s < 5400 else f"Ask again in {round(wait_s / 3600)} h."


def _is_dead(status: int | None, body: ErrorBody) -> bool:
    if body.code in _DEAD_CODES or body.type in _DEAD_CODES:
        return True
    return status in (400, 404, 410) and bool(_DEAD.search(body.message[:2000]))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
