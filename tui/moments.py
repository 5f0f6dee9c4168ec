"""Days and moments of the wire (RFC 3339) as a person reads them.

In UTC, and said so: an app over SSH doesn't know the reader's zone, and a run is the same run wherever it is read.
"""

import re
from datetime import UTC, date, datetime
from typing import Final

from tui.cells import one_line

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def moment(text: str) -> str:
    """ "19 August 2026", "28 Nov 2026, 14:05 UTC"; what is neither a day nor a moment stays, on one line."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        if _MOMENT.fullmatch(text):
            at = datetime.fromisoformat(text).astimezone(UTC)
            return f"{at.day} {_MONTHS[at.month - 1][:3]} {at.year}, {at:%H:%M} UTC"
    except (ValueError, OverflowError):  # no such day; or before the first year, once in UTC
        pass
    return one_line(text)
