"""AirLabs' rows as flights."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources.airlabs_rows import Flight, flights_of, merged, once_a_day
from tests.backend.pipelines.escape.sources.test_fields import ANYTHING

OCTOBER = datetime.date(2026, 10, 14)
ROW: dict[str, Any] = {
    "airline_iata": "ZZ", "airline_icao": "ZZZ", "flight_number": "412", "flight_iata": "ZZ412",
    "flight_icao": "ZZZ412",
    "cs_airline_iata": None, "cs_flight_number": None, "cs_flight_iata": None, "dep_iata": "VLC", "dep_icao": "LEVC",
    "dep_time": "23:10", "dep_time_utc": "22:10", "arr_iata": "LPA", "arr_icao": "GCLP", "arr_time": "01:05",
    "arr_time_utc": "01:05", "duration": 175, "days": ["mon", "wed", "sat"], "counter": 14,
    "updated": "2026-10-14T14:34:48.000Z",
}  # fmt: skip
SOLD = {
    "airline_iata": "YY", "flight_iata": "YY8412", "cs_airline_iata": "ZZ", "cs_flight_number": "412",
    "cs_flight_iata": "ZZ412", "days": ["mon", "tue"], "counter": 3,
}  # fmt: skip


def nowhere(icao: str) -> str | None:
    return None


def read(*changes: dict[str, Any]) -> list[Flight]:
    return flights_of([ROW | changed for changed in changes], "VLC", "c1", {"GCLP": "LPA"}.get)


def one(**changed: Any) -> Flight:
    (flight,) = read(changed)
    return flight


def test_a_row_is_a_flight() -> None:
    assert one() == Flight(
        number="ZZ412", airline="ZZ", to="LPA", dep_minute=1390, minutes=175, days=frozenset({1, 3, 6}), counter=14,
        updated=OCTOBER, call="c1",
    )  # fmt: skip
    assert one().shown == "ZZ412 23:10"
    assert one(dep_time=None).shown == "ZZ412"


def test_a_codeshare_goes_by_the_number_of_who_flies_it() -> None:
    sold = one(**SOLD)
    assert (sold.number, sold.airline, sold.sold) == ("ZZ412", "ZZ", True)
    by_parts = one(**{**SOLD, "cs_flight_iata": None})
    assert (by_parts.number, by_parts.airline) == ("ZZ412", "ZZ")
    unnamed = one(**{**SOLD, "cs_flight_iata": None, "cs_airline_iata": None})
    assert (unnamed.number, unnamed.airline, unnamed.sold) == ("YY8412", "YY", True)


def test_carriers_without_an_iata_code_go_by_their_icao_forms() -> None:
    flight = one(airline_iata=None, airline_icao="XNI", flight_iata=None, flight_icao="XNI995")
    assert (flight.number, flight.airline) == ("XNI995", "XNI")


@pytest.mark.parametrize(
    ("changed", "minutes"),
    [
        ({}, 175),
        ({"duration": None}, 175),  # 22:10 to 01:05, over midnight
        ({"duration": None, "dep_time_utc": "01:00", "arr_time_utc": "00:30"}, 23 * 60 + 30),
        ({"duration": None, "arr_time_utc": "22:10"}, None),  # no time at all isn't a flight
        ({"duration": None, "arr_time_utc": None}, None),
        ({"duration": 0}, 175),
        ({"duration": -30}, 175),
        ({"duration": 100_000}, 175),
        ({"duration": "175", "dep_time_utc": "aa:bb"}, None),
        ({"duration": 175.0}, 175),
    ],
)
def test_minutes_are_the_duration_else_between_the_clocks_of_utc(changed: dict[str, Any], minutes: int | None) -> None:
    assert one(**changed).minutes == minutes


@pytest.mark.parametrize(
    ("days", "known"),
    [(["sun"], {7}), (["SAT", "Mon"], {1, 6}), (["friday"], {5}), ([], set()), (None, set()), ("mon", set()),
     ([1, None, "xyz", "tue"], {2}), (["wed", "wed"], {3})],
)  # fmt: skip
def test_days_are_weekdays_in_any_order(days: Any, known: set[int]) -> None:
    assert one(days=days).days == known


@pytest.mark.parametrize(
    "changed",
    [{"arr_iata": None, "arr_icao": None}, {"arr_iata": "VLC"}, {"arr_iata": "TOOLONG", "arr_icao": "?"},
     {"flight_iata": None, "flight_icao": None}, {"dep_iata": "MAD"}, {"flight_iata": "<b>", "flight_icao": "‮"}],
)  # fmt: skip
def test_rows_that_say_nothing_of_use_are_dropped(changed: dict[str, Any]) -> None:
    assert read(changed) == []


def test_an_airport_known_by_its_icao_code_alone_is_found() -> None:
    assert one(arr_iata=None, dep_iata=None).to == "LPA"


def test_a_flight_and_its_codeshares_are_one_with_all_their_days() -> None:
    for rows in ((ROW, ROW | SOLD), (ROW | SOLD, ROW)):
        (flight,) = merged(flights_of(rows, "VLC", "c1", nowhere))
        assert (flight.number, flight.sold, flight.counter) == ("ZZ412", False, 14)
        assert flight.days == {1, 2, 3, 6}


def test_codeshares_alone_are_still_the_flight() -> None:
    (flight,) = merged(read(SOLD, SOLD | {"airline_iata": "QQ", "flight_iata": "QQ7412", "days": ["sat"]}))
    assert (flight.number, flight.sold, flight.days) == ("ZZ412", True, frozenset({1, 2, 6}))


def test_other_times_and_other_destinations_are_other_flights() -> None:
    flights = merged(read({}, {"dep_time": "09:00"}, {"arr_iata": "TFN"}, {"dep_time": None}))
    assert len(flights) == 4


def test_of_equal_rows_the_newest_counts_and_a_missing_duration_is_filled_in() -> None:
    old = {"updated": "2023-01-01T00:00:00Z", "duration": 200, "days": ["tue"]}
    new = {"duration": None, "dep_time_utc": None}
    (flight,) = merged(read(old, new))
    assert (flight.updated, flight.minutes, flight.days) == (OCTOBER, 200, frozenset({1, 2, 3, 6}))


def test_a_number_leaves_once_a_day() -> None:
    old = {"updated": "2024-01-01T00:00:00Z", "dep_time": "06:00"}
    assert [flight.shown for flight in once_a_day(read(old, {}))] == ["ZZ412 23:10"]
    assert [flight.shown for flight in once_a_day(read({}, old, {"flight_iata": "ZZ5", "dep_time": "05:00"}))] == [
        "ZZ5 05:00", "ZZ412 23:10",
    ]  # fmt: skip


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={key: ANYTHING | st.just(value) for key, value in ROW.items()}), max_size=6
    )
)
def test_no_row_is_too_odd(rows: list[dict[str, Any]]) -> None:
    for flight in once_a_day(merged(flights_of(rows, "VLC", "c1", nowhere))):
        assert len(flight.to) == 3
        assert flight.days <= set(range(1, 8))
        assert flight.minutes is None or 0 < flight.minutes <= 1440


@given(st.permutations([ROW, ROW | SOLD, ROW | {"dep_time": "09:00"}, ROW | SOLD | {"days": ["sun"]}]))
def test_the_order_of_rows_means_nothing(rows: list[dict[str, Any]]) -> None:
    flights = merged(flights_of(rows, "VLC", "c1", nowhere))
    assert {(one.shown, one.days, one.sold) for one in flights} == {
        ("ZZ412 23:10", frozenset({1, 2, 3, 6, 7}), False),
        ("ZZ412 09:00", frozenset({1, 3, 6}), False),
    }
