"""An airport that an upstream names, completed from the atlas: free plans know neither its city nor its time zone."""

from zoneinfo import ZoneInfo

from backend.pipelines.escape.atlas import Airport, Atlas, great_circle_km
from backend.pipelines.escape.sources import fields
from backend.pipelines.escape.sources.fields import Json

IN_TOWN_KM = 30.0
"""An airport so near to a city goes by its name."""


def completed(row: Json, atlas: Atlas) -> Airport | None:
    """The atlas' airport of that code, else one made of the row; None without code or position.

    What the row doesn't know is taken from the nearest city of the atlas.
    """
    iata = fields.iata(row.get("iata_code"))
    if iata is None:
        return None
    if (known := atlas.airport(iata)) is not None:
        return known
    lat, lon = fields.number(row.get("lat"), -90, 90), fields.number(row.get("lng"), -180, 180)
    if lat is None or lon is None:
        return None
    near = atlas.nearest_city(lat, lon)
    country = fields.code(row.get("country_code")) or near.country
    country_name, continent = atlas.country(country) or (near.country_name, "")
    name = fields.text(row.get("name")) or f"{near.name} ({iata})"
    is_in_town = great_circle_km(lat, lon, near.lat, near.lon) <= IN_TOWN_KM
    return Airport(
        iata=iata,
        icao=fields.code(row.get("icao_code")) or "",
        name=name,
        city=fields.text(row.get("city")) or (near.name if is_in_town else name),
        city_code=fields.iata(row.get("city_code")) or iata,
        country=country,
        country_name=country_name,
        continent=continent,
        lat=lat,
        lon=lon,
        elevation_m=None,
        tz=_zone(row.get("timezone")) or _zone(near.tz) or "UTC",
        busyness=0,
        busyness_basis="none",
        nonstops=0,
    )


def _zone(name: object) -> str | None:
    """The name, if it is a time zone."""
    if not isinstance(name, str):
        return None
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, KeyError):  # not found is a KeyError, "../x" a ValueError, "Europe" an OSError
        return None
