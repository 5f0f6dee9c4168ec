from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.events import Column, ColumnKind
from tui.cells import format_cell, heading, is_right_aligned, sort_key, visible_columns

KINDS: tuple[ColumnKind, ...] = (
    "text", "code", "integer", "number", "duration", "temperature", "percent", "list", "latitude", "longitude",
)  # fmt: skip


def column(kind: ColumnKind, unit: str | None = None) -> Column:
    return Column(key="k", label="Label", kind=kind, unit=unit)


def test_a_unit_in_the_heading_is_not_repeated_in_the_cells() -> None:
    assert heading(column("temperature", "°C")) == "Label °C"
    assert format_cell(21.4, column("temperature", "°C")) == "21"
    assert heading(column("duration", "min")) == "Label"


def test_columns_for_a_map_are_not_shown() -> None:
    assert [shown.kind for shown in visible_columns([column(kind) for kind in KINDS])] == list(KINDS[:-2])


def test_numbers_align_right() -> None:
    assert [kind for kind in KINDS[:-2] if is_right_aligned(column(kind))] == [
        "integer", "number", "duration", "temperature", "percent",
    ]  # fmt: skip


def test_numbers_sort_by_size_texts_without_case_and_accents_and_unknown_ones_last() -> None:
    number, text = column("integer"), column("text")
    assert sorted([None, 10, 9, "?", -1], key=lambda value: sort_key(value, number)) == [-1, 9, 10, "?", None]
    assert sorted(["Zürich", "ávila", "Ayora", None, "avon"], key=lambda value: sort_key(value, text)) == [
        "ávila", "avon", "Ayora", "Zürich", None,
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON, st.sampled_from(KINDS))
def test_any_value_in_any_column_is_one_line_and_can_be_sorted(one: Any, other: Any, kind: ColumnKind) -> None:
    text = format_cell(one, column(kind))
    assert text
    assert len(text.splitlines()) == 1
    assert (sort_key(one, column(kind)) < sort_key(other, column(kind))) in (True, False)
