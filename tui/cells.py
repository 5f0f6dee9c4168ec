"""Cells of the result as text, the same in the app and headless. Every cell is one line; an unknown one is "–"."""

import math
import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.events import Column

UNKNOWN = "–"
_MAP_ONLY = ("latitude", "longitude", "category", "series")
_NUMERIC = ("integer", "number", "temperature", "percent", "duration", *_MAP_ONLY)


def visible_columns(columns: Sequence[Column]) -> list[Column]:
    """The columns that a table shows: those for a map are left out."""
    return [column for column in columns if column.kind not in _MAP_ONLY]


def heading(column: Column) -> str:
    """The label with its unit behind it; a duration shows its own units."""
    unit = None if column.kind == "duration" else column.unit
    return one_line(f"{column.label} {unit}" if unit else column.label)


def is_right_aligned(column: Column) -> bool:
    return column.kind in _NUMERIC


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


def sort_key(value: Any, column: Column) -> tuple[int, float, str]:
    """What to sort a column by: numbers by size, texts without regard to case and accents, unknown ones last."""
    if value is None or value == "" or value == []:
        return (2, 0.0, "")
    if isinstance(value, int | float) and column.kind in _NUMERIC:
        return (0, float(value), "")
    folded = unicodedata.normalize("NFKD", format_cell(value, column).casefold())
    return (1, 0.0, "".join(char for char in folded if not unicodedata.combining(char)))


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
    return str(value)


def _whole(value: float) -> int:
    # Halves go up, as on the page: Python's own rounding would show 24.5 as 24 and 25.5 as 26.
    return math.floor(value + 0.5)


def _format_minutes(minutes: int) -> str:
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    if minutes < 60:
        return f"{sign}{minutes} min"
    return f"{sign}{minutes // 60} h {minutes % 60:02d}"
