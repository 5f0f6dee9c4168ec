"""How far it is, and who is near enough. The first rows appear here."""

from collections.abc import Sequence
from typing import Any

from backend.pipeline import Context
from backend.pipelines.escape.models import Candidates, Destination, Distances, Intent, Measured, Routes
from shared.events import RowRemoval, RowUpsert

LEEWAY_MIN = 15
_LOOKED_UP = ("km", "flights", "airlines", "evidence")


async def distances(routes: Routes, wish: Intent, ctx: Context) -> Candidates:
    """Keeps what can be flown within the wish's hours and a quarter of an hour; says of each other why it is out."""
    limit = limit_minutes(wish.hours)
    ordered = sorted(routes.destinations, key=lambda one: (one.minutes, one.iata))
    near = [one for one in ordered if one.minutes <= limit]
    far = ordered[len(near) :]
    ctx.rows(
        _rows(ordered, routes.call),
        [
            RowRemoval(id=one.iata, why=f"{duration(one.minutes)} of flight: more than {duration_of(wish.hours)}")
            for one in far
        ],
    )
    if ordered:
        ctx.progress(len(ordered), len(ordered), "destinations")
    if any(one.estimated for one in near):
        count = sum(one.estimated for one in near)
        times = f"{count} flight times are" if count > 1 else "1 flight time is"
        ctx.log(f"{times} estimated from the distance: 90 % of estimates are within 15 min, over 4,000 km fewer.")
    if any(one.minutes > wish.hours * 60 for one in near):
        ctx.log(f"Up to {LEEWAY_MIN} min more than {duration_of(wish.hours)} are let pass.")
    ctx.detail(Distances(limit, measured(near), measured(far)))
    ctx.say(_counted(len(near), len(ordered), wish.hours))
    return Candidates(tuple(near), tuple(far))


def limit_minutes(hours: float) -> int:
    """The longest flight, in minutes, that a wish for up to ``hours`` accepts."""
    return round(hours * 60) + LEEWAY_MIN


def duration(minutes: int) -> str:
    """``185`` as ``3 h 5 min``, ``240`` as ``4 h``: as the reader understands it when it is typed again."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def duration_of(hours: float) -> str:
    """``4.0`` as ``4 h``, ``1.5`` as ``1 h 30 min``."""
    return duration(round(hours * 60))


def measured(destinations: Sequence[Destination]) -> tuple[Measured, ...]:
    return tuple(Measured(one.iata, one.city, one.km, one.minutes, one.estimated) for one in destinations)


def _counted(near: int, total: int, hours: float) -> str:
    within = f"within {duration_of(hours)} of flight"
    if near == total:
        all_of_them = {0: "None to measure", 1: f"It is {within}", 2: f"Both {within}"}
        return all_of_them.get(total, f"All {total} {within}")
    if total == 1:
        return f"It is not {within}"
    return f"{near or 'None'} of {total} {within}"


def _rows(destinations: Sequence[Destination], call: str) -> list[RowUpsert]:
    # What has one source shares its evidence: a dict for each of hundreds of rows is work for the garbage collector.
    evidence: dict[tuple[str, bool], dict[str, str]] = {}
    rows = []
    for one in destinations:
        known = one.call or call, one.estimated
        if known not in evidence:
            evidence[known] = dict.fromkeys(_LOOKED_UP if one.estimated else (*_LOOKED_UP, "duration"), known[0])
        rows.append(RowUpsert(id=one.iata, cells=_cells(one), state="provisional", from_=evidence[known]))
    return rows


def _cells(one: Destination) -> dict[str, Any]:
    return {
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
