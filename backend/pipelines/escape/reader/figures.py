"""Calendar days from figures: `24.12.`, `24/12/26`, `2026-12-24`. Never one in the past."""

from __future__ import annotations

import datetime
import re


class NoSuchDayError(ValueError):
    """A day that doesn't exist or can't be used; the message is for the traveller."""


def parse_figures(figures: str, today: datetime.date) -> tuple[datetime.date, str | None]:
    """The day that a date in figures means, day first unless that can't be, and what was assumed.

    Raises NoSuchDayError for a day that doesn't exist.
    """
    numbers = [int(number) for number in re.findall(r"[0-9]+", figures)]
    if len(numbers) == 3 and numbers[0] > 31:
        return next_occurrence(today, numbers[2], numbers[1], numbers[0])
    day, month = numbers[0], numbers[1]
    year = numbers[2] if len(numbers) == 3 else None
    if year is not None and year < 100:
        year += 2000
    assumed = None
    if month > 12 >= day and "/" in figures:
        day, month = month, day
        assumed = f"{figures} read month first: day {day} of month {month}"
    elif day <= 12 and day != month and "/" in figures:
        assumed = f"{figures} read day first: day {day} of month {month}"
    found, corrected = next_occurrence(today, day, month, year)
    return found, corrected or assumed


def next_occurrence(today: datetime.date, day: int, month: int, year: int | None) -> tuple[datetime.date, str | None]:
    """The next such day of a year, where the given year (if any) is past too, and what was assumed.

    Raises NoSuchDayError for a day that doesn't exist.
    """
    past = None
    if year is not None:
        given = _day(year, month, day)
        if given is not None and given >= today:
            return given, None
        past = f"{day}.{month}.{year} is past: the next one instead" if given else None
        if given is None:
            raise NoSuchDayError(f"there is no day {day} in month {month} of {year}")
    # Leap days are at most eight years apart (1896 to 1904, 2096 to 2104).
    for candidate in range(today.year, today.year + 9):
        found = _day(candidate, month, day)
        if found is not None and found >= today:
            return found, past
    raise NoSuchDayError(f"there is no day {day} in month {month}")


def next_day_of_month(day: int, today: datetime.date) -> datetime.date:
    """The next day with this number, 1 to 31, today included."""
    year, month = today.year, today.month
    for _ in range(12):
        found = _day(year, month, day)
        if found is not None and found >= today:
            return found
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    raise NoSuchDayError(f"there is no day {day} in a month")


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
