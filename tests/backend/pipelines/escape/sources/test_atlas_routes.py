"""The bundled route network: which non-stops may be flown on a day, and how well each is known."""

import datetime
from typing import Any

import pytest

from backend.pipelines.escape.atlas import Atlas, Carrier, Route, TimetableEntry, block_minutes
from backend.pipelines.escape.models import Destination, LeftOut
from backend.pipelines.escape.sources.atlas_routes import MIN_CONFIDENCE, MOST_KEPT, AtlasNetworks, flown_on
from tests.escape_values import MONDAY

MON, TUE, WED, THU, FRI, SAT, SUN = range(1, 8)


def entry(
    number: str, dep: int, days: str, source: str = "US15", *, airline: str = "DL", block: int = 100
) -> TimetableEntry:
    bits = sum(1 << int(day) for day in days)
    return TimetableEntry(airline, number, dep, dep + block, block, bits, source)


def on(
    weekday: int, bundled: Atlas, *entries: TimetableEntry, **changed: Any
) -> tuple[list[Destination], list[LeftOut]]:
    origin, to = bundled.airport("JFK"), bundled.airport("MIA")
    assert origin is not None
    assert to is not None
    given: dict[str, Any] = {
        "to": to, "km": 1755.0, "confidence": 0.9, "carriers": (), "last_change": None, "block_min": None,
        "timetable": entries, **changed,
    }  # fmt: skip
    return flown_on(MONDAY + datetime.timedelta(days=weekday - 1), origin, [Route(**given)])


@pytest.mark.parametrize(
    ("days", "source", "flying"),
    [
        ("5", "US15", {MON, TUE, WED, THU, FRI, SUN}),  # Friday stands for Monday to Thursday; Sunday isn't known
        ("56", "US15", {MON, TUE, WED, THU, FRI, SAT, SUN}),
        ("6", "US15", {MON, TUE, WED, THU, SAT, SUN}),  # not seen on Friday; the other days can't be told
        ("4", "US15", {MON, TUE, WED, THU, SUN}),  # New Year's Day alone
        ("7", "US15", {MON, TUE, WED, THU, SUN}),
        ("3", "NYC13", {WED}),
        ("17", "BAY19", {MON, SUN}),
        ("1234567", "SEA15", {MON, TUE, WED, THU, FRI, SAT, SUN}),
    ],
)
def test_a_day_is_out_only_where_the_sample_would_have_seen_a_flight(
    bundled: Atlas, days: str, source: str, flying: set[int]
) -> None:
    for weekday in range(1, 8):
        destinations, left_out = on(weekday, bundled, entry("1", 600, days, source))
        assert bool(destinations) == (weekday in flying)
        assert bool(left_out) == (weekday not in flying)


def test_what_is_out_says_the_day_and_the_timetable(bundled: Atlas) -> None:
    _, (out,) = on(TUE, bundled, entry("1", 600, "3", "NYC13"))
    assert out == LeftOut("MIA", "Miami", "no flight on a Tuesday in the timetable of Sep 2013")


def test_a_day_that_cannot_be_told_stays_in_and_says_so(bundled: Atlas) -> None:
    (unsure,), _ = on(SUN, bundled, entry("1", 600, "5"))
    (sure,), _ = on(MON, bundled, entry("1", 600, "5"))
    assert (unsure.evidence, unsure.known) == ("timetable", "timetable Jan 2015, day unsure")
    assert (sure.evidence, sure.known) == ("timetable", "timetable Jan 2015")


def test_flights_of_the_day_come_before_those_whose_day_is_unsure(bundled: Atlas) -> None:
    (found,), _ = on(SUN, bundled, entry("1", 400, "5"), entry("2", 500, "57"), entry("3", 600, "5"))
    assert found.flights == ("DL2 08:20",)


def test_three_flights_from_the_first_to_the_last_of_the_day(bundled: Atlas) -> None:
    entries = [entry(str(number), 300 + 100 * number, "5") for number in range(1, 8)]
    (found,), _ = on(FRI, bundled, *entries)
    assert found.flights == ("DL1 06:40", "DL4 11:40", "DL7 16:40")
    (few,), _ = on(FRI, bundled, *reversed(entries[:3]))
    assert few.flights == ("DL1 06:40", "DL2 08:20", "DL3 10:00")


def test_two_airlines_at_the_same_minute_are_two_aircraft(bundled: Atlas) -> None:
    # The samples list the operating carrier alone, so that no codeshare can be among them.
    (found,), _ = on(FRI, bundled, entry("1", 600, "5"), entry("7", 600, "5", airline="AA"))
    assert found.flights == ("AA7 10:00", "DL1 10:00")


def test_samples_of_two_years_are_never_mixed(bundled: Atlas) -> None:
    (found,), _ = on(FRI, bundled, entry("1", 600, "5"), entry("7", 660, "5", "NYC13", airline="AA"))
    assert (found.flights, found.known) == (("DL1 10:00",), "timetable Jan 2015")


def test_minutes_are_those_of_the_days_flights(bundled: Atlas) -> None:
    entries = entry("1", 600, "5", block=100), entry("2", 700, "5", block=120), entry("3", 800, "6", block=999)
    (found,), _ = on(FRI, bundled, *entries)
    assert (found.minutes, found.estimated) == (110, False)


def test_minutes_without_a_timetable_are_scheduled_means_or_the_formula(bundled: Atlas) -> None:
    (scheduled,), _ = on(MON, bundled, block_min=187.4)
    (estimated,), _ = on(MON, bundled)
    jfk, mia = bundled.airport("JFK"), bundled.airport("MIA")
    assert jfk is not None
    assert mia is not None
    assert (scheduled.minutes, scheduled.estimated) == (187, False)
    assert (estimated.minutes, estimated.estimated) == (round(block_minutes(jfk, mia, 1755.0)), True)


def test_without_a_timetable_no_time_is_shown(bundled: Atlas) -> None:
    carriers = Carrier("AF", "Air France", ("12", "14", "16", "18"), None), Carrier("DL", "Delta", ("90",), None)
    (numbered,), _ = on(MON, bundled, carriers=carriers, last_change=(2026, 7))
    (bare,), _ = on(MON, bundled, carriers=(Carrier("U2", "easyJet", (), None),))
    assert (numbered.evidence, numbered.known) == ("network", "network Jul 2026")
    assert numbered.flights == ("AF12", "DL90", "AF14")
    assert (bare.evidence, bare.known, bare.flights) == ("route", "route only", ())
    assert bare.airlines == ("easyJet",)


def test_a_codeshare_is_shown_once(bundled: Atlas) -> None:
    carriers = (
        Carrier("9E", "Endeavor", ("5190", "5036"), None),
        Carrier("DL", "Delta", ("5190", "05036", "7"), None),
        Carrier("DX", "Delta", ("5190",), None),
    )
    (found,), _ = on(MON, bundled, carriers=carriers)
    assert found.flights == ("9E5190", "9E5036", "DL7")
    assert found.airlines == ("Endeavor", "Delta")


def test_what_is_worked_out_once_is_the_same_for_every_run_and_each_day(bundled: Atlas) -> None:
    networks = AtlasNetworks()
    network = networks.of(bundled, "JFK")
    assert network is not None
    assert networks.of(bundled, "JFK") is network
    origin, routes = bundled.airport("JFK"), bundled.routes_from("JFK", MIN_CONFIDENCE)
    assert origin is not None
    assert len(network) == len(routes)
    week = [MONDAY + datetime.timedelta(days=ahead) for ahead in range(14)]
    for day in week:
        assert network.flown_on(day) == flown_on(day, origin, routes)
    assert len({len(network.flown_on(day)[0]) for day in week}) > 1  # days do differ
    destinations, left_out = network.flown_on(MONDAY)
    destinations.clear()
    left_out.clear()
    assert network.flown_on(MONDAY) == flown_on(MONDAY, origin, routes)  # who got them may do with them as they like


def test_an_airport_without_routes_has_no_network_and_only_so_many_are_kept(bundled: Atlas) -> None:
    networks = AtlasNetworks()
    assert networks.of(bundled, "QQQ") is None
    first = networks.of(bundled, "VLC")
    assert first is not None
    others = [route.to.iata for route in bundled.routes_from("FRA")][:MOST_KEPT]
    assert all(networks.of(bundled, iata) for iata in others)
    again = networks.of(bundled, "VLC")
    assert again is not None
    assert again is not first
