"""The atlas: airports, routes, climate and places of the world, in one read-only file beside this code.

Asked by any thread; it never goes outside, and never answers with more than its sources say.
"""

from backend.pipelines.escape.atlas.atlas import Atlas
from backend.pipelines.escape.atlas.attributions import attributions
from backend.pipelines.escape.atlas.database import AtlasError
from backend.pipelines.escape.atlas.geo import block_minutes, great_circle_km
from backend.pipelines.escape.atlas.records import (
    SAMPLES,
    Airport,
    Attribution,
    Carrier,
    Climate,
    NearAirport,
    PlaceMatch,
    Route,
    Sample,
    TimetableEntry,
)

__all__ = [
    "SAMPLES",
    "Airport",
    "Atlas",
    "AtlasError",
    "Attribution",
    "Carrier",
    "Climate",
    "NearAirport",
    "PlaceMatch",
    "Route",
    "Sample",
    "TimetableEntry",
    "attributions",
    "block_minutes",
    "great_circle_km",
]
