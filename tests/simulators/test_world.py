"""The invented world: worlds at the edges are what they say, and the reference is what the simulators tell."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.simulators import edge_worlds
from tests.simulators.airlabs import KEY, AirLabsSimulator
from tests.simulators.airlabs_rows import route_rows
from tests.simulators.openweather import dates_with_the_high
from tests.simulators.reference import expected, flights_on
from tests.simulators.skies import HIGH_FROM_H, HIGH_TO_H
from tests.simulators.upstreams import CANARIES, Upstreams
from tests.simulators.world import World

MONDAY = date(2026, 11, 23)


def test_the_same_seed_is_the_same_weather() -> None:
    one, two, other = World(seed=1), World(seed=1), World(seed=2)
    highs = [[world.high(iata, MONDAY) for iata in list(world.airports)[:40]] for world in (one, two, other)]
    assert highs[0] == highs[1] != highs[2]


@pytest.mark.parametrize("iata", ["TBU", "HNL", "KTM", "VLC", "SYD", "GRU"])
def test_the_high_is_the_highest_of_the_local_day(iata: str) -> None:
    world = World(seed=4)
    spot = world.spot_of(iata)
    for ahead in range(10):
        day = MONDAY + timedelta(days=ahead)
        midnight = datetime(day.year, day.month, day.day, tzinfo=spot.zone)
        temps = [world.skies.temperature(spot, midnight + timedelta(minutes=15 * step)) for step in range(96)]
        assert max(temps) == world.high(iata, day)
        assert temps[0] < max(temps) - 2


def test_a_position_without_an_airport_has_weather_of_its_own() -> None:
    world = World(seed=4)
    spot = world.spot(-48.88, -123.39)
    assert spot.key == "-48.9,-123.4"
    assert world.skies.high(spot, MONDAY) != world.high("VLC", MONDAY)


def test_highs_that_a_test_sets_hold_for_a_day_or_for_all() -> None:
    world = World(seed=4)
    world.set_high("LPA", 25.0)
    world.set_high("LPA", 19.5, MONDAY)
    assert (world.high("LPA", MONDAY), world.high("LPA", MONDAY + timedelta(days=1))) == (19.5, 25.0)


def test_just_before_midnight_the_dates_differ() -> None:
    edge = edge_worlds.just_before_midnight()
    assert edge.today() == date(2026, 11, 23)
    assert edge.now.date() == date(2026, 11, 24)


def test_far_zones_have_other_dates() -> None:
    edge = edge_worlds.far_zones()
    zones = {flight.to.iata: ZoneInfo(flight.to.tz) for flight in edge.world.flights_from("LAX")}
    assert {edge.now.astimezone(zone).date() for zone in zones.values()} == {date(2026, 11, 23), date(2026, 11, 24)}
    offsets = {edge.now.astimezone(zone).utcoffset() for zone in zones.values()}
    assert {timedelta(hours=13), timedelta(hours=-10), timedelta(hours=5, minutes=45)} <= offsets


def test_the_date_line_is_crossed() -> None:
    edge = edge_worlds.across_the_date_line()
    flight = next(one for one in edge.world.flights_from("AKL") if one.to.iata == "HNL")
    leaves = flight.departure_on(datetime(2026, 11, 23, tzinfo=ZoneInfo("Pacific/Auckland")))
    lands = (leaves + timedelta(minutes=flight.minutes)).astimezone(ZoneInfo("Pacific/Honolulu"))
    assert lands.date() < date(2026, 11, 23)


def test_day_five_has_mornings_only() -> None:
    edge = edge_worlds.mornings_only_on_day_five()
    spot = edge.world.spot_of("LPA")
    day_five = edge.now.astimezone(spot.zone).date() + timedelta(days=5)
    assert day_five not in dates_with_the_high(edge.now, spot)
    assert day_five - timedelta(days=1) in dates_with_the_high(edge.now, spot)


@pytest.mark.parametrize("rows", [51, 501, 1234])
def test_there_are_as_many_routes_as_asked_for(rows: int) -> None:
    edge = edge_worlds.many_routes(rows)
    told = route_rows(edge.world.flights_from("VLC"))
    assert len(told) == len({(row["flight_iata"], row["dep_time"], row["arr_iata"]) for row in told}) == rows


def test_airports_in_range() -> None:
    edge = edge_worlds.nearer_but_less_popular()
    near = [airport for _, airport in edge.world.near(edge.lat, edge.lon, 120) if airport.iata]
    assert [airport.iata for airport in near[:2]] == ["CDT", "VLC"]
    nowhere = edge_worlds.none_in_range()
    assert nowhere.world.near(nowhere.lat, nowhere.lon, 500) == []


def test_thresholds_are_hit_exactly() -> None:
    edge = edge_worlds.exact_thresholds()
    hot = expected(edge.world, "VLC", MONDAY, accepts=lambda high_c: high_c >= 25)
    assert set(hot) == {"LPA", "FUE"}


def test_the_reference_merges_codeshares_and_rows() -> None:
    edge = edge_worlds.tangled_codeshares()
    assert [flight.code for flight in flights_on(edge.world, "VLC", MONDAY)] == ["ZZ500", "ZZ600", "ZZ412"]
    thursday = expected(edge.world, "VLC", MONDAY + timedelta(days=3))
    assert thursday["PMI"].flights == ("ZZ600 10:45",)
    assert set(thursday) == {"PMI", "AGP"}


async def test_the_reference_is_what_the_simulator_tells() -> None:
    """Merged as the documentation says, the rows of the simulator are the flights of the reference."""
    world = World(seed=9, destinations=15)
    async with AirLabsSimulator(world, plan="paid") as sim, httpx.AsyncClient(trust_env=False) as client:
        params: dict[str, Any] = {"api_key": KEY, "dep_iata": "FRA"}
        rows = (await client.get(f"{sim.url}/routes", params=params)).json()["response"]
    merged: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        number = row["cs_flight_iata"] or row["flight_iata"] or row["flight_icao"]
        merged.setdefault((number, row["arr_iata"], row["dep_time"]), set()).update(row["days"])
    told = sorted(f"{number} {dep} {to}" for (number, to, dep), days in merged.items() if "mon" in days)
    plain = [
        f"{one.code} {one.departs // 60:02d}:{one.departs % 60:02d} {one.to.iata}"
        for one in flights_on(world, "FRA", MONDAY)
    ]
    assert told == sorted(plain)


def test_rows_that_cross_midnight_and_the_seasons() -> None:
    world = World(seed=9)
    flight = edge_worlds.flight(world, "VLC", "LPA", departs=1390, updated=datetime(2026, 7, 1, tzinfo=UTC))
    (row,) = route_rows([flight])
    assert (row["dep_time"], row["dep_time_utc"]) == ("23:10", "21:10")
    assert row["arr_time"] < row["dep_time"]


def test_the_high_stands_long_enough_for_a_grid_of_six_hours() -> None:
    assert HIGH_TO_H - HIGH_FROM_H >= 6


async def test_all_services_at_once() -> None:
    async with Upstreams() as up:
        environment = up.environment(keys=("airlabs",))
        assert environment["WINDOWSEAT_AIRLABS_URL"] == up.airlabs.url
        assert environment["AIRLABS_API_KEY"] in CANARIES
        assert "GROQ_API_KEY" not in environment
        assert len(up.urls()) == 11
        assert up.urls()["met_norway_url"].endswith("/weatherapi/locationforecast/2.0")
        assert len({simulator.origin for simulator in up.by_name.values()}) == 11
        assert up.refusals == []
