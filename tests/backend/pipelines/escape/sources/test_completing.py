"""An airport that an upstream names, completed from the atlas."""

from typing import Any

import pytest

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.sources.completing import completed

FIELD: dict[str, Any] = {
    "name": "Nowhere Regional", "iata_code": "QZQ", "icao_code": "XXZQ", "lat": 37.31, "lng": -3.02,
    "country_code": "ES",
}  # fmt: skip


def test_what_the_atlas_has_is_the_atlas_own(bundled: Atlas) -> None:
    assert completed({"iata_code": "vlc", "name": "Something else", "lat": 0, "lng": 0}, bundled) == bundled.airport(
        "VLC"
    )


def test_what_it_lacks_gets_country_zone_and_city_from_there(bundled: Atlas) -> None:
    field = completed(FIELD, bundled)
    assert field is not None
    assert (field.name, field.city) == ("Nowhere Regional", "Guadix")
    assert (field.country_name, field.continent) == ("Spain", "EU")
    assert (field.tz, field.city_code, field.busyness_basis) == ("Europe/Madrid", "QZQ", "none")


def test_far_from_any_city_it_goes_by_its_own_name(bundled: Atlas) -> None:
    field = completed(FIELD | {"lat": -25.0, "lng": 130.0, "country_code": "AU"}, bundled)
    assert field is not None
    assert (field.city, field.country_name) == ("Nowhere Regional", "Australia")
    assert field.tz.startswith("Australia/")


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"city": "Baza", "city_code": "BZA", "timezone": "Europe/Paris"}, ("Baza", "BZA", "Europe/Paris")),
        ({"timezone": "Mars/Olympus"}, ("Guadix", "QZQ", "Europe/Madrid")),
        ({"timezone": "../../etc/passwd"}, ("Guadix", "QZQ", "Europe/Madrid")),
        ({"timezone": 5, "city": [], "city_code": "toolong"}, ("Guadix", "QZQ", "Europe/Madrid")),
        ({"country_code": "ZZ"}, ("Guadix", "QZQ", "Europe/Madrid")),
    ],
)
def test_what_it_says_itself_counts_where_it_can(
    bundled: Atlas, changed: dict[str, Any], kept: tuple[str, str, str]
) -> None:
    field = completed(FIELD | changed, bundled)
    assert field is not None
    assert (field.city, field.city_code, field.tz) == kept
    assert field.country_name == "Spain"


@pytest.mark.parametrize(
    "changed", [{"iata_code": None}, {"iata_code": "Q"}, {"lat": None}, {"lng": "3"}, {"lat": 91}, {"lng": -181}]
)
def test_without_code_or_position_there_is_no_airport(bundled: Atlas, changed: dict[str, Any]) -> None:
    assert completed(FIELD | changed, bundled) is None
