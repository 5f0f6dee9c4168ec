"""What lies on the map of a result: its rows, by the columns of kind latitude and longitude, and where one starts.

The start is a convention, not a domain: the last step whose detail is an object with numbers under the same keys as
those two columns tells the place from which the rows are seen, and its name under the key of the first column, or else
in its first text. Without one there is none. The page's twin is map.js.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeGuard

from shared.events import Column
from shared.view import RowView, RunView
from tui.cells import format_cell, one_line, visible_columns
from tui.map.viewport import Position

COOL_MAX_C, WARM_MIN_C = 20.0, 25.0
"""Where temperatures are told apart: up to, and from, so many °C. Other numbers are by thirds of what there is."""
_KNOWN = {"cold": ("▾", "cool"), "normal": ("▪", "mild"), "hot": ("▴", "warm")}
_OTHERS = (("▪", "mild"), ("▴", "warm"), ("▾", "cool"))
_NUMBERS = ("temperature", "number", "integer", "percent", "duration")


class Band(NamedTuple):
    """A part of the values: how it is drawn, and what it is."""

    glyph: str
    style: str
    text: str


class Spot(NamedTuple):
    """A row on the map. ``band`` is a place in ``Scene.bands``, None where its value is unknown."""

    row_id: str
    position: Position
    label: str
    band: int | None
    is_checked: bool


class Scene(NamedTuple):
    spots: tuple[Spot, ...]
    start: Position | None
    start_label: str
    bands: tuple[Band, ...]
    banded: str
    """What the bands are of: a column's label."""


def coordinate_columns(columns: Sequence[Column]) -> tuple[Column, Column] | None:
    """The columns that hold longitude and latitude; None where rows have no place."""
    lon = next((column for column in columns if column.kind == "longitude"), None)
    lat = next((column for column in columns if column.kind == "latitude"), None)
    return (lon, lat) if lon is not None and lat is not None else None


def has_map(view: RunView) -> bool:
    return coordinate_columns(view.columns) is not None


def scene_of(view: RunView, rows: Sequence[RowView]) -> Scene:
    """The scene of these rows; those without a place are left out."""
    places = coordinate_columns(view.columns)
    if places is None:
        return Scene((), None, "", (), "")
    lon, lat = places
    column = _banded(view.columns)
    edges = _edges(column, rows) if column is not None else None
    words = _words(column, rows)
    label = next(iter(visible_columns(view.columns)), None)
    spots = tuple(
        Spot(
            row.id,
            position,
            format_cell(row.cells.get(label.key), label) if label is not None else one_line(row.id),
            _band_of(row.cells.get(column.key), edges, words) if column is not None else None,
            row.state == "confirmed",
        )
        for row in rows
        if (position := _position(row.cells, lon, lat)) is not None
    )
    start, start_label = _start(view, lon, lat)
    bands = _named(words) if words else _bands(column, edges) if column is not None and edges is not None else ()
    return Scene(spots, start, start_label, bands, one_line(column.label) if column is not None and bands else "")


def _position(cells: dict[str, Any], lon: Column, lat: Column) -> Position | None:
    x, y = cells.get(lon.key), cells.get(lat.key)
    if not _is_number(x) or not _is_number(y) or not (abs(x) <= 360 and abs(y) <= 90):
        return None
    return float(x), float(y)


def _start(view: RunView, lon: Column, lat: Column) -> tuple[Position | None, str]:
    for step in reversed(view.steps):
        if isinstance(step.detail, dict):
            position = _position(step.detail, lon, lat)
            if position is not None:
                key = next((column.key for column in visible_columns(view.columns)), "")
                named = (step.detail.get(key), *step.detail.values())
                return position, one_line(next((text for text in named if isinstance(text, str) and text), ""))
    return None, ""


def _banded(columns: Sequence[Column]) -> Column | None:
    """The column that tells the spots apart: a category, else temperature before any other number."""
    for kind in ("category", *_NUMBERS):
        for column in columns:
            if column.kind == kind:
                return column
    return None


def _words(column: Column | None, rows: Sequence[RowView]) -> tuple[str, ...]:
    """The categories that there are, from cold to hot if they are those, else as they come."""
    if column is None or column.kind != "category":
        return ()
    found = {word: None for row in rows if isinstance(word := row.cells.get(column.key), str) and word}
    return tuple(sorted(found, key=lambda word: list(_KNOWN).index(word) if word in _KNOWN else len(_KNOWN)))


def _named(words: Sequence[str]) -> tuple[Band, ...]:
    return tuple(
        Band(*_KNOWN.get(word, _OTHERS[place % len(_OTHERS)]), one_line(word)) for place, word in enumerate(words)
    )


def _edges(column: Column, rows: Sequence[RowView]) -> tuple[float, float] | None:
    if column.kind == "category":
        return None
    if column.kind == "temperature":
        return COOL_MAX_C, WARM_MIN_C
    values = sorted(float(row.cells[column.key]) for row in rows if _is_number(row.cells.get(column.key)))
    if len(values) < 3:
        return None
    return values[len(values) // 3], values[len(values) * 2 // 3]


def _band_of(value: Any, edges: tuple[float, float] | None, words: Sequence[str]) -> int | None:
    if words:
        return words.index(value) if value in words else None
    if edges is None or not _is_number(value):
        return None
    return 2 if value >= edges[1] else 0 if value <= edges[0] else 1


def _bands(column: Column, edges: tuple[float, float]) -> tuple[Band, ...]:
    low, high = (format_cell(edge, column) for edge in edges)
    unit = f" {one_line(column.unit)}" if column.unit and column.kind != "duration" else ""
    return (
        Band("▾", "cool", f"up to {low}{unit}"),
        Band("▪", "mild", f"{low} to {high}{unit}"),
        Band("▴", "warm", f"from {high}{unit}"),
    )


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
