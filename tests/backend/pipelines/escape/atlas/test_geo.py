from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backend.pipelines.escape.atlas import Airport, Atlas, block_minutes, great_circle_km
from backend.pipelines.escape.atlas.build.sources import Sources

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_symmetric_and_never_more_than_half_the_globe(
    lat1: float, lon1: float, lat2: float, lon2: float
) -> None:
    there = great_circle_km(lat1, lon1, lat2, lon2)
    assert there == pytest.approx(great_circle_km(lat2, lon2, lat1, lon1), abs=1e-6)
    assert 0 <= there <= 6371 * pi + 1e-6


@given(latitudes, longitudes)
def test_a_full_turn_of_longitude_changes_no_distance(lat: float, lon: float) -> None:
    assert great_circle_km(lat, lon, 10, 20) == pytest.approx(great_circle_km(lat, lon + 360, 10, 20), abs=1e-6)


def test_a_quarter_of_the_equator_is_a_quarter_of_the_circumference() -> None:
    assert great_circle_km(0, 0, 0, 90) == pytest.approx(6371 * pi / 2)
    assert great_circle_km(90, 0, -90, 0) == pytest.approx(6371 * pi)


def test_distances_agree_with_the_route_table_but_for_an_airport_mended_after_it(
    atlas: Atlas, sources: Sources
) -> None:
    differing = set()
    for row in sources.rows("routes.csv"):
        start, end = _airport(atlas, row["from"]), _airport(atlas, row["to"])
        if abs(great_circle_km(start.lat, start.lon, end.lat, end.lon) - float(row["km"])) > 1:
            differing.add((start.iata, end.iata))
    assert all("NBJ" in pair for pair in differing)


def test_block_times_are_as_close_to_real_timetables_as_the_fit_promises(atlas: Atlas, sources: Sources) -> None:
    errors = [
        abs(block_minutes(_airport(atlas, row["from"]), _airport(atlas, row["to"])) - float(row["block_min_mean"]))
        for row in sources.rows("block_times.csv")
    ]
    assert len(errors) == 4471
    assert sum(errors) / len(errors) < 7.3
    assert sorted(errors)[int(len(errors) * 0.9)] < 15


def test_eastbound_over_the_atlantic_is_faster_and_crossing_the_date_line_is_no_turn_round_the_globe(
    atlas: Atlas,
) -> None:
    london, york = _airport(atlas, "LHR"), _airport(atlas, "JFK")
    assert block_minutes(london, york) - block_minutes(york, london) > 45
    tokyo, honolulu = _airport(atlas, "HND"), _airport(atlas, "HNL")
    assert block_minutes(tokyo, honolulu) < block_minutes(honolulu, tokyo)


@pytest.mark.parametrize(
    ("european", "other", "detour"),
    [
        ("LHR", "HND", 150),
        ("HEL", "ICN", 150),
        ("SVO", "NRT", 0),
        ("LHR", "PVG", 0),
        ("JFK", "HND", 0),
    ],
)
def test_only_europe_and_japan_or_korea_detour_round_russia_both_ways(
    atlas: Atlas, european: str, other: str, detour: int
) -> None:
    start, end = _airport(atlas, european), _airport(atlas, other)
    elsewhere = replace(start, continent="AF", country="XX")
    assert block_minutes(start, end) - block_minutes(elsewhere, end) == pytest.approx(detour)
    assert block_minutes(end, start) - block_minutes(end, elsewhere) == pytest.approx(detour)


def _airport(atlas: Atlas, iata: str) -> Airport:
    airport = atlas.airport(iata)
    assert airport is not None, iata
    return airport
