"""The pure modules behind the result: arrange.js, save.js, geometry.js, sparkline.js, facts.js, units in cells.js."""

import csv
import io
import json
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from shared.events import Column
from shared.view import Layer, RowView, RunView
from tui.export import to_csv, to_json

pytestmark = pytest.mark.needs("node")

Node = Callable[[str, Any], Any]

COLUMNS = [
    {"key": "city", "label": "City", "kind": "text"},
    {"key": "high", "label": "High", "kind": "temperature", "unit": "°C"},
    {"key": "km", "label": "Distance", "kind": "integer", "unit": "km"},
    {"key": "flights", "label": "Flights", "kind": "list"},
    {"key": "lat", "label": "Latitude", "kind": "latitude"},
]


def call(node: Node, module: str, name: str, *arguments: tuple[Any, ...]) -> Any:
    return node("call", [module, [[name, *given] for given in arguments]])


def row(city: Any, high: Any = None, km: Any = None, flights: Any = ()) -> dict[str, Any]:
    cells = {"city": city, "high": high, "km": km, "flights": list(flights), "lat": 1.5}
    return {"id": str(city), "cells": cells, "state": "confirmed", "from": {}, "why": None, "layers": []}


ROWS = [row("Málaga", 21, 1600, ["VY 1"]), row("Oslo", -3), row("Bodø", None, 900), row("Ålesund", 10.5, 20)]


def cities(rows: list[dict[str, Any]]) -> list[str]:
    return [one["cells"]["city"] for one in rows]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("", ["Málaga", "Oslo", "Bodø", "Ålesund"]),
        ("malaga", ["Málaga"]),
        ("vy 1", ["Málaga"]),
        ("!malaga", ["Oslo", "Bodø", "Ålesund"]),
        ("l !oslo", ["Málaga", "Ålesund"]),
        ("1,600", ["Málaga"]),
        ("!", ["Málaga", "Oslo", "Bodø", "Ålesund"]),
        ("nowhere", []),
    ],
)
def test_a_filter_keeps_rows_with_all_words_and_without_the_others(node: Node, words: str, left: list[str]) -> None:
    [found] = call(node, "arrange.js", "filtered", (ROWS, words, COLUMNS))
    assert cities(found) == left


@pytest.mark.parametrize(
    ("key", "down", "order"),
    [
        (None, False, ["Málaga", "Oslo", "Bodø", "Ålesund"]),
        ("city", False, ["Ålesund", "Bodø", "Málaga", "Oslo"]),
        ("city", True, ["Oslo", "Málaga", "Bodø", "Ålesund"]),
        ("high", False, ["Oslo", "Ålesund", "Málaga", "Bodø"]),
        ("high", True, ["Málaga", "Ålesund", "Oslo", "Bodø"]),
        ("flights", False, ["Málaga", "Oslo", "Bodø", "Ålesund"]),
        ("no such", True, ["Málaga", "Oslo", "Bodø", "Ålesund"]),
    ],
)
def test_rows_are_sorted_and_what_is_not_known_comes_last(node: Node, key: Any, down: bool, order: list[str]) -> None:
    [found] = call(node, "arrange.js", "sorted", (ROWS, {"key": key, "down": down}, COLUMNS))
    assert cities(found) == order


def test_a_heading_is_clicked_up_down_and_back(node: Node) -> None:
    first, second, third, other = call(
        node,
        "arrange.js",
        "nextOrder",
        ({"key": None, "down": False}, "km"),
        ({"key": "km", "down": False}, "km"),
        ({"key": "km", "down": True}, "km"),
        ({"key": "km", "down": True}, "city"),
    )
    assert (first, second) == ({"key": "km", "down": False}, {"key": "km", "down": True})
    assert (third, other) == ({"key": None, "down": False}, {"key": "city", "down": False})


def view_of(rows: list[dict[str, Any]]) -> tuple[dict[str, Any], RunView]:
    """The same result as the page and as the terminal hold it."""
    columns = tuple(Column(**column) for column in COLUMNS)  # type: ignore[arg-type]
    layers = (Layer(step="s"),)
    views = [
        RowView(id=str(place), cells=one["cells"], state="confirmed", layers=layers) for place, one in enumerate(rows)
    ]
    mine = [{**one, "id": str(place)} for place, one in enumerate(rows)]
    return {"columns": COLUMNS, "rows": mine, "order": None}, RunView(columns=columns, rows=tuple(views))


def test_files_are_those_that_the_command_line_writes(node: Node) -> None:
    awkward = row('=cmd("x"),\n- y', True, 1.5, ["a", "b, c"])
    page, terminal = view_of([*ROWS, awkward, row("@x", None, -4)])
    [text] = call(node, "save.js", "toCsv", (page,))
    assert list(csv.reader(io.StringIO(text))) == list(csv.reader(io.StringIO(to_csv(terminal))))
    [text] = call(node, "save.js", "toJson", (page,))
    assert json.loads(text) == json.loads(to_json(terminal))


def test_a_great_circle_begins_and_ends_where_it_should_and_never_jumps(node: Node) -> None:
    pairs = [
        ({"lat": 40.6, "lon": -73.8}, {"lat": 51.5, "lon": -0.5}),
        ({"lat": 35.5, "lon": 139.8}, {"lat": 37.6, "lon": -122.4}),
        ({"lat": -36.8, "lon": 174.8}, {"lat": -13.8, "lon": -172.0}),
        ({"lat": 60.3, "lon": 25.0}, {"lat": 61.2, "lon": -150.0}),
    ]
    for (a, b), line in zip(pairs, call(node, "geometry.js", "greatCircle", *pairs), strict=True):
        assert line[0] == pytest.approx([a["lon"], a["lat"]])
        assert line[-1][1] == pytest.approx(b["lat"])
        assert math.remainder(line[-1][0] - b["lon"], 360) == pytest.approx(0, abs=1e-6)
        assert all(abs(x2 - x1) < 180 for (x1, _), (x2, _) in pairwise(line))
    [same] = call(node, "geometry.js", "greatCircle", (pairs[0][0], pairs[0][0]))
    assert same == [[-73.8, 40.6]]


@pytest.mark.parametrize(
    "points", [[[0, 0]], [[-10, 50], [30, 60]], [[170, -40], [190, -10]], [[-170, 10], [170, -50]], [[5, 89], [6, 88]]]
)
@pytest.mark.parametrize("ratio", [2.1, 1.25])
def test_the_frame_holds_all_points_with_room_about_them(node: Node, points: list[list[float]], ratio: float) -> None:
    [box] = call(node, "geometry.js", "frame", (points, ratio))
    for lon, lat in points:
        assert box["x"] < lon < box["x"] + box["width"]
        assert box["y"] < -lat * box["stretch"] < box["y"] + box["height"]
    assert box["width"] <= 360


@pytest.mark.parametrize(
    ("value", "column", "units", "text"),
    [
        (25, COLUMNS[1], {"temperature": "F", "distance": "km"}, "77 °F"),
        (25, COLUMNS[1], {"temperature": "C", "distance": "mi"}, "25 °C"),
        (1609.344, COLUMNS[2], {"temperature": "C", "distance": "mi"}, "1,000 mi"),
        (1609.344, COLUMNS[2], {"temperature": "C", "distance": "km"}, "1,609 km"),
        (None, COLUMNS[2], {"temperature": "C", "distance": "mi"}, "–"),
        ("far", COLUMNS[2], {"temperature": "C", "distance": "mi"}, "far"),
        (40, {"key": "r", "label": "Rain", "kind": "percent", "unit": "%"}, {}, "40%"),
        (95, {"key": "d", "label": "D", "kind": "duration", "unit": None}, {}, "1 h 35"),
    ],
)
def test_units_are_those_of_the_reader(node: Node, value: Any, column: Any, units: Any, text: str) -> None:
    assert call(node, "cells.js", "formatWithUnit", (value, {"unit": None, **column}, units)) == [text]


def test_a_heading_has_the_unit_of_the_reader(node: Node) -> None:
    units = {"temperature": "F", "distance": "mi"}
    headings = call(node, "cells.js", "heading", *((column, units) for column in COLUMNS[:4]))
    assert headings == ["City", "High (°F)", "Distance (mi)", "Flights"]


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        ([1, 2.5, None, "x", 4], [[0, 1], [1, 2.5], [4, 4]]),
        ([["06:00", 3], ["09:00", 5], ["12:00", None]], [["06:00", 3], ["09:00", 5]]),
        ("not a series", []),
        (None, []),
        ([], []),
    ],
)
def test_a_series_is_read_as_far_as_it_is_numbers(node: Node, cell: Any, points: Any) -> None:
    assert call(node, "sparkline.js", "seriesOf", (cell,)) == [points]


def test_sources_of_a_row_are_the_calls_that_its_cells_came_from(node: Node) -> None:
    call_of = {"source": "atlas", "operation": "routes", "as_of": "2026-08-19", "cached": True}
    log = [{"evidence": None}, {"evidence": {**call_of, "id": "c1"}}]
    view = {"columns": COLUMNS, "steps": [{"log": []}, {"log": log}]}
    origin = {"city": "c1", "km": "c1", "high": "gone"}
    [found] = call(node, "facts.js", "sourcesOf", ({"from": origin}, view))
    assert found == [{"words": "atlas · routes (as of 19 August 2026, from cache)", "labels": ["City", "Distance"]}]


def place(key: str, kind: str) -> dict[str, str]:
    return {"key": key, "label": key, "kind": kind}


HERE, NAMED = {"code": "VLC", "x": -0.48, "y": 39.49}, {"code": "VLC", "name": "Valencia", "x": -0.48, "y": 39.49}


@pytest.mark.parametrize(
    ("details", "found"),
    [
        ([], None),
        ([None, {"lat": 1, "lon": 2}], None),  # no keys of these columns
        ([{"x": 1, "y": 2, "name": "home"}, HERE, {"rows": [{"x": 9, "y": 9}]}], (39.49, -0.48, "VLC")),
        ([HERE, NAMED], (39.49, -0.48, "Valencia")),
        ([{"x": 1, "y": 2}, {"x": "1", "y": 2}, {"x": 1, "y": 91}], (2, 1, "")),
    ],
)
def test_the_start_of_the_map_is_told_under_the_keys_of_its_columns(node: Node, details: list[Any], found: Any) -> None:
    columns = [place("name", "text"), place("y", "latitude"), place("x", "longitude")]
    steps = [{"detail": detail} for detail in details]
    told = call(node, "map.js", "origin", ({"columns": columns, "steps": steps},), ({"columns": [], "steps": steps},))
    assert told[1] is None
    assert told[0] == (None if found is None else dict(zip(("lat", "lon", "name"), found, strict=True)))
