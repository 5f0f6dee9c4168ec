"""How far it is, and who is near enough. The first rows appear here."""

from backend.pipeline import Context
from backend.pipelines.escape.models import Candidates, Destination, Intent, LeftOut, Routes
from shared.events import RowRemoval, RowUpsert

LEEWAY_MIN = 15


async def distances(routes: Routes, wish: Intent, ctx: Context) -> Candidates:
    """Keeps what can be flown within the wish's hours and a quarter of an hour; says of each other why it is out."""
    limit = round(wish.hours * 60) + LEEWAY_MIN
    near: list[Destination] = []
    far: list[Destination] = []
    for destination in sorted(routes.destinations, key=lambda one: one.minutes):
        (near if destination.minutes <= limit else far).append(destination)
    left_out = [
        LeftOut(one.iata, one.city, f"{duration(one.minutes)} of flight: more than {hours_in_words(wish.hours)}")
        for one in far
    ]
    ctx.rows(
        [_row(one, routes.call) for one in (*near, *far)], [RowRemoval(id=out.iata, why=out.why) for out in left_out]
    )
    ctx.progress(len(routes.destinations), len(routes.destinations), "destinations")
    estimated = sum(one.estimated for one in near)
    if estimated:
        ctx.log(f"{estimated} flight times are estimated from the distance; 90 % of such estimates are within 15 min.")
    ctx.say(f"{len(near)} of {len(routes.destinations)} within {hours_in_words(wish.hours)}")
    return Candidates(tuple(near), tuple(left_out), nearest_miss=far[0].minutes if far else None)


def duration(minutes: int) -> str:
    """``185`` as ``3 h 05``."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d}" if hours else f"{rest} min"


def hours_in_words(hours: float) -> str:
    """``4.0`` as ``4 h``, ``1.5`` as ``1 h 30``."""
    return f"{hours:g} h" if hours == int(hours) else duration(round(hours * 60))


def _row(one: Destination, call: str) -> RowUpsert:
    cells = {
        "city": one.city,
        "airport": one.iata,
        "country": one.country,
        "km": one.km,
        "duration": one.minutes,
        "flights": list(one.flights),
        "airlines": list(one.airlines[:4]),
        "evidence": one.known,
        "lat": one.lat,
        "lon": one.lon,
    }
    return RowUpsert(id=one.iata, cells=cells, state="provisional", from_=dict.fromkeys(("flights", "km"), call))
