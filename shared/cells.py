"""Cells of the result as text, the same in the app, headless and without JavaScript; the page's twin is cells.js, and
both are held to ``tests/fixtures/cells.json``. Every cell is one line; an unknown one is "–"."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.events import Column

UNKNOWN = "–"
NOT_IN_TABLES = ("latitude", "longitude", "category", "series")
"""Kinds of columns that are there for a map, or to be drawn."""


def visible_columns(columns: Sequence[Column]) -> list[Column]:
    """The columns that a table shows."""
    return [column for column in columns if column.kind not in NOT_IN_TABLES]


def format_cell(value: Any, column: Column) -> str:
    """``value`` as the column's kind has it; a value of another type is shown as it is rather than lost.

    Durations are minutes: "45 min", "3 h 05". Temperatures and percentages are whole, their sign stands here only if
    the heading has no unit.
    """
    if value is None or value == "" or value == []:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _format_number(value, column)
    if isinstance(value, list | tuple):
        return ", ".join(format_cell(item, column) for item in value)
    if isinstance(value, dict):
        return one_line(msgspec.json.encode(value).decode())
    return one_line(str(value)) or UNKNOWN


def one_line(text: str) -> str:
    """``text`` with every run of white space, line ends among them, as one space."""
    return " ".join(text.split())


def _format_number(value: int | float, column: Column) -> str:
    match column.kind:
        case "duration":
            return _format_minutes(_whole(value))
        case "integer":
            return f"{_whole(value):,}"
        case "temperature":
            return f"{_whole(value)}" if column.unit else f"{_whole(value)}°"
        case "percent":
            return f"{_whole(value)}" if column.unit else f"{_whole(value)}%"
        case "number" | "latitude" | "longitude":
            whole, _, fraction = f"{value:,.2f}".partition(".")
            fraction = fraction.rstrip("0")
            return f"{whole}.{fraction}" if fraction else whole
    # JSON doesn't tell 2.0 from 2, nor does the page.
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def _whole(value: float) -> int:
    # Halves go up, as on the page: Python's own rounding would show 24.5 as 24 and 25.5 as 26.
    return math.floor(value + 0.5)


def _format_minutes(minutes: int) -> str:
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    if minutes < 60:
        return f"{sign}{minutes} min"
    return f"{sign}{minutes // 60} h {minutes % 60:02d}"
