"""The table of phrased questions: what a person means is what the reader understands."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest

from backend.pipelines.escape.reader import find_origin, read

TODAY = datetime.date(2026, 11, 18)
_TABLE = next(parent for parent in Path(__file__).parents if parent.name == "tests") / "fixtures" / "questions.toml"
_ROWS: list[dict[str, Any]] = [
    row for rows in tomllib.loads(_TABLE.read_text(encoding="utf-8")).values() for row in rows
]


@pytest.mark.parametrize("row", _ROWS, ids=[row["q"] for row in _ROWS])
def test_a_question_is_understood_as_it_was_meant(row: dict[str, Any]) -> None:
    intent = read(row["q"], TODAY)
    understood = {
        "day": intent.days_ahead,
        "weather": intent.weather,
        "hours": intent.hours,
        "origin": intent.origin,
        "min": intent.min_c,
        "max": intent.max_c,
    }
    bands = {"weather": "any", "min": None, "max": None}
    meant = {"day": 1, "hours": 12, "origin": None, **bands} | {k: v for k, v in row.items() if k != "q"}
    assert understood == pytest.approx(meant, rel=1e-3), intent
    assert intent.depart == TODAY + datetime.timedelta(days=intent.days_ahead)
    named = find_origin(row["q"])
    assert (named.words if named else None) == intent.origin


def test_the_table_holds_each_question_once_and_no_unknown_column() -> None:
    assert len({row["q"] for row in _ROWS}) == len(_ROWS) >= 200
    assert {key for row in _ROWS for key in row} <= {"q", "day", "weather", "hours", "origin", "min", "max"}
