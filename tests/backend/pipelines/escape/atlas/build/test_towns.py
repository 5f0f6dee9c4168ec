import pytest

from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.build.towns import Towns


def _airport(city: str, municipality: str = "", country: str = "FR", iata: str = "QQQ") -> dict[str, str]:
    about = {
        "iata": iata,
        "city": city,
        "municipality": municipality,
        "country": country,
        "name": "The Airport",
    }
    return about | {"lat": "0", "lon": "0"}


@pytest.fixture
def towns() -> Towns:
    return Towns(Sources(), lambda name, lat, lon: {"Malaga": "Málaga"}.get(name))


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (_airport("Bordeaux/Merignac"), "Bordeaux"),
        (_airport("Raleigh/Durham", country="US"), "Raleigh/Durham"),
        (_airport("Bandung, Java Island", country="ID"), "Bandung"),
        (_airport("Lanzarote Island", country="ES"), "Lanzarote"),
        (_airport("Malaga", country="ES"), "Málaga"),
        (_airport("", "Oulu / Oulunsalo", country="FI"), "Oulu"),
        (_airport("", ""), "The Airport"),
        (_airport("Mississauga", "Toronto", country="CA", iata="YYZ"), "Toronto"),
    ],
)
def test_the_town_shown_is_the_one_that_travellers_name(towns: Towns, row: dict[str, str], shown: str) -> None:
    assert towns.shown(row) == shown


def test_an_airport_is_found_by_all_its_towns_but_not_by_the_country_behind_a_comma(towns: Towns) -> None:
    assert towns.found_by(_airport("Metz / Nancy", "Metz / Nancy")) >= {"metz", "nancy"}
    assert "india" not in towns.found_by(_airport("Darbhanga, Bihar, India", country="IN"))
    assert towns.found_by(_airport("Cologne", "Köln (Cologne)", "DE")) >= {"cologne", "koln", "koeln"}
