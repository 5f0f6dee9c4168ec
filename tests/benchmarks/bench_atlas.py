"""What the atlas costs: `python -m tests.benchmarks.bench_atlas`. Prints; never asserts, as machines differ.

Best of 200, CPU time, Python 3.11.7, SQLite 3.40.1, one of 2 shared cores (milliseconds): open 16; routes
with names, numbers and timetable VLC 0.13, LHR 0.27, ATL 0.58 (1,265 departures), IST 0.38 (270 routes);
climate of all their destinations 0.31, 0.57, 0.68, 0.93; find_place 0.03; airports_near 0.01; nearest_city
0.78; place_of_ip 0.75; all that one run asks 0.7 (Valencia) to 1.8 (Istanbul).
"""

import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from backend.pipelines.escape.atlas import Atlas, block_minutes
from tests.benchmarks.harness import Options, Row, alone

ROUNDS = 200
DAY = date(2026, 6, 20)


def best(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The shortest of ``rounds`` calls, in milliseconds of CPU time."""
    shortest = float("inf")
    for _ in range(rounds):
        start = time.process_time_ns()
        call()
        shortest = min(shortest, time.process_time_ns() - start)
    return shortest / 1e6


def whole_question(atlas: Atlas, city: str) -> int:
    """All that one run of the pipeline asks: place, airports, routes, distances, block times, climate."""
    place = atlas.find_place(city, tz="Europe/London")[0]
    airport = atlas.airports_near(place.lat, place.lon)[0].airport
    routes = atlas.routes_from(airport.iata)
    flown = [r for r in routes if not r.timetable or any(e.flies_on(5) is not False for e in r.timetable)]
    minutes = [r.block_min or block_minutes(airport, r.to, r.km) for r in flown]
    atlas.climates((r.to.iata for r in flown), DAY)
    return len(minutes)


def rows(options: Options) -> Iterator[Row]:
    def row(name: str, value: float, note: str = "") -> Row:
        return Row(name=f"atlas, {name}", value=value, unit="ms", note=note)

    yield row("open", best(lambda: Atlas.open().close(), 20))
    atlas = Atlas.open()
    for hub in ("VLC", "LHR", "ATL", "IST"):
        routes = atlas.routes_from(hub)
        codes = [route.to.iata for route in routes]
        entries = sum(len(route.timetable) for route in routes)
        yield row(f"routes from {hub}", best(partial(atlas.routes_from, hub)), f"{len(routes)}, {entries} departures")
        yield row(f"climates of them, {hub}", best(partial(atlas.climates, codes, DAY)))
    yield row("find_place", best(lambda: atlas.find_place("London", tz="Europe/London")))
    yield row("airports_near", best(lambda: atlas.airports_near(51.5, -0.1)))
    yield row("nearest_city", best(lambda: atlas.nearest_city(51.5, -0.1)))
    yield row("place_of_ip", best(lambda: atlas.place_of_ip("133.11.0.1")))
    for city in ("Valencia", "London", "Atlanta", "Istanbul"):
        yield row(f"all that a run asks, {city}", best(partial(whole_question, atlas, city)))


if __name__ == "__main__":
    alone(rows)
