"""Columns of the result in a terminal: what stands above them, how they line up and sort. Their cells as text are those
of ``shared.cells``."""

import unicodedata
from typing import Any

from shared.cells import NOT_IN_TABLES, UNKNOWN, format_cell, one_line, visible_columns
from shared.events import Column

__all__ = ["UNKNOWN", "format_cell", "heading", "is_right_aligned", "one_line", "sort_key", "visible_columns"]

_NUMERIC = ("integer", "number", "temperature", "percent", "duration", *NOT_IN_TABLES)


def heading(column: Column) -> str:
    """The label with its unit behind it; a duration shows its own units."""
    unit = None if column.kind == "duration" else column.unit
    return one_line(f"{column.label} {unit}" if unit else column.label)


def is_right_aligned(column: Column) -> bool:
    return column.kind in _NUMERIC


def sort_key(value: Any, column: Column) -> tuple[int, float, str]:
    """What to sort a column by: numbers by size, texts without regard to case and accents, unknown ones last."""
    if value is None or value == "" or value == []:
        return (2, 0.0, "")
    if isinstance(value, int | float) and column.kind in _NUMERIC:
        return (0, float(value), "")
    folded = unicodedata.normalize("NFKD", format_cell(value, column).casefold())
    return (1, 0.0, "".join(char for char in folded if not unicodedata.combining(char)))
