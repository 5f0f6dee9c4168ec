from typing import Any

import pytest

from shared.events import Column
from shared.view import RowView, RunView
from tui.arrange import Sort, arrange

CITY = Column(key="city", label="City", kind="text")
HIGH = Column(key="high", label="High", kind="temperature", unit="°C")
TAGS = Column(key="tags", label="What for", kind="list")
VIEW_COLUMNS = (CITY, HIGH, TAGS, Column(key="lat", label="Latitude", kind="latitude"))


def row(row_id: str, state: Any = "confirmed", why: str | None = None, **cells: Any) -> RowView:
    return RowView(id=row_id, cells=cells, state=state, why=why, layers=())


VIEW = RunView(
    columns=VIEW_COLUMNS,
    rows=(
        row("A", city="Málaga", high=26.4, tags=["beach", "old town"], lat=36.7),
        row("B", city="Oslo", high=3, tags=["snow"], lat=59.9),
        row("C", city="Bern", high=None, tags=[], lat=46.9),
        row("D", "removed", "17 °C: not hot", city="Rome", high=17, tags=["old town"]),
        row("E", city="Ålesund", high=5, tags=None),
    ),
    order=("B", "A", "E", "C"),
)


def ids(**how: Any) -> str:
    return "".join(row.id for row in arrange(VIEW, **how))


@pytest.mark.parametrize(
    ("filter_text", "found"),
    [
        ("", "BAEC"),
        ("malaga", "A"),
        ("OSLO", "B"),
        ("ales", "E"),
        ("old town", "A"),
        ("town snow", ""),
        ("!snow", "AEC"),
        ("!snow !beach", "EC"),
        ("high>3", "AE"),
        ("high>=3", "BAE"),
        ("hi<5", "B"),
        ("high=26.4", "A"),
        ("!high>3", "BC"),
        ("whatfor=snow", "B"),
        ("city=m", "A"),
        ("city>c", "BA"),
        ("depth>3", ""),
        ("36.7", ""),
        ("!", ""),
        (">", ""),
    ],
)
def test_a_filter_keeps_what_has_all_its_words(filter_text: str, found: str) -> None:
    assert ids(filter_text=filter_text) == found


def test_rows_that_are_out_are_found_by_their_reason_too() -> None:
    assert ids(left_out=True) == "D"
    assert ids(left_out=True, filter_text="hot") == "D"
    assert ids(left_out=True, filter_text="rain") == ""


@pytest.mark.parametrize(("descending", "order"), [(False, "BEAC"), (True, "AEBC")])
def test_unknown_values_are_last_in_both_directions(descending: bool, order: str) -> None:
    assert ids(sort=Sort(HIGH, descending)) == order


def test_texts_are_sorted_without_regard_to_accents() -> None:
    assert ids(sort=Sort(CITY)) == "ECAB"


def test_filter_and_order_go_together() -> None:
    assert ids(sort=Sort(HIGH, descending=True), filter_text="!snow") == "AEC"
