"""The escape pipeline computed once more, plainly, from the CSV sources alone: what its tests compare with.

It must never import a step or the atlas: only their data files are shared.
"""

import csv
import datetime
import gzip
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal, TypeAlias

Row: TypeAlias = dict[str, str]
Pair: TypeAlias = tuple[str, str]
Why: TypeAlias = Literal["weekday", "same city", "hours", "weather"]

DATA = files("backend.pipelines.escape.atlas") / "data"
# data/README.md: which days of the week each sample saw whole.
WHOLE_DAYS = {"US15": "56", "NYC13": "1234567", "SEA15": "1234567", "BAY19": "1234567"}


def table(name: str) -> Iterator[Row]:
    with (DATA / f"{name}.csv.gz").open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


@dataclass
class Sources:
    airports: dict[str, Row]
    continents: dict[str, str]
    routes: defaultdict[str, list[Row]]
    timetable: defaultdict[Pair, list[Row]]
    minutes: dict[Pair, float]
    numbered: set[Pair]
    months: dict[tuple[str, int], Row]


@cache
def sources() -> Sources:
    routes: defaultdict[str, list[Row]] = defaultdict(list)
    for row in table("routes"):
        if float(row["confidence"]) >= 0.45:
            routes[row["from"]].append(row)
    timetable: defaultdict[Pair, list[Row]] = defaultdict(list)
    for row in table("timetable_us"):
        timetable[row["from"], row["to"]].append(row)
    flown: defaultdict[Pair, list[tuple[float, int]]] = defaultdict(list)
    for row in table("block_times"):
        flown[row["from"], row["to"]].append((float(row["block_min_mean"]), int(row["flights"])))
    return Sources(
        airports={row["iata"]: row for row in table("airports")},
        continents={row["code"]: row["continent"] for row in table("countries")},
        routes=routes,
        timetable=timetable,
        minutes={pair: sum(m * n for m, n in seen) / sum(n for _, n in seen) for pair, seen in flown.items()},
        numbered={(row["from"], row["to"]) for row in table("flight_numbers") if row["is_flight_number"] == "1"},
        months={(row["iata"], int(row["month"])): row for row in table("airport_climate")},
    )


@dataclass
class Wish:
    """``low``/``high`` are limits of the day's high in °C; ``strict`` excludes them (the band between cold and hot)."""

    origin: str
    day: datetime.date
    hours: float
    low: float | None = None
    high: float | None = None
    strict: bool = False

    def accepts(self, temperature: float) -> bool:
        if self.strict:
            assert self.low is not None
            assert self.high is not None
            return self.low < temperature < self.high
        return (self.low is None or temperature >= self.low) and (self.high is None or temperature <= self.high)


@dataclass
class Expected:
    order: list[str] = field(default_factory=list)
    removed: dict[str, Why] = field(default_factory=dict)
    minutes: dict[str, int] = field(default_factory=dict)
    highs: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    scores: dict[str, int] = field(default_factory=dict)


def expected(wish: Wish) -> Expected:
    answer = Expected()
    data = sources()
    limit = round(wish.hours * 60) + 15
    for route in data.routes[wish.origin]:
        to, pair = route["to"], (wish.origin, route["to"])
        departures = merged(newest_of_each_airline(data.timetable[pair]))
        flown = [row for row in departures if may_fly(row, wish.day.isoweekday())]
        if departures and not flown:
            answer.removed[to] = "weekday"
            continue
        if data.airports[to]["city_code"] == data.airports[wish.origin]["city_code"]:
            answer.removed[to] = "same city"
            continue
        answer.evidence[to] = "timetable" if flown else "network" if pair in data.numbered else "route"
        answer.minutes[to] = round(flight_minutes(pair, flown))
        if answer.minutes[to] > limit:
            answer.removed[to] = "hours"
            continue
        answer.highs[to] = round(on_day(to, wish.day, "tmax_c"), 1)
        if not wish.accepts(answer.highs[to]):
            answer.removed[to] = "weather"
            continue
        answer.scores[to] = score(wish, answer, to, limit)
    answer.order = sorted(answer.scores, key=lambda to: (-answer.scores[to], answer.minutes[to], to))
    return answer


def newest_of_each_airline(rows: list[Row]) -> list[Row]:
    newest = {row["airline"]: row["valid_from"] for row in sorted(rows, key=lambda row: row["valid_from"])}
    return [row for row in rows if row["valid_from"] == newest[row["airline"]]]


def merged(rows: list[Row]) -> list[Row]:
    """One row a departure: the same airline and number within 20 minutes, or the same airline at the same times."""
    kept: list[Row] = []
    for row in sorted(rows, key=lambda row: (row["days"].count("-"), row["dep"], row["arr"], row["flight"])):
        for other in kept:
            if row["airline"] == other["airline"] and is_same_departure(row, other):
                other["days"] = "".join(sorted(set(other["days"] + row["days"]) - {"-"}))
                break
        else:
            kept.append(dict(row))
    return kept


def is_same_departure(row: Row, other: Row) -> bool:
    if row["flight"] == other["flight"]:
        return abs(minute(row["dep"]) - minute(other["dep"])) <= 20
    return (row["dep"], row["arr"]) == (other["dep"], other["arr"])


def minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def may_fly(row: Row, weekday: int) -> bool:
    """Everything but a flight that the sample would have seen on that day and didn't."""
    return str(weekday) in row["days"] or str(weekday) not in WHOLE_DAYS[row["source"]]


def flight_minutes(pair: Pair, flown: list[Row]) -> float:
    if flown:
        return sum(int(row["block_min"]) for row in flown) / len(flown)
    if pair in sources().minutes:
        return sources().minutes[pair]
    return estimate(pair, great_circle(pair))


def great_circle(pair: Pair) -> int:
    """Haversine, R = 6371 km; the routes' own lengths are wrong for the new airport of Luanda."""
    (lat1, lon1), (lat2, lon2) = (
        (math.radians(float(sources().airports[code]["lat"])), math.radians(float(sources().airports[code]["lon"])))
        for code in pair
    )
    part = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return round(2 * 6371 * math.atan2(math.sqrt(part), math.sqrt(1 - part)))


def estimate(pair: Pair, km: int) -> float:
    """The block-time formula of data/README.md, section 2."""
    origin, to = (sources().airports[code] for code in pair)
    east_degrees = (float(to["lon"]) - float(origin["lon"]) + 540) % 360 - 180
    lat = (float(origin["lat"]) + float(to["lat"])) / 2
    east = east_degrees * 111.2 * math.cos(math.radians(lat)) * min(abs(lat) / 45, 1)
    east = min(max(east, -4200), 4200)
    minutes = 30.6 + 0.0980 * min(km, 600) + 0.0738 * min(max(km - 600, 0), 3400) + 0.067 * max(km - 4000, 0)
    ends = {origin["country"], to["country"]}
    europe = any(sources().continents[one] == "EU" and one not in ("RU", "BY") for one in ends)
    return minutes - 0.0096 * east + (150 if europe and ends & {"JP", "KR"} else 0)


def on_day(iata: str, day: datetime.date, column: str, unknown: float | None = None) -> float:
    """A monthly value on the straight line between the middles of two months."""
    middles: list[tuple[float, int]] = []
    for shift in (-1, 0, 1):
        first = datetime.date(day.year + (day.month - 1 + shift) // 12, (day.month - 1 + shift) % 12 + 1, 1)
        after = datetime.date(first.year + first.month // 12, first.month % 12 + 1, 1)
        middles.append(((first.toordinal() + after.toordinal() - 1) / 2, first.month))
    at = day.toordinal()
    for (left, before), (right, month) in pairwise(middles):
        if left <= at <= right:
            texts = [sources().months[iata, which][column] for which in (before, month)]
            if "" in texts and unknown is not None:
                return unknown
            a, b = (round(float(text) * 10) for text in texts)
            return (a + (b - a) * ((at - left) / (right - left))) / 10
    raise AssertionError("a day lies between the middles of two months")


def score(wish: Wish, answer: Expected, to: str, limit: int) -> int:
    spread = max(round(on_day(to, wish.day, "sd_daily_c", unknown=3.0), 1), 0.1)
    below = 0.0 if wish.low is None else normal((wish.low - answer.highs[to]) / spread)
    upto = 1.0 if wish.high is None else normal((wish.high - answer.highs[to]) / spread)
    share = {"timetable": 1.0, "network": 0.6, "route": 0.2}[answer.evidence[to]]
    return round(50 * (upto - below) + 35 * max(0.0, 1 - answer.minutes[to] / limit) + 15 * share)


def normal(z: float) -> float:
    return (1 + math.erf(z / math.sqrt(2))) / 2
