from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Column, ColumnKind
from tui.cells import format_cell, heading, is_right_aligned, sort_key, visible_columns

KINDS: tuple[ColumnKind, ...] = (
    "text", "code", "integer", "number", "duration", "temperature", "percent", "list", "latitude", "longitude",
)  # fmt: skip


def column(kind: ColumnKind, unit: str | None = None) -> Column:
    return Column(key="k", label="Label", kind=kind, unit=unit)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("Málaga", "text", "Málaga"),
        (" a\tb\nc ", "text", "a b c"),
        ("\n", "text", "–"),
        ("", "text", "–"),
        (None, "integer", "–"),
        ([], "list", "–"),
        (1234, "integer", "1,234"),
        (1234.6, "integer", "1,235"),
        (0, "integer", "0"),
        (0.5, "number", "0.5"),
        (2.0, "number", "2"),
        (-1234.567, "number", "-1,234.57"),
        (100, "number", "100"),
        (45, "duration", "45 min"),
        (60, "duration", "1 h 00"),
        (185, "duration", "3 h 05"),
        (184.6, "duration", "3 h 05"),
        (-5, "duration", "-5 min"),
        (1505, "duration", "25 h 05"),
        (21.4, "temperature", "21°"),
        (-0.2, "temperature", "0°"),
        (30, "percent", "30%"),
        (["IB 3456", "VY 12"], "list", "IB 3456, VY 12"),
        ([None, 7], "list", "–, 7"),
        ("unknown", "integer", "unknown"),
        (True, "text", "yes"),
        ({"a": [1]}, "text", '{"a":[1]}'),
    ],
)
def test_each_kind_has_its_own_form(value: Any, kind: ColumnKind, text: str) -> None:
    assert format_cell(value, column(kind)) == text


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
