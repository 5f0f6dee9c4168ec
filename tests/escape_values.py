"""Values of the escape pipeline for tests of single steps."""

import datetime
from typing import Any, cast

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Candidates, Departure, Destination, Forecast, Intent, Routes
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.sources import Sources
from backend.upstream import Upstreams

MONDAY = datetime.date(2026, 11, 23)


def no_services() -> Sources:
    """Sources when nobody outside is to be asked."""
    return Sources(EscapeSettings(), cast(Upstreams, None), offline=True)


def wish(**changed: Any) -> Intent:
    given = {"depart": MONDAY, "days_ahead": 1, "weather": "any", "said": "", **changed}
    return Intent(**given)


def leaving(iata: str, atlas: Atlas) -> Departure:
    airport = atlas.airport(iata)
    assert airport is not None
    return Departure(iata, airport.name, airport.city, airport.tz, airport.lat, airport.lon, 0)


def destination(iata: str, minutes: int = 100, **changed: Any) -> Destination:
    given: dict[str, Any] = {
        "iata": iata, "city": f"City of {iata}", "airport": f"{iata} Airport", "country": "Land", "lat": 1.0,
        "lon": 2.0, "km": 500, "minutes": minutes, "estimated": True, "airlines": ("Air",), "flights": (),
        "evidence": "route", "known": "route only", **changed,
    }  # fmt: skip
    return Destination(**given)


def flown(*destinations: Destination) -> Routes:
    return Routes(MONDAY, "c1", destinations)


def candidates(*destinations: Destination) -> Candidates:
    return Candidates(destinations)


def forecast(iata: str, high_c: float, spread_c: float = 2.0, *, fits: bool = True) -> Forecast:
    return Forecast(iata, high_c, spread_c, 10, "typical", "A", fits)
