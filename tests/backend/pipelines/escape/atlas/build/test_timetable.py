import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import TimetableEntry
from backend.pipelines.escape.atlas.build.sources import SourceError
from backend.pipelines.escape.atlas.build.timetable import merge, read_timetable

_DATES = {"US15": ("2015-01-01", "2015-01-04"), "SEA15": ("2015-09-14", "2015-09-20")}


def _row(number: str, dep: str, arr: str, days: str, source: str = "US15", airline: str = "AS") -> dict[str, str]:
    start, end = _DATES[source]
    return {
        "source": source,
        "airline": airline,
        "flight": number,
        "from": "SEA",
        "to": "LAX",
        "dep": dep,
        "arr": arr,
        "block_min": "150",
        "days": days,
        "valid_from": start,
        "valid_to": end,
    }


def _read(*rows: dict[str, str]) -> list[tuple[str, str, str, set[int]]]:
    entries = read_timetable(rows)["SEA", "LAX"]
    return [(entry.flight, entry.dep, entry.source, set(entry.days)) for entry in entries]


def test_one_number_with_minutes_of_difference_between_days_is_one_entry() -> None:
    rows = _row("388", "08:50", "11:20", "-----6-"), _row("388", "08:52", "11:22", "---45--")
    assert _read(*rows) == [("AS388", "08:52", "US15", {4, 5, 6})]


def test_one_number_at_quite_another_time_is_another_entry() -> None:
    rows = _row("388", "08:50", "11:20", "-----6-"), _row("388", "14:00", "16:30", "---45--")
    assert _read(*rows) == [("AS388", "08:50", "US15", {6}), ("AS388", "14:00", "US15", {4, 5})]


def test_two_numbers_of_one_airline_at_the_same_times_are_one_departure() -> None:
    rows = _row("11", "08:50", "11:20", "---45--"), _row("94", "08:50", "11:20", "-----6-")
    assert _read(*rows) == [("AS11", "08:50", "US15", {4, 5, 6})]


def test_two_airlines_at_the_same_times_stay_two() -> None:
    rows = _row("11", "08:50", "11:20", "---45--"), _row("11", "08:50", "11:20", "---45--", airline="DL")
    assert [flight for flight, *_ in _read(*rows)] == ["AS11", "DL11"]


def test_a_number_in_two_samples_is_the_newest_one_alone() -> None:
    rows = _row("388", "08:50", "11:20", "---45--"), _row("388", "09:10", "11:40", "1234567", "SEA15")
    assert _read(*rows) == [("AS388", "09:10", "SEA15", {1, 2, 3, 4, 5, 6, 7})]


def test_a_sample_that_nobody_described_stops_the_build() -> None:
    row = _row("388", "08:50", "11:20", "---45--") | {"valid_to": "2015-01-31"}
    with pytest.raises(SourceError, match="US15"):
        read_timetable([row])


entries = st.builds(
    TimetableEntry,
    st.just("AS"),
    st.sampled_from(["1", "2", "3"]),
    st.integers(400, 460),
    st.integers(500, 502),
    st.just(100),
    st.integers(1, 127).map(lambda bits: bits << 1),
    st.just("US15"),
)


@given(st.lists(entries, max_size=12), st.randoms())
def test_merging_loses_no_day_and_does_not_depend_on_the_order(listed: list[TimetableEntry], random: object) -> None:
    merged = merge(listed)
    union = 0
    for entry in listed:
        union |= entry.day_bits
    kept = 0
    for entry in merged:
        kept |= entry.day_bits
    assert kept == union
    assert {(e.number, e.dep_minute, e.arr_minute) for e in merged} <= {
        (e.number, e.dep_minute, e.arr_minute) for e in listed
    }
    assert merge(reversed(listed)) == merged
