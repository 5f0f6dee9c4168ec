"""The whole pipeline against a plain computation from the CSV sources: the same rows, reasons, order and figures."""

import datetime

import pytest

from tests.escape_reference import (
    Expected,
    Wish,
    expected,
    is_same_departure,
    may_fly,
    newest_of_each_airline,
    sources,
)
from tests.escape_runs import Answer, Asker

SUNDAY = datetime.date(2026, 11, 22)
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORIGINS = ("VLC", "LHR", "JFK", "ATL", "HND", "SYD", "OSL", "SFO", "SEA")
WISHES = {
    "hot": (25.0, None, False),
    "cold": (None, 20.0, False),
    "mild weather": (20.0, 25.0, True),
    "any weather": (None, None, False),
    "between 12 and 22 degrees": (12.0, 22.0, False),
}


def kind(why: str) -> str:
    if "another airport of the city" in why:
        return "same city"
    if "no flight on a" in why:
        return "weekday"
    return "hours" if " of flight: more than " in why else "weather"


def check(answer: Answer, wanted: Expected) -> None:
    assert answer.end.status == "ok"
    assert {iata: kind(why) for iata, why in answer.removed().items()} == wanted.removed
    assert list(answer.end.order or ()) == wanted.order
    rows = {row.id: row.cells for row in answer.view.rows if row.state == "confirmed"}
    assert set(rows) == set(wanted.order)
    assert {iata: cells["duration"] for iata, cells in rows.items()} == {to: wanted.minutes[to] for to in rows}
    assert {iata: cells["high"] for iata, cells in rows.items()} == {to: wanted.highs[to] for to in rows}
    assert {iata: cells["score"] for iata, cells in rows.items()} == wanted.scores
    assert {iata: cells["evidence"].split()[0] for iata, cells in rows.items()} == {
        to: wanted.evidence[to] for to in rows
    }


@pytest.mark.parametrize("day", range(1, 8), ids=DAY_NAMES)
@pytest.mark.parametrize("origin", ORIGINS)
async def test_rows_reasons_and_order_are_those_of_the_sources(asker: Asker, origin: str, day: int) -> None:
    depart = SUNDAY + datetime.timedelta(days=day)
    words, (low, high, strict) = list(WISHES.items())[(day + ORIGINS.index(origin)) % len(WISHES)]
    hours = (3, 4.5, 7, 12, 20)[(day * 3 + ORIGINS.index(origin)) % 5]
    answer = await asker.ask(f"{words} on {depart:%-d %B %Y}, up to {hours} hours", {"from": origin})
    intent = answer.detail("intent")
    assert (intent["depart"], intent["hours"]) == (depart.isoformat(), hours)
    check(answer, expected(Wish(origin, depart, hours, low, high, strict)))


@pytest.mark.parametrize(("month", "origin"), [(2, "LHR"), (6, "VLC"), (7, "JFK"), (12, "SYD"), (1, "ATL")])
async def test_every_season_is_that_of_the_sources(asker: Asker, month: int, origin: str) -> None:
    depart = datetime.date(2027, month, 15)
    answer = await asker.ask(f"hot on {depart:%-d %B %Y}, up to 9 hours, from {origin}")
    check(answer, expected(Wish(origin, depart, 9, 25.0)))


@pytest.mark.parametrize("origin", ["JFK", "SFO", "SEA", "ATL"])
async def test_no_time_and_no_number_is_invented(asker: Asker, origin: str) -> None:
    for ahead in range(1, 8):
        depart = SUNDAY + datetime.timedelta(days=ahead)
        answer = await asker.ask(f"any weather on {depart:%-d %B %Y}, up to 24 hours", {"from": origin})
        for row in answer.view.rows:
            if row.state == "confirmed":
                check_flights(origin, row.id, row.cells, depart.isoweekday())


def check_flights(origin: str, to: str, cells: dict[str, object], weekday: int) -> None:
    flights = cells["flights"]
    assert isinstance(flights, list)
    assert len(flights) <= 3
    listed = newest_of_each_airline(sources().timetable[origin, to])
    times = [flight.partition(" ")[2] for flight in flights]
    if not str(cells["evidence"]).startswith("timetable"):
        assert times == [""] * len(flights)
        return
    assert flights
    assert times == sorted(times)
    for flight in flights:
        code, _, clock = flight.partition(" ")
        real = [row for row in listed if row["airline"] + row["flight"] == code and row["dep"] == clock]
        assert real, f"{flight} is nowhere in the timetable"
        same = [row for row in listed if row["airline"] == real[0]["airline"] and is_same_departure(row, real[0])]
        assert any(may_fly(row, weekday) for row in same), f"{flight} is known not to fly on that day"
