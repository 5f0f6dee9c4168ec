from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Atlas, great_circle_km
from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.places import _cell_ranges, cell_of


@pytest.mark.parametrize(
    ("tz", "name", "country"),
    [
        ("Europe/Madrid", "Madrid", "ES"),
        ("Europe/Amsterdam", "Amsterdam", "NL"),
        ("America/New_York", "New York City", "US"),
        ("US/Eastern", "New York City", "US"),
        ("Asia/Calcutta", "Kolkata", "IN"),
        ("Europe/Kiev", "Kyiv", "UA"),
        ("Africa/Asmera", "Asmara", "ER"),
        ("Iceland", "Reykjavík", "IS"),
        ("GB", "London", "GB"),
        ("Asia/Shanghai", "Shanghai", "CN"),
        ("Africa/Windhoek", "Windhoek", "NA"),
        ("America/Nome", "Nome", "US"),
    ],
)
def test_a_time_zone_is_the_city_that_it_is_named_after(atlas: Atlas, tz: str, name: str, country: str) -> None:
    place = atlas.place_of_tz(tz)
    assert place is not None
    assert (place.name, place.country, place.matched) == (name, country, tz)


@pytest.mark.parametrize(
    "tz", ["UTC", "Etc/UTC", "Etc/GMT+3", "EST", "CET", "Mars/Olympus", "", "europe/madrid", "\ud800", "\x00"]
)
def test_zones_without_a_place_and_unknown_ones_are_none(atlas: Atlas, tz: str) -> None:
    assert atlas.place_of_tz(tz) is None


def test_every_time_zone_with_a_region_has_a_place(atlas: Atlas) -> None:
    regions = (
        "Africa/",
        "America/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
        "US/",
    )
    zones = {tz for tz in available_timezones() if tz.startswith(regions)}
    # Hamlets and atolls without a row in the tables, and zones newer than those.
    missing = {tz for tz in zones if atlas.place_of_tz(tz) is None}
    assert len(missing) < 10, missing


@pytest.mark.parametrize(
    ("lat", "lon", "name"),
    [
        (51.5, -0.1, "London"),
        (48.86, 2.35, "Paris"),
        (40.7, -74.0, "New York City"),
        (39.47, -0.37, "Valencia"),
        (51.66, -0.40, "Watford"),
        (35.68, 139.76, "Tokyo"),
        (-17.8, 179.99, "Nasinu"),
        (-16.6, -179.9, "Labasa"),
        (89.9, 0, "Longyearbyen"),
        (-90, 0, "Ushuaia"),
    ],
)
def test_a_position_goes_by_its_nearest_city_of_some_size(atlas: Atlas, lat: float, lon: float, name: str) -> None:
    assert atlas.nearest_city(lat, lon).name == name


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), (float("nan"), 0), (0, float("inf"))])
def test_an_impossible_position_is_refused(atlas: Atlas, lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="is not a position"):
        atlas.nearest_city(lat, lon)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_cell_is_always_among_those_round_it(lat: float, lon: float) -> None:
    for reach in (1, 4, 16):
        assert any(first <= cell_of(lat, lon) <= last for first, last in _cell_ranges(lat, lon, reach))


@given(st.floats(-60, 60), st.floats(-180, 180), st.floats(-0.999, 0.999), st.floats(-0.999, 0.999))
def test_what_is_within_a_degree_is_in_the_cells_round_it(lat: float, lon: float, north: float, east: float) -> None:
    other = cell_of(lat + north, (lon + east + 180) % 360 - 180)
    assert any(first <= other <= last for first, last in _cell_ranges(lat, lon, 1))


def test_no_city_is_missed_on_a_grid_over_land(atlas: Atlas, sources: Sources) -> None:
    cities = [(float(row["lat"]), float(row["lon"])) for row in sources.rows("cities.csv")]
    for lat, lon in ((47.5, 8.5), (-33.9, 18.4), (64.1, -21.9), (35.0, 135.0), (19.4, -155.3), (71.0, 25.8)):
        nearest = min(great_circle_km(lat, lon, *city) for city in cities)
        found = atlas.nearest_city(lat, lon)
        assert great_circle_km(lat, lon, found.lat, found.lon) <= nearest + 25
