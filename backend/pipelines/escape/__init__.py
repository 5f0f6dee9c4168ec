"""Where can I escape to? The page of the pipeline: its steps in reading order, each a function that asks for values.

The article behind it counts seven visible steps: reading the wish and placing the traveller are its one parallel step.
Days count from the traveller's today, so the wish waits at its very end (``Later``) for the place.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.checking import SourceReport
from backend.config import Config
from backend.pipeline import Option, Pipeline, Step
from backend.pipelines.escape.atlas import Atlas, attributions
from backend.pipelines.escape.models import Bands, Home
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.credits import live_attributions
from backend.pipelines.escape.sources.sources import Sources, open_sources
from backend.pipelines.escape.steps.departure import departure
from backend.pipelines.escape.steps.distances import distances
from backend.pipelines.escape.steps.locate import locate
from backend.pipelines.escape.steps.rank import rank
from backend.pipelines.escape.steps.routes import routes
from backend.pipelines.escape.steps.understand import understand
from backend.pipelines.escape.steps.weather import weather
from backend.pipelines.escape.steps.wish import read_wish
from shared.events import Column

# In the order of their worth: a narrow terminal cuts the right ones. At 80 columns a row still says where to, how long,
# how warm (and that this is only typical) and the flights to look for.
COLUMNS = (
    Column(key="city", label="City", kind="text"),
    Column(key="airport", label="Code", kind="code"),
    Column(key="duration", label="Flying", kind="duration"),
    Column(key="high", label="High", kind="temperature", unit="°C"),
    Column(key="weather", label="Weather", kind="text"),
    Column(key="flights", label="Flights", kind="list"),
    Column(key="rain", label="Rain", kind="percent", unit="%"),
    Column(key="country", label="Country", kind="text"),
    Column(key="evidence", label="Known from", kind="text"),
    Column(key="told_by", label="Weather from", kind="text"),
    Column(key="km", label="Distance", kind="integer", unit="km"),
    Column(key="score", label="Score", kind="integer"),
    Column(key="airlines", label="Airlines", kind="list"),
    Column(key="lat", label="Latitude", kind="latitude"),
    Column(key="lon", label="Longitude", kind="longitude"),
    Column(key="band", label="Band", kind="category"),
    Column(key="hours", label="Through the day", kind="series", unit="°C"),  # where there is a forecast
)


def bands_of(config: Config) -> Bands:
    """Where cold ends and hot begins, as it is set."""
    settings = config.of(EscapeSettings)
    return Bands(settings.cold_max_c, settings.hot_min_c)


def home_of(config: Config) -> Home:
    """Where the traveller is when nothing else says it, as it is set."""
    settings = config.of(EscapeSettings)
    return Home(settings.demo_lat, settings.demo_lon, settings.demo_city)


async def check_sources(resources: Mapping[Any, Any], deadline: float | None) -> Sequence[SourceReport]:
    """How the sources fare. Whoever asks that needs all of them loaded, whatever is set; a question doesn't."""
    from backend.pipelines.escape.sources import checking

    return await checking.check_sources(resources, deadline)


PIPELINE = Pipeline(
    name="escape",
    title="Where can I escape to?",
    columns=COLUMNS,
    steps=(
        Step("understand", "Understand the request", understand),  # Question -> Request
        Step("locate", "Place you on the map", locate),  # Request -> Place                      } at the
        Step("intent", "Read the wish", read_wish, attempts=2),  # Request, Later[Place] -> Intent           } same time
        Step("departure", "Choose the airport", departure),  # Place -> Departure
        Step("routes", "Look up non-stops", routes),  # Departure, Later[Intent] -> Routes
        Step("distances", "Measure distances", distances),  # Routes, Intent -> Candidates
        Step("weather", "Read the sky", weather),  # Candidates, Intent -> Forecasts
        Step("result", "Rank what is left", rank),  # Forecasts and all before -> Ranking
    ),
    # Each of them finds something in every month of the year (a test asks them all).
    examples=(
        "somewhere hot tomorrow, under 5 hours, from New York",
        "a mild weekend, max 4 hours, from Madrid",
        "cold and under 3 hours on Friday, from Oslo",
        "du soleil demain, moins de 7 heures, au départ de Paris",
        "Schnee am Freitag ab München, höchstens 3 Stunden",
    ),
    follows=("intent", "locate"),
    options=(Option("from", "where the journey starts: a city or an airport code"),),
    repeatable=True,  # every step only looks things up
    resources={
        Atlas: lambda config: Atlas.open(),
        Bands: bands_of,
        Home: home_of,
        Sources: open_sources,
    },
    settings=EscapeSettings,
    check=check_sources,
    attributions=lambda: [
        {"text": one.text, "data": one.data, "licence": one.licence, **({"url": one.url} if one.url else {})}
        for one in (*attributions(), *live_attributions())
    ],
)
