"""The values that the steps of the escape pipeline hand to each other. Plain frozen data: no I/O.

Those that come by the hundred are ``gc=False``: they hold strings and numbers alone, and can be in no cycle.
"""

from backend.pipelines.escape.models.flights import (
    Candidates,
    Destination,
    Distances,
    EvidenceClass,
    LeftOut,
    Measured,
    Network,
    Routes,
)
from backend.pipelines.escape.models.places import AirportOption, Before, Departure, Home, Place, Request
from backend.pipelines.escape.models.results import Forecast, Forecasts, Loosening, Miss, Ranked, Ranking
from backend.pipelines.escape.models.wishes import Bands, Intent, Weather

__all__ = [
    "AirportOption",
    "Bands",
    "Before",
    "Candidates",
    "Departure",
    "Destination",
    "Distances",
    "EvidenceClass",
    "Forecast",
    "Forecasts",
    "Home",
    "Intent",
    "LeftOut",
    "Loosening",
    "Measured",
    "Miss",
    "Network",
    "Place",
    "Ranked",
    "Ranking",
    "Request",
    "Routes",
    "Weather",
]
