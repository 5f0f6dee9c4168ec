import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Column
from shared.view import RowView, RunView, fold_all
from tests.scripted_server import a_run
from tui.export import to_csv, to_json, to_markdown

VIEW = fold_all(a_run())


def view_of(*cells: dict[str, Any]) -> RunView:
    columns = (
        Column(key="city", label="City", kind="text"),
        Column(key="high", label="High", kind="temperature", unit="°C"),
        Column(key="flights", label="Flights", kind="list"),
    )
    rows = tuple(RowView(id=str(place), cells=each, state="confirmed", layers=()) for place, each in enumerate(cells))
    return RunView(run="r", columns=columns, rows=rows)


def test_csv_has_raw_values_in_the_order_of_the_run_without_rows_left_out() -> None:
    assert list(csv.reader(io.StringIO(to_csv(VIEW)))) == [
        ["city", "code", "high", "flight", "lat"],
        ["Dakar", "DSS", "30", "255", ""],
        ["Las Palmas", "LPA", "25.2", "185", "27.9"],
    ]


def test_json_has_an_object_a_row_with_every_column() -> None:
    rows = json.loads(to_json(VIEW))
    assert [row["city"] for row in rows] == ["Dakar", "Las Palmas"]
    assert rows[0] == {"city": "Dakar", "code": "DSS", "high": 30, "flight": 255, "lat": None}


def test_markdown_shows_cells_as_the_table_does() -> None:
    assert to_markdown(VIEW).splitlines() == [
        "| City | Airport | High °C | Flight |",
        "| --- | --- | ---: | ---: |",
        "| Dakar | DSS | 30 | 4 h 15 |",
        "| Las Palmas | LPA | 25 | 3 h 05 |",
    ]


def test_nothing_found_still_has_its_headings() -> None:
    assert to_csv(view_of()) == "city,high,flights\n"
    assert to_json(view_of()) == "[]\n"
    assert len(to_markdown(view_of()).splitlines()) == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"])
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert next(csv.reader(io.StringIO(to_csv(view_of({"city": text})).partition("\n")[2])))[0] == "'" + text
    assert next(csv.reader(io.StringIO(to_csv(view_of({"flights": [text]})).partition("\n")[2])))[2] == "'" + text


def test_a_negative_number_stays_a_number() -> None:
    assert to_csv(view_of({"city": "Oslo", "high": -7.5})).splitlines()[1] == "Oslo,-7.5,"


def test_lists_are_one_cell() -> None:
    assert to_csv(view_of({"flights": ["IB 1", "VY 2"]})).splitlines()[1] == ",,IB 1; VY 2"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(view_of({"city": text})), newline="")))
    assert len(rows) == 2
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert rows[1][0] in (expected, "'" + expected)


@given(st.text())
def test_no_text_breaks_out_of_its_markdown_cell(text: str) -> None:
    lines = to_markdown(view_of({"city": text, "high": 1})).split("\n")
    assert len(lines) == 4
    assert lines[2].replace("\\\\", "").replace("\\|", "").count("|") == 4
