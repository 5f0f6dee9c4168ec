"""The values that the steps of the escape pipeline hand to each other. Plain frozen data: no behaviour, no I/O."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

Weather = Literal["cold", "normal", "hot", "any"]


class Intent(msgspec.Struct, frozen=True):
    """What the traveller wishes, as it was understood.

    `depart` is the traveller's local day and `days_ahead` its distance from today in days (never negative).
    `hours` is the longest non-stop flight accepted, 0.5 to 24. `min_c` and `max_c` are temperatures in degrees
    Celsius that were asked for in figures; where both are there, `min_c <= max_c`. `origin` holds the words
    as they were typed. `said` is one sentence; `assumed` are sentences; `ignored` are pieces of the question.
    """

    depart: datetime.date
    days_ahead: int
    weather: Weather
    said: str
    hours: float = 12.0
    origin: str | None = None
    min_c: float | None = None
    max_c: float | None = None
    assumed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
