"""The day of departure, from the findings of a question and today. Never in the past, never past two years.

Where people differ: a bare weekday is its next occurrence and never today (`on Wednesday`, said on a
Wednesday, is in a week; `this Wednesday` is today); `next Friday` is that of the next calendar week, Monday
first; `this weekend` is Saturday, on Saturday and Sunday today; `next weekend` is the one after this one.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import NamedTuple

from backend.pipelines.escape.reader.figures import (
    NoSuchDayError,
    next_day_of_month,
    next_occurrence,
    parse_figures,
)
from backend.pipelines.escape.reader.grammar import Finding
from backend.pipelines.escape.reader.hours import in_hours

HORIZON_DAYS = 730
FORECAST_DAYS = 15
"""So far ahead the farthest of the weather services sees; how far the one that is asked does, the weather step says."""
SATURDAY = 5


class Day(NamedTuple):
    """A day, in days from today, and what had to be assumed to get there."""

    ahead: int
    assumed: str | None = None


# What names a day only if nothing else does.
VAGUE = frozenset({"now", "soon"})
# What may only say the weekday of a day that is named otherwise.
BARE_WEEKDAYS = frozenset({"weekday", "this_weekday", "coming_weekday"})

Reader = Callable[[Finding, datetime.date], Day]


def read_day(finding: Finding, today: datetime.date) -> Day | None:
    """The day that a finding names, or None if it names none.

    Raises NoSuchDayError, with a sentence for the traveller, for a day that doesn't exist or is out of reach.
    """
    reader = _READERS.get(finding.kind)
    if reader is None or (finding.kind == "in_hours" and not is_departure_in_hours(finding)):
        return None
    day = reader(finding, today)
    if day.ahead > HORIZON_DAYS:
        raise NoSuchDayError(f"{day.ahead} days ahead is too far: at most {HORIZON_DAYS}")
    if day.ahead < 0:
        return Day(0, "that day is past: today instead")
    return day


def names_day(finding: Finding) -> bool:
    """Whether a finding names a day, and no vague one."""
    if finding.kind == "in_hours":
        return is_departure_in_hours(finding)
    return finding.kind in _READERS and finding.kind not in VAGUE


def is_departure_in_hours(finding: Finding) -> bool:
    """Whether `in 3 hours` says when to leave; otherwise it is the length of the flight."""
    return finding.has("leave") or in_hours(finding.parts) >= 24


def spoken(day: datetime.date, today: datetime.date) -> str:
    """`Monday 23 November`, with the year where it isn't this one."""
    year = f" {day.year}" if day.year != today.year else ""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"


def _whole(value: float | None) -> int:
    return math.ceil(value if value is not None else 1)


def weekday_of(finding: Finding) -> int:
    """The weekday that a finding names, 0 for Monday."""
    return int(next(part.value for part in finding.parts if part.tag in {"weekday", "shortday"}))


def _span(finding: Finding) -> int:
    """Days in `two weeks`."""
    return _whole((finding.number() or 1) * (finding.number("days") or 1))


def _offset(finding: Finding, today: datetime.date) -> Day:
    ahead = int(finding.number("offset") or 0)
    return Day(ahead, "yesterday is past: today instead") if ahead < 0 else Day(ahead)


def _soon(finding: Finding, today: datetime.date) -> Day:
    return Day(1, "no exact day given: tomorrow")


def _bare_weekday(finding: Finding, today: datetime.date) -> Day:
    ahead = (weekday_of(finding) - today.weekday() - 1) % 7 + 1
    name = _WEEKDAYS[weekday_of(finding)]
    return Day(ahead, f"today is {name}: {name} of next week was meant" if ahead == 7 else None)


def _this_weekday(finding: Finding, today: datetime.date) -> Day:
    return Day((weekday_of(finding) - today.weekday()) % 7)


def _of_next_week(finding: Finding, today: datetime.date) -> Day:
    return Day(7 - today.weekday() + weekday_of(finding))


def _next_weekday(finding: Finding, today: datetime.date) -> Day:
    ahead = _of_next_week(finding, today).ahead
    if ahead <= 7:
        return Day(ahead)
    name = _WEEKDAYS[weekday_of(finding)]
    return Day(ahead, f"“next {name}” taken as the {name} of next week")


def _weekend(finding: Finding, today: datetime.date) -> Day:
    if today.weekday() > SATURDAY:
        return Day(0, "the weekend is under way: today")
    return Day(SATURDAY - today.weekday())


def _weekend_of(finding: Finding, today: datetime.date) -> Day:
    day = _explicit(finding, today)
    weekday = (today + datetime.timedelta(days=day.ahead)).weekday()
    return Day(day.ahead + max(0, SATURDAY - weekday), day.assumed)


def _coming_weekend(finding: Finding, today: datetime.date) -> Day:
    return Day((SATURDAY - today.weekday() - 1) % 7 + 1)


def _next_weekend(finding: Finding, today: datetime.date) -> Day:
    if today.weekday() >= SATURDAY:
        return _coming_weekend(finding, today)
    return Day(SATURDAY - today.weekday() + 7, "“next weekend” taken as the Saturday of next week")


def _next_week(finding: Finding, today: datetime.date) -> Day:
    return Day(7 - today.weekday(), "no day of next week given: its Monday")


def _next_month(finding: Finding, today: datetime.date) -> Day:
    first = next_day_of_month(1, today + datetime.timedelta(days=1))
    return Day((first - today).days, "no day of next month given: its first")


def _days_from_weekday(finding: Finding, today: datetime.date) -> Day:
    return Day(_bare_weekday(finding, today).ahead + _span(finding))


def _days_from_offset(finding: Finding, today: datetime.date) -> Day:
    return Day(_offset(finding, today).ahead + _span(finding))


def _explicit(finding: Finding, today: datetime.date) -> Day:
    figures = finding.first("date") or finding.first("daymonth")
    if isinstance(figures, str):
        day, assumed = parse_figures(figures, today)
        return Day((day - today).days, assumed or _wrong_weekday(finding, day))
    year = finding.number("year")
    month = finding.number("month") or finding.number("softmonth") or 1
    found, assumed = next_occurrence(today, int(finding.number("day") or 1), int(month), int(year) if year else None)
    return Day((found - today).days, assumed or _wrong_weekday(finding, found))


def _wrong_weekday(finding: Finding, day: datetime.date) -> str | None:
    """What to say where `Friday 28 November` is no Friday."""
    named = next((int(part.value) for part in finding.parts if part.tag in _WEEKDAY_TAGS), day.weekday())
    if named == day.weekday():
        return None
    return (
        f"{day.day} {_MONTHS[day.month - 1]} is a {_WEEKDAYS[day.weekday()]}, not a {_WEEKDAYS[named]}: the date counts"
    )


def _day_of_month(finding: Finding, today: datetime.date) -> Day:
    day = next_day_of_month(int(finding.number("day") or finding.number("figure") or 1), today)
    return Day((day - today).days, _wrong_weekday(finding, day))


def _month(finding: Finding, today: datetime.date) -> Day:
    month = int(finding.number("month") or finding.number("softmonth") or 1)
    number = int(finding.number("part") or 15)
    year = finding.number("year")
    found, _ = next_occurrence(today, number, month, int(year) if year else None)
    if today.month == month and (found - today).days > 300 and not year:
        return Day(1, f"no day of {_MONTHS[month - 1]} given: tomorrow")
    return Day((found - today).days, f"no day of {_MONTHS[month - 1]} given: the {number}th")


def _holiday(finding: Finding, today: datetime.date) -> Day:
    month, _, day = str(finding.first("holiday")).partition("-")
    return Day((next_occurrence(today, int(day), int(month), None)[0] - today).days)


_READERS: dict[str, Reader] = {
    "offset": _offset,
    "offset_range": _offset,
    "soon": _soon,
    "now": lambda finding, today: Day(0),
    "within_days": lambda finding, today: Day(1, "any day of those: tomorrow"),
    "in_days": lambda finding, today: Day(_span(finding)),
    "past": lambda finding, today: Day(-1),
    "days_from_weekday": _days_from_weekday,
    "days_from_offset": _days_from_offset,
    "weekday": _bare_weekday,
    "this_weekday": _this_weekday,
    "coming_weekday": _bare_weekday,
    "next_weekday": _next_weekday,
    "weekday_next_week": _of_next_week,
    "weekday_week": lambda finding, today: Day(_bare_weekday(finding, today).ahead + 7),
    "weekend": _weekend,
    "weekend_of": _weekend_of,
    "coming_weekend": _coming_weekend,
    "next_weekend": _next_weekend,
    "next_week": _next_week,
    "week_after_next": lambda finding, today: Day(14 - today.weekday(), "no day of that week given: its Monday"),
    "next_month": _next_month,
    "explicit": _explicit,
    "day_of_month": _day_of_month,
    "month": _month,
    "holiday": _holiday,
    "in_hours": lambda finding, today: Day(_whole(in_hours(finding.parts) // 24)),
}
_WEEKDAY_TAGS = frozenset({"weekday", "shortday", "dateday"})
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
