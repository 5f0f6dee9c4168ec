"""A day gathered from instants in UTC: whose day it is, what is its high, and whether it is whole."""

import datetime
from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources.local_day import Slot, day_of, kmh

DAY = datetime.date(2026, 11, 24)


def at(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def every(hours: int, start: str, count: int, warmest_at: str = "") -> list[Slot]:
    """Ten degrees at every instant, but 20 at one of them."""
    begun = at(start)
    instants = [begun + number * hours * 3600 for number in range(count)]
    return [Slot(one, temp_c=20.0 if warmest_at and one == at(warmest_at) else 10.0) for one in instants]


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        (timezone(timedelta(hours=13)), "2026-11-23T11:00", "2026-11-24T10:00"),  # Tonga
        (timezone(timedelta(hours=-10)), "2026-11-24T10:00", "2026-11-25T09:00"),  # Hawaii
        (timezone(timedelta(hours=5, minutes=45)), "2026-11-23T18:15", "2026-11-24T18:14"),  # Nepal
        (ZoneInfo("Pacific/Kiritimati"), "2026-11-23T10:00", "2026-11-24T09:00"),  # +14
        (ZoneInfo("America/St_Johns"), "2026-11-24T03:30", "2026-11-25T03:29"),
    ],
)
def test_the_day_is_that_of_the_place(zone: datetime.tzinfo, first: str, last: str) -> None:
    for inside in (first, last):
        found = day_of([Slot(at(inside), temp_c=1.5)], DAY, zone)
        assert found is not None
        assert found.high_c == found.low_c == 1.5
    before, after = at(first) - 60, at(last) + 3600
    assert day_of([Slot(before, temp_c=1.5), Slot(after, temp_c=2.5)], DAY, zone) is None


def test_hours_are_local_and_the_high_is_that_of_the_day_alone() -> None:
    slots = every(3, "2026-11-23T00:00", 24, warmest_at="2026-11-24T12:00")
    found = day_of(slots, DAY, timezone(timedelta(hours=2)))
    assert found is not None
    assert found.hours == ((2, 10.0), (5, 10.0), (8, 10.0), (11, 10.0), (14, 20.0), (17, 10.0), (20, 10.0), (23, 10.0))
    assert (found.high_c, found.low_c, found.partly) == (20.0, 10.0, False)
    hotter_next_day = [*slots, Slot(at("2026-11-24T22:30"), temp_c=40.0)]
    other = day_of(hotter_next_day, DAY, timezone(timedelta(hours=2)))
    assert other is not None
    assert other.high_c == 20.0


@pytest.mark.parametrize(
    ("hours", "partly"),
    [
        ((0, 3, 6, 9), True),
        ((0, 3, 6, 9, 12), False),
        ((18, 21), True),
        ((17,), True),
        ((11, 17), False),
        ((8, 17), True),
        ((11,), True),
        ((15, 18), False),
    ],
)
def test_without_the_afternoon_a_day_is_covered_in_part(hours: tuple[int, ...], partly: bool) -> None:
    found = day_of([Slot(at(f"2026-11-24T{hour:02d}:00"), temp_c=1.0) for hour in hours], DAY, UTC)
    assert found is not None
    assert found.partly is partly


def test_extremes_of_six_hours_count_only_where_all_six_are_of_the_day() -> None:
    slots = [
        Slot(
            at("2026-11-24T12:00"), temp_c=10.0, high_c=12.5, low_c=8.0, until=at("2026-11-24T18:00"), rain_until=40.0
        ),
        Slot(
            at("2026-11-24T18:00"), temp_c=9.0, high_c=30.0, low_c=-30.0, until=at("2026-11-25T00:30"), rain_until=90.0
        ),
    ]
    found = day_of(slots, DAY, UTC)
    assert found is not None
    assert (found.high_c, found.low_c, found.rain) == (12.5, 8.0, 40)
    until_midnight = [slots[0], Slot(at("2026-11-24T18:00"), temp_c=9.0, high_c=13.0, until=at("2026-11-25T00:00"))]
    other = day_of(until_midnight, DAY, UTC)
    assert other is not None
    assert other.high_c == 13.0


def test_rain_and_wind_are_the_most_and_gaps_are_no_trouble() -> None:
    slots = [
        Slot(at("2026-11-24T09:00"), temp_c=1.0, word="clear", rain=10.0, wind_ms=2.0),
        Slot(at("2026-11-24T12:00"), temp_c=None, word="rain", rain=55.4, wind_ms=None),
        Slot(at("2026-11-24T15:00"), temp_c=3.04, word=None, rain=None, wind_ms=10.0),
    ]
    found = day_of(slots, DAY, UTC)
    assert found is not None
    assert (found.high_c, found.rain, found.wind_kmh, found.word) == (3.0, 55, 36, "rain")
    assert found.hours == ((9, 1.0), (15, 3.0))


def test_nothing_of_the_day_is_nothing() -> None:
    assert day_of([], DAY, UTC) is None
    assert day_of([Slot(at("2026-11-24T09:00"))], DAY, UTC) is None
    assert day_of([Slot(1 << 62, temp_c=1.0), Slot(-(1 << 40), temp_c=1.0)], DAY, UTC) is None
    assert kmh(None) is None


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe"])
def test_a_day_of_23_or_25_hours_is_a_day(zone: str) -> None:
    for day in (datetime.date(2026, 10, 25), datetime.date(2026, 11, 1), datetime.date(2026, 4, 5)):
        midnight = datetime.datetime.combine(day, datetime.time(), ZoneInfo(zone))
        slots = [Slot(int(midnight.timestamp()) + hour * 3600, temp_c=float(hour)) for hour in range(-2, 30)]
        found = day_of(slots, day, ZoneInfo(zone))
        assert found is not None
        assert found.hours[0] == (0, 0.0)
        assert len(found.hours) in (23, 24, 25)


@given(
    st.lists(st.tuples(st.integers(-72, 72), st.floats(-40, 45)), max_size=40),
    st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
)
def test_the_high_is_the_highest_of_the_instants_whose_local_date_it_is(
    instants: list[tuple[int, float]], zone: timezone
) -> None:
    noon = at("2026-11-24T12:00")
    slots = [Slot(noon + hours * 3600, temp_c=temp) for hours, temp in instants]
    of_the_day = [
        temp
        for hours, temp in instants
        if (datetime.datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone).date() == DAY
    ]
    found = day_of(slots, DAY, zone)
    assert (found is None) == (not of_the_day)
    assert found is None or found.high_c == round(max(of_the_day), 1)
