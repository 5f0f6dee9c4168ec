import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Atlas, great_circle_km
from backend.pipelines.escape.atlas.build.sources import Sources

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("city", "busiest"),
    [
        ("London", "LHR"),
        ("Paris", "CDG"),
        ("New York", "JFK"),
        ("Milan", "MXP"),
        ("Tokyo", "HND"),
        ("Chicago", "ORD"),
        ("San Francisco", "SFO"),
        ("Rotterdam", "AMS"),
        ("Valencia", "VLC"),
    ],
)
@pytest.mark.parametrize("within_km", [100, 120])
def test_the_busiest_airport_near_a_city_comes_first(atlas: Atlas, city: str, busiest: str, within_km: int) -> None:
    place = atlas.find_place(city)[0]
    found = atlas.airports_near(place.lat, place.lon, within_km)
    assert found[0].airport.iata == busiest
    assert [near.airport.busyness for near in found] == sorted((n.airport.busyness for n in found), reverse=True)
    assert all(near.km <= within_km for near in found)


@given(lat=latitudes, lon=longitudes, within_km=st.floats(1, 3000))
def test_no_airport_in_range_is_missed_anywhere_on_the_globe(
    atlas: Atlas, lat: float, lon: float, within_km: float
) -> None:
    found = {near.airport.iata for near in atlas.airports_near(lat, lon, within_km)}
    assert found == {
        airport.iata
        for airport in atlas._airports.all
        if airport.nonstops and airport.busyness and great_circle_km(lat, lon, airport.lat, airport.lon) <= within_km
    }


def test_every_airport_of_the_source_is_there_with_its_figures(atlas: Atlas, sources: Sources) -> None:
    rows = list(sources.rows("airports.csv"))
    assert len(rows) == 4318
    for row in rows:
        airport = atlas.airport(row["iata"])
        assert airport is not None
        assert (airport.country, airport.tz, airport.name) == (row["country"], row["tz"], row["name"])
        assert airport.lat == pytest.approx(float(row["lat"]), abs=1e-5)
        assert airport.lon == pytest.approx(float(row["lon"]), abs=1e-5)
        assert airport.busyness == int(row["busyness"])
        assert airport.busyness_basis == row["busyness_basis"]
        assert airport.nonstops == int(row["nonstop_destinations"])
        assert airport.elevation_m == (int(row["elevation_m"]) if row["elevation_m"] else None)


def test_na_is_namibia_and_not_a_missing_value(atlas: Atlas) -> None:
    windhoek = atlas.airport("WDH")
    assert windhoek is not None
    assert (windhoek.country, windhoek.country_name, windhoek.continent) == ("NA", "Namibia", "AF")
    assert atlas.airport("JFK").continent == "NA"  # type: ignore[union-attr]  # JFK exists, or the test fails here


def test_an_airport_is_found_in_any_case_and_an_unknown_code_is_none(atlas: Atlas) -> None:
    assert atlas.airport("vlc") == atlas.airport("VLC")
    assert atlas.airport("QQQ") is None
    assert atlas.airport("") is None


@pytest.mark.parametrize(
    ("iata", "city"),
    [
        ("YYZ", "Toronto"),
        ("YUL", "Montréal"),
        ("IST", "Istanbul"),
        ("BOD", "Bordeaux"),
        ("BDO", "Bandung"),
        ("AGP", "Málaga"),
        ("ACE", "Lanzarote"),
        ("RDU", "Raleigh/Durham"),
        ("NRT", "Tokyo"),
    ],
)
def test_an_airport_is_shown_under_the_town_that_travellers_name(atlas: Atlas, iata: str, city: str) -> None:
    airport = atlas.airport(iata)
    assert airport is not None
    assert airport.city == city


def test_airports_go_by_their_icao_code_too(atlas: Atlas) -> None:
    valencia = atlas.airport_by_icao("levc")
    assert valencia is not None
    assert valencia.iata == "VLC"
    assert atlas.airport_by_icao("") is None
    assert atlas.airport_by_icao("XXXX") is None


def test_a_country_that_has_an_airport_has_a_name_and_a_continent(atlas: Atlas) -> None:
    assert atlas.country("es") == ("Spain", "EU")
    assert atlas.country("ZZ") is None
