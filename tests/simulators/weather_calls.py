"""How the tests of the weather services ask."""

from datetime import UTC, datetime
from typing import Any, Final

from tests.simulators.world import World

AGENT: Final = {"User-Agent": "windowseat-tests/1 windowseat@example.org"}

# Tonga +13, Honolulu -10, Kathmandu +5:45, and both sides of Greenwich.
PLACES: Final = ("TBU", "HNL", "KTM", "VLC", "LPA", "JFK")
SAME_NUMBER: Final = "must have the same number of elements"
THREE: Final = {"latitude": "1,2,3", "longitude": "3,4,5"}
NOW: Final = datetime(2026, 11, 23, 10, 0, 7, tzinfo=UTC)


def at(world: World, iata: str, lat: str = "lat", lon: str = "lon", **more: Any) -> dict[str, Any]:
    airport = world.airport(iata)
    return {lat: airport.lat, lon: airport.lon, **more}
