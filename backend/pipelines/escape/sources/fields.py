"""What an upstream's JSON holds, read field by field: whatever isn't what it should be counts as absent.

Upstreams leave out fields, send null, and sometimes another type. One odd field must not cost the whole answer.
"""

import datetime
import re
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_IATA = re.compile(r"[A-Z0-9]{3}")
_CODE = re.compile(r"[A-Z0-9]{2,8}")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?")
MAX_NAME = 80


def mapping(value: Any) -> Json:
    """The JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Json]:
    """The JSON objects in a list, in their order; none where there is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def items(value: Any) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def number(value: Any, least: float, most: float) -> float | None:
    """A number within these limits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(value)


def integer(value: Any, least: int, most: int) -> int | None:
    """A whole number within these limits."""
    found = number(value, least, most)
    return int(found) if found is not None and found == int(found) else None


def text(value: Any, max_chars: int = MAX_NAME) -> str | None:
    """A text with something in it, on one line, cut at ``max_chars``."""
    if not isinstance(value, str):
        return None
    return " ".join(value.split())[:max_chars] or None


def code(value: Any) -> str | None:
    """Two to eight letters and digits, in capitals: of an airline, a flight, an airport."""
    return _matching(value, _CODE)


def iata(value: Any) -> str | None:
    """An airport's three letters or digits, in capitals."""
    return _matching(value, _IATA)


def clock(value: Any) -> int | None:
    """``"23:10"`` as minutes after midnight."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None


def day(value: Any) -> datetime.date | None:
    """The day of ``"2026-10-14T14:34:48.000Z"``."""
    try:
        return datetime.datetime.fromisoformat(value).date() if isinstance(value, str) else None
    except ValueError:
        return None


def _matching(value: Any, pattern: re.Pattern[str]) -> str | None:
    written = value.strip().upper() if isinstance(value, str) else ""
    return written if pattern.fullmatch(written) else None
