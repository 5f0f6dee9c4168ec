"""The live pipeline's answer computed once more, plainly, from the invented world: what its tests compare with.

It must never import a step, a source or the atlas' queries: only the world, and the CSV tables behind the climate.
"""

import datetime
import math
from collections import defaultdict
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tests.escape_reference import Wish, normal, on_day, sources
from tests.simulators.flights import Flight
from tests.simulators.world import World

RANGE_KM = 120


@dataclass
class LiveExpected:
    origin: str = ""
    order: list[str] = field(default_factory=list)
    removed: dict[str, str] = field(default_factory=dict)
    minutes: dict[str, int] = field(default_factory=dict)
    flights: dict[str, list[str]] = field(default_factory=dict)
    highs: dict[str, float] = field(default_factory=dict)
    rain: dict[str, int] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    scores: dict[str, int] = field(default_factory=dict)


def busiest_near(world: World, lat: float, lon: float) -> str:
    """The airport with a code that most people use, of those in range; of equals the nearer."""
    near = [(km, one) for km, one in world.near(lat, lon, RANGE_KM) if one.iata]
    best = max(near, key=lambda pair: (pair[1].popularity or 0, -pair[0]))[1]
    assert best.iata is not None
    return best.iata


def expected(world: World, wish: Wish, now: datetime.datetime) -> LiveExpected:
    """``now`` is an instant in UTC; ``wish.origin`` the airport that is left from."""
    answer = LiveExpected(wish.origin)
    limit = round(wish.hours * 60) + 15
    home = world.airport(wish.origin)
    by_destination: defaultdict[str, list[Flight]] = defaultdict(list)
    for flight in world.flights_from(wish.origin):
        by_destination[flight.to.key].append(flight)
    for to, flights in by_destination.items():
        if city_code(world, to) == city_code(world, wish.origin):
            answer.removed[to] = "same city"
            continue
        flown = [flight for flight in flights if wish.day.weekday() in days(flight)]
        if not flown:
            answer.removed[to] = "weekday"
            continue
        sure = [flight for flight in flown if is_sure(flight, now.date())]
        answer.evidence[to] = "live" if sure else "doubtful"
        shown = sorted(sure or flown, key=lambda flight: (flight.departs, flight.code))
        answer.flights[to] = [f"{one.code} {one.departs // 60:02d}:{one.departs % 60:02d}" for one in shown]
        answer.minutes[to] = round(sum(flight.minutes for flight in shown) / len(shown))
        if answer.minutes[to] > limit:
            answer.removed[to] = "hours"
            continue
        answer.highs[to] = world.high(to, wish.day)
        answer.rain[to] = world.rain_chance(to, wish.day)
        if not wish.accepts(answer.highs[to]):
            answer.removed[to] = "weather"
            continue
        answer.scores[to] = score(world, wish, answer, to, limit, now)
    assert home.iata == wish.origin
    answer.order = sorted(answer.scores, key=lambda to: (-answer.scores[to], answer.minutes[to], to))
    return answer


def city_code(world: World, iata: str) -> str:
    return (
        sources().airports[iata]["city_code"] if iata in sources().airports else world.airport(iata).city_code or iata
    )


def days(flight: Flight) -> set[int]:
    """Weekdays (Monday is 0) that any row tells: that of the operator, if it is there, or of who sells the flight."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    told = set(flight.days) if flight.listed else set()
    for share in flight.codeshares:
        told |= set(share.days)
    return {names.index(name) for name in told}


def is_sure(flight: Flight, today: datetime.date) -> bool:
    """Seen within a year, and more than twice: a row of who sells it tells of three times at most."""
    counts = [flight.counter] if flight.listed else []
    counts += [min(flight.counter, 3) for _ in flight.codeshares]
    return max(counts) > 2 and (today - flight.updated.date()).days <= 366


def score(world: World, wish: Wish, answer: LiveExpected, to: str, limit: int, now: datetime.datetime) -> int:
    today = now.astimezone(ZoneInfo(world.airport(to).tz)).date()
    spread = 1.0 + 0.35 * max(0, (wish.day - today).days)
    if to in sources().airports:
        # No forecast is worse than what the climate alone says.
        usual = on_day(to, wish.day, "sd_daily_c", unknown=math.inf)
        spread = min(spread, usual)
    spread = max(round(spread, 1), 0.1)
    below = 0.0 if wish.low is None else normal((wish.low - answer.highs[to]) / spread)
    upto = 1.0 if wish.high is None else normal((wish.high - answer.highs[to]) / spread)
    share = {"live": 1.0, "doubtful": 0.4}[answer.evidence[to]]
    return round(50 * (upto - below) + 35 * max(0.0, 1 - answer.minutes[to] / limit) + 15 * share)
