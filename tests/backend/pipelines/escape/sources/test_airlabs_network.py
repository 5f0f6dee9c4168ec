"""The non-stops of an airport by AirLabs' timetable."""

import datetime
from typing import Any

import pytest

from backend.pipelines.escape.atlas import Atlas, block_minutes, great_circle_km
from backend.pipelines.escape.models import Destination, LeftOut
from backend.pipelines.escape.sources.airlabs_network import AirLabsNetwork, CompletedNetwork
from backend.pipelines.escape.sources.airlabs_rows import Flight
from backend.pipelines.escape.sources.atlas_routes import AtlasNetwork
from tests.escape_values import MONDAY

TODAY = datetime.date(2026, 11, 22)
WEEK = frozenset(range(1, 8))


def flight(number: str = "ZZ1", to: str = "LPA", dep: str = "10:00", **changed: Any) -> Flight:
    given: dict[str, Any] = {
        "number": number, "airline": "ZZ", "to": to, "dep_minute": int(dep[:2]) * 60 + int(dep[3:]), "minutes": 175,
        "days": WEEK, "counter": 14, "updated": datetime.date(2026, 10, 14), "call": "c7", **changed,
    }  # fmt: skip
    return Flight(**given)


def network(atlas: Atlas, *flights: Flight, origin: str = "VLC", cut: bool = False) -> AirLabsNetwork:
    airports = {one.to: airport for one in flights if (airport := atlas.airport(one.to)) is not None}
    home = atlas.airport(origin)
    assert home is not None
    return AirLabsNetwork(home, flights, airports, atlas, TODAY, cut=cut)


def flown(atlas: Atlas, *flights: Flight, day: datetime.date = MONDAY, **given: Any) -> list[Destination]:
    return network(atlas, *flights, **given).flown_on(day)[0]


def left(atlas: Atlas, *flights: Flight, day: datetime.date = MONDAY, **given: Any) -> list[LeftOut]:
    return network(atlas, *flights, **given).flown_on(day)[1]


def test_a_destination_has_its_flights_and_says_what_it_is_known_from(bundled: Atlas) -> None:
    (found,) = flown(bundled, flight(), flight("ZZ2", dep="06:30", minutes=185))
    assert found.flights == ("ZZ2 06:30", "ZZ1 10:00")
    assert (found.evidence, found.known, found.call) == ("live", "live timetable Oct 2026", "c7")
    assert (found.minutes, found.estimated) == (180, False)
    assert (found.city, found.country) == ("Gran Canaria", "Spain")
    assert "Gran Canaria" in found.airport


@pytest.mark.parametrize("weekday", range(1, 8))
def test_the_weekday_is_that_of_the_departure(bundled: Atlas, weekday: int) -> None:
    day = MONDAY + datetime.timedelta(days=weekday - 1)
    late = flight(dep="23:55", days=frozenset({weekday}))
    assert [one.iata for one in flown(bundled, late, day=day)] == ["LPA"]
    (out,) = left(bundled, late, day=day + datetime.timedelta(days=1))
    assert out.why.startswith("no flight on a ")
    assert out.why.endswith("day in AirLabs' timetable")


def test_days_that_are_not_told_may_be_any_day(bundled: Atlas) -> None:
    (found,) = flown(bundled, flight(days=frozenset()))
    assert found.known == "live timetable Oct 2026, day unsure"


@pytest.mark.parametrize(
    ("changed", "evidence", "known"),
    [
        ({}, "live", "live timetable Oct 2026"),
        ({"updated": datetime.date(2025, 11, 22)}, "live", "live timetable Nov 2025"),
        ({"updated": datetime.date(2025, 11, 20)}, "doubtful", "doubtful timetable Nov 2025"),
        ({"updated": datetime.date(2022, 3, 1)}, "doubtful", "doubtful timetable Mar 2022"),
        ({"counter": 2}, "doubtful", "doubtful timetable Oct 2026, seen once or twice"),
        ({"counter": 3}, "live", "live timetable Oct 2026"),
        ({"counter": None, "updated": None}, "live", "live timetable"),
    ],
)
def test_what_is_stale_or_rare_is_doubtful(bundled: Atlas, changed: dict[str, Any], evidence: str, known: str) -> None:
    (found,) = flown(bundled, flight(**changed))
    assert (found.evidence, found.known) == (evidence, known)


def test_flights_that_are_sure_hide_doubtful_ones(bundled: Atlas) -> None:
    (found,) = flown(bundled, flight(), flight("ZZ9", dep="05:00", counter=1, minutes=500))
    assert (found.flights, found.evidence, found.minutes) == (("ZZ1 10:00",), "live", 175)


def test_three_flights_from_the_first_to_the_last_of_the_day(bundled: Atlas) -> None:
    many = [flight(f"ZZ{number}", dep=f"{6 + number:02d}:00") for number in range(1, 8)]
    (found,) = flown(bundled, *reversed(many))
    assert found.flights == ("ZZ1 07:00", "ZZ4 10:00", "ZZ7 13:00")


def test_without_a_duration_the_minutes_are_estimated(bundled: Atlas) -> None:
    valencia, canaria = bundled.airport("VLC"), bundled.airport("LPA")
    assert valencia is not None
    assert canaria is not None
    (found,) = flown(bundled, flight(minutes=None))
    assert found.estimated
    assert found.minutes == round(block_minutes(valencia, canaria))
    (partly,) = flown(bundled, flight(minutes=None), flight("ZZ2", minutes=170))
    assert (partly.minutes, partly.estimated) == (170, False)


def test_a_duration_that_nothing_flies_is_none(bundled: Atlas) -> None:
    km = great_circle_km(39.489, -0.481, 27.93, -15.387)
    assert 1700 < km < 2000
    (found,) = flown(bundled, flight(minutes=60))
    assert found.estimated
    assert found.minutes > 150


def test_another_airport_of_the_own_city_is_no_escape(bundled: Atlas) -> None:
    (out,) = left(bundled, flight(to="ORY"), origin="CDG")
    assert out.why == "another airport of the city that you leave from"


def test_an_airport_that_nobody_can_place_is_left_out(bundled: Atlas) -> None:
    (out,) = left(bundled, flight(to="QZQ"))
    assert out == LeftOut("QZQ", "QZQ", "nobody knows where that airport is")


@pytest.mark.parametrize(
    ("origin", "to", "dep", "minutes", "next_day"),
    [
        ("VLC", "LPA", "23:10", 175, True),
        ("VLC", "LPA", "10:00", 175, False),
        ("JFK", "LHR", "19:00", 420, True),
        ("LHR", "JFK", "19:00", 480, False),  # 22:00 there
        ("AKL", "HNL", "22:00", 520, False),  # across the date line: it lands on the morning of the same day
        ("HNL", "AKL", "10:00", 540, True),
    ],
)
def test_who_lands_on_the_next_day_is_told(
    bundled: Atlas, origin: str, to: str, dep: str, minutes: int, next_day: bool
) -> None:
    (found,) = flown(bundled, flight(to=to, dep=dep, minutes=minutes), origin=origin)
    assert found.next_day is next_day


def test_a_part_of_a_timetable_says_so_and_is_completed(bundled: Atlas) -> None:
    tuesday = MONDAY + datetime.timedelta(days=1)
    part = network(bundled, flight(days=frozenset({1})), cut=True)
    (out,) = part.flown_on(tuesday)[1]
    assert out.why == "no flight on a Tuesday in the part of AirLabs' timetable that was read"
    home = bundled.airport("VLC")
    assert home is not None
    rest = AtlasNetwork(home, bundled.routes_from("VLC"))
    both = CompletedNetwork(part, rest, "c9")
    monday, _ = both.flown_on(MONDAY)
    assert [one.evidence for one in monday if one.iata == "LPA"] == ["live"]
    assert {one.iata for one in monday} >= {one.iata for one in rest.flown_on(MONDAY)[0]}
    assert {one.call for one in monday} == {"c7", "c9"}
    on_tuesday, out_on_tuesday = both.flown_on(tuesday)
    assert [one.evidence for one in on_tuesday if one.iata == "LPA"] == ["network"]
    assert "LPA" not in {one.iata for one in out_on_tuesday}
