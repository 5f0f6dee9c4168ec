from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.pipelines.escape.atlas import SAMPLES, Atlas, Route, TimetableEntry
from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.routes import pack_month, unpack_month


def test_every_route_of_the_source_is_there_with_its_confidence_and_airlines(atlas: Atlas, sources: Sources) -> None:
    wanted = {(r["from"], r["to"]): r for r in sources.rows("routes.csv")}
    found = {(a.iata, r.to.iata): r for a in atlas._airports.all for r in atlas.routes_from(a.iata, 0.0)}
    assert len(found) == 53126
    assert found.keys() == wanted.keys()
    for pair, row in wanted.items():
        route = found[pair]
        assert route.confidence == float(row["confidence"])
        assert abs(route.km - float(row["km"])) <= 1 or "NBJ" in pair
        assert {carrier.code for carrier in route.carriers} == set(row["airlines"].split())
        month = row["last_change"]
        assert route.last_change == ((int(month[:4]), int(month[5:])) if month else None)


def test_flight_numbers_are_those_of_the_source_in_its_order_without_radio_callsigns(
    atlas: Atlas, sources: Sources
) -> None:
    wanted: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in sources.rows("flight_numbers.csv"):
        listed = wanted[row["from"], row["to"], row["airline"]]
        if row["is_flight_number"] == "1" and row["number"] not in listed:
            listed.append(row["number"])
    for origin in ("LHR", "VLC", "ATL", "IST", "DUB"):
        for route in atlas.routes_from(origin, 0.0):
            for carrier in route.carriers:
                assert list(carrier.numbers) == wanted[origin, route.to.iata, carrier.code]
                assert carrier.name
                assert all(number.isdecimal() for number in carrier.numbers)


def test_the_default_confidence_leaves_out_the_doubtful_routes(atlas: Atlas) -> None:
    assert len(atlas.routes_from("VLC")) == 91
    assert len(atlas.routes_from("vlc")) == 91
    assert len(atlas.routes_from("VLC", 0.3)) > 91
    assert all(route.confidence >= 0.45 for route in atlas.routes_from("VLC"))
    assert sum(len(atlas.routes_from(a.iata)) for a in atlas._airports.all) == 40814
    assert atlas.routes_from("VLC", 1.1) == []


def test_a_confidence_is_reached_by_the_routes_that_have_exactly_it(atlas: Atlas) -> None:
    for percent in range(30, 101):
        exact = [r for r in atlas.routes_from("IST", percent / 100) if r.confidence == percent / 100]
        assert exact == [r for r in atlas.routes_from("IST", 0.0) if r.confidence == percent / 100]


def test_routes_are_nearest_first_and_unknown_airports_have_none(atlas: Atlas) -> None:
    distances = [route.km for route in atlas.routes_from("LHR")]
    assert distances == sorted(distances)
    assert atlas.routes_from("QQQ") == []


def test_a_code_used_twice_names_the_airline_of_its_time(atlas: Atlas) -> None:
    assert atlas.airline_name("US") == "Silk Avia LLC"
    assert atlas.airline_name("US", in_timetable=True) == "US Airways"
    assert atlas.airline_name("BA", in_timetable=True) == atlas.airline_name("BA") == "British Airways"
    assert atlas.airline_name("??") is None


def test_timetables_hold_only_the_settled_samples_and_every_airline_has_a_name(atlas: Atlas) -> None:
    sources = set()
    for origin in ("ATL", "JFK", "SEA", "SFO", "ORD", "OAK", "EWR"):
        for route in atlas.routes_from(origin, 0.0):
            departures = [entry.dep_minute for entry in route.timetable]
            assert departures == sorted(departures)
            for entry in route.timetable:
                sources.add(entry.source)
                assert atlas.airline_name(entry.airline, in_timetable=True)
    assert sources == set(SAMPLES)
    assert not any(route.timetable for route in atlas.routes_from("HKG"))
    assert not any(route.timetable for route in atlas.routes_from("BOO"))


def test_no_departure_is_listed_twice(atlas: Atlas) -> None:
    for origin in ("ATL", "LAX", "SEA", "SFO", "JFK"):
        for route in atlas.routes_from(origin, 0.0):
            times = [(e.airline, e.dep_minute, e.arr_minute) for e in route.timetable]
            assert len(times) == len(set(times))
            assert len({(e.airline, e.source) for e in route.timetable}) == len({e.airline for e in route.timetable})


def test_merging_counts_every_departure_of_a_friday_exactly_once(atlas: Atlas, sources: Sources) -> None:
    flown = Counter(
        (row["from"], row["to"], row["airline"])
        for row in sources.rows("timetable_us.csv")
        if row["source"] == "US15" and "5" in row["days"]
    )
    listed = Counter(
        (airport.iata, route.to.iata, entry.airline)
        for airport in atlas._airports.all
        for route in atlas.routes_from(airport.iata, 0.0)
        for entry in route.timetable
        if entry.source == "US15" and 5 in entry.days
    )
    assert listed.total() == 15278
    assert all(flown[key] == count for key, count in listed.items())


def test_a_timetable_entry_keeps_the_times_and_days_of_the_sample(atlas: Atlas) -> None:
    route = _route(atlas, "OAK", "SLC")
    entry = next(e for e in route.timetable if e.flight == "DL388")
    assert (entry.dep, entry.arr, entry.block_min, entry.source) == ("06:00", "08:52", 112, "BAY19")
    assert entry.days == {1, 2, 3, 4, 5, 6, 7}
    assert entry.days_known
    assert (entry.valid_from.isoformat(), entry.valid_to.isoformat()) == ("2019-09-09", "2019-09-15")
    assert route.block_min == pytest.approx(110, abs=8)


def _route(atlas: Atlas, start: str, end: str) -> Route:
    return next(route for route in atlas.routes_from(start, 0.0) if route.to.iata == end)


def _entry(days: set[int], source: str) -> TimetableEntry:
    return TimetableEntry("XX", "1", 0, 60, 60, sum(1 << day for day in days), source)


@pytest.mark.parametrize(
    ("days", "weekday", "flies", "basis"),
    [
        ({5}, 5, True, "observed"),
        ({5}, 6, False, "observed"),
        ({6}, 5, False, "observed"),
        ({5}, 1, True, "inferred"),
        ({5}, 3, True, "inferred"),
        ({5}, 4, True, "inferred"),
        ({6}, 1, None, "unknown"),
        ({4}, 2, None, "unknown"),
        ({4}, 4, True, "observed"),
        ({6}, 4, None, "unknown"),
        ({5}, 7, None, "unknown"),
        ({7}, 7, True, "observed"),
    ],
)
def test_the_four_days_of_2015_say_what_they_can_about_each_weekday(
    days: set[int], weekday: int, flies: bool | None, basis: str
) -> None:
    entry = _entry(days, "US15")
    assert (entry.flies_on(weekday), entry.basis_on(weekday)) == (flies, basis)
    assert not entry.days_known


@given(st.sets(st.integers(1, 7), min_size=1), st.sampled_from(["NYC13", "SEA15", "BAY19"]), st.integers(1, 7))
def test_a_full_week_answers_for_every_day(days: set[int], source: str, weekday: int) -> None:
    entry = _entry(days, source)
    assert entry.days == days
    assert entry.days_known
    assert entry.flies_on(weekday) is (weekday in days)
    assert entry.basis_on(weekday) == "observed"


@pytest.mark.parametrize(
    ("entries", "weekday", "flies"),
    [
        ([({5}, "US15"), ({6}, "US15")], 6, True),
        ([({5}, "US15"), ({6}, "US15")], 1, True),
        ([({6}, "US15")], 5, False),
        ([({6}, "US15")], 1, None),
        ([({1}, "SEA15"), ({6}, "US15")], 3, None),
        ([({1}, "SEA15"), ({2}, "BAY19")], 3, False),
        ([], 3, None),
    ],
)
def test_a_route_flies_on_a_day_if_one_departure_does_and_not_if_none_can(
    atlas: Atlas, entries: list[tuple[set[int], str]], weekday: int, flies: bool | None
) -> None:
    timetable = tuple(_entry(days, source) for days, source in entries)
    route = replace(_route(atlas, "OAK", "SLC"), timetable=timetable)
    assert route.flies_on(weekday) is flies
    assert bool(route.departures_on(weekday)) is (flies is True)
    assert set(route.departures_on(weekday)) <= set(timetable)


@given(st.integers(2001, 2099), st.integers(1, 12))
def test_months_come_back_from_their_packing(year: int, month: int) -> None:
    assert unpack_month(pack_month(f"{year}-{month:02d}")) == (year, month)
    assert unpack_month(pack_month("")) is None
