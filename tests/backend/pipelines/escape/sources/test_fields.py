"""Fields of upstreams: what isn't what it should be counts as absent."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources import fields

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("00:00", 0), ("23:59", 1439), ("7:05", 425), ("07:05:30", 425), ("24:00", None), ("12:60", None), ("-1:00", None),
     ("12", None), ("", None), ("1२:00", None), (None, None), (730, None), (["07:05"], None)],
)  # fmt: skip
def test_clocks(written: Any, minutes: int | None) -> None:
    assert fields.clock(written) == minutes


@pytest.mark.parametrize(
    ("written", "found"),
    [("VLC", "VLC"), (" vlc ", "VLC"), ("VL", None), ("VLCX", None), ("V-C", None), ("ÑLC", None), (None, None),
     (123, None), ("", None), ("V\nC", None)],
)  # fmt: skip
def test_airport_codes(written: Any, found: str | None) -> None:
    assert fields.iata(written) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [("2026-10-14T14:34:48.000Z", datetime.date(2026, 10, 14)), ("2022-07-13 07:51:25", datetime.date(2022, 7, 13)),
     ("2026-10-14", datetime.date(2026, 10, 14)), ("14.10.26", None), ("0000-00-00", None), (17, None), (None, None)],
)  # fmt: skip
def test_days(written: Any, found: datetime.date | None) -> None:
    assert fields.day(written) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(1, 1.0), (1.5, 1.5), (0, 0.0), (10, 10.0), (10.01, None), (-1, None), (True, None), ("1", None), (None, None),
     (float("nan"), None), (float("inf"), None), (10**400, None)],
)  # fmt: skip
def test_numbers_within_limits(value: Any, found: float | None) -> None:
    assert fields.number(value, 0, 10) == found


def test_whole_numbers_and_texts() -> None:
    assert [fields.integer(one, 0, 9) for one in (3, 3.0, 3.5, -1, "3", None)] == [3, 3, None, None, None, None]
    assert fields.text("  two\n words ") == "two words"
    assert fields.text("long" * 100, 10) == "longlonglo"
    assert [fields.text(one) for one in ("", "   ", None, 5, ["x"])] == [None] * 5


@given(ANYTHING)
def test_no_value_at_all_is_too_odd(value: Any) -> None:
    for read in (fields.mapping, fields.objects, fields.items, fields.code, fields.iata, fields.clock, fields.day):
        read(value)
    fields.text(value)
    assert fields.number(value, -5, 5) is None or -5 <= value <= 5
    assert fields.integer(value, -5, 5) is None or value in range(-5, 6)
