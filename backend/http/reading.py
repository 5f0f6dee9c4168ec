"""From a request: where a reader is in a run, which format it wants, and its ``Idempotency-Key``."""

import functools
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from backend.errors import InvalidRequest
from backend.http.application import MAX_KEPT_CHARS, current_request
from backend.http.formats import NDJSON, SSE, Format
from backend.pipeline import Question
from backend.runs.log import Claim

_CURSOR = re.compile(r"(?P<run>[a-z2-7]{1,64})\.(?P<seq>[0-9]{1,9})", re.ASCII)
_KEY = re.compile(r"[!-~]{1,200}", re.ASCII)


def wanted_format() -> Format:
    """Server-Sent Events, unless ``Accept`` prefers lines of JSON."""
    accept = current_request().headers.get("Accept", "")
    return _preferred(accept) if len(accept) < MAX_KEPT_CHARS else _preferred.__wrapped__(accept)


@functools.lru_cache(maxsize=128)
def _preferred(accept: str) -> Format:
    kinds = parse_accept_header(accept, MIMEAccept)
    lines = max(kinds[kind] for kind in ("application/x-ndjson", "application/ndjson", "application/jsonl"))
    return NDJSON if lines > kinds["text/event-stream"] else SSE


def last_event_id() -> tuple[str, int] | None:
    """Run and number of ``Last-Event-ID``. Raises InvalidRequest (400)."""
    last = current_request().headers.get("Last-Event-ID")
    if not last:
        return None
    match = _CURSOR.fullmatch(last)
    if match is None:
        raise InvalidRequest("The Last-Event-ID isn't one of this server.", hint="It looks like <run>.17.")
    return match["run"], int(match["seq"])


def cursor(run: str) -> int:
    """After which event to go on: ``Last-Event-ID: <run>.<seq>`` or ``?after=<seq>``; the header wins."""
    seen = last_event_id()
    if seen is None:
        return whole_number("after", default=0)
    if seen[0] != run:
        detail = "The Last-Event-ID isn't one of this run."
        raise InvalidRequest(detail, hint=f"It looks like {run}.17; leave it out to read from the start.")
    return seen[1]


def whole_number(name: str, default: int) -> int:
    """A query parameter. Raises InvalidRequest (400)."""
    text = current_request().args.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise InvalidRequest(f"{name} must be a whole number of at most nine digits.")
    return int(text)


def idempotency_key() -> str | None:
    """The ``Idempotency-Key``, if there is one. Raises InvalidRequest (400)."""
    key = current_request().headers.get("Idempotency-Key")
    return None if key is None else read_key(key)


def read_key(key: str) -> str:
    """An ``Idempotency-Key``. Raises InvalidRequest (400) for what is none."""
    if not _KEY.fullmatch(key):
        detail = "An Idempotency-Key has 1 to 200 visible ASCII characters, without spaces."
        raise InvalidRequest(detail, hint="A random UUID for each new question is a good one.")
    return key


def claim_of(key: str, pipeline: str, question: Question, on_disconnect: str) -> Claim:
    """The key with what the body means: order, spaces and defaults spelled out make no other question of it."""
    previous = question.previous.run if question.previous is not None else None
    meaning = [pipeline, question.text, on_disconnect, _plain(question.options), previous]
    return Claim(key, hashlib.sha256(msgspec.json.encode(meaning, order="sorted")).hexdigest())


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
