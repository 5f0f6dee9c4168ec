"""What services of language models say of the requests that are left, in the headers of their answers.

Groq names no window in the header's name (requests are those of a day) and writes durations as Go does; Cerebras ends
the names with the window and writes seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.pipelines.escape.sources.chat.trouble import go_duration
from backend.upstream import Quota

_PREFIX = "x-ratelimit-"
_ENDS = ("requests-day", "requests")


def read_quota(status: int, headers: Mapping[str, str], body: Any) -> Quota | None:
    """The requests of the day that are left, if the answer tells.

    None left is not told on: the window slides, so that one may be allowed in a minute. A 429 says when.
    """
    for end in _ENDS:
        left = _number(headers.get(f"{_PREFIX}remaining-{end}"))
        if left is not None and left > 0:
            limit = _number(headers.get(f"{_PREFIX}limit-{end}"))
            resets_in_s = _number(headers.get(f"{_PREFIX}reset-{end}"))
            return Quota(left=left, limit=limit, resets_in_s=resets_in_s, per="day")
    return None


def _number(text: str | None) -> float | None:
    """A plain number, or the seconds of a duration."""
    if text is None or len(text) > 40:
        return None
    plain = text.strip()
    if plain.isascii() and plain.replace(".", "", 1).isdigit():
        return float(plain)
    return go_duration(plain)
