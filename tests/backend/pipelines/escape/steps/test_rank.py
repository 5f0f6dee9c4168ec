"""The order, the stated score, and the answer when nothing fits."""

import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Bands, Candidates, Forecasts, Intent, Loosening, Ranking, Routes
from backend.pipelines.escape.steps.distances import distances
from backend.pipelines.escape.steps.rank import chance, rank
from backend.pipelines.escape.steps.routes import routes
from backend.pipelines.escape.steps.weather import weather
from tests.escape_values import MONDAY, candidates, destination, flown, forecast, leaving, no_services, wish
from tests.fake_context import FakeContext, Now

BANDS = Bands()


async def ranked(
    bundled: Atlas,
    near: Candidates,
    sky: Forecasts,
    asked: Intent,
    among: Routes | None = None,
) -> tuple[Ranking, FakeContext]:
    ctx = FakeContext()
    for one in near.destinations:
        ctx.cells[one.iata] = {}
    among = among or flown(*near.destinations, *near.farther)
    return await rank(among, near, sky, asked, bundled, BANDS, ctx), ctx


async def whole(bundled: Atlas, iata: str, asked: Intent) -> tuple[Ranking, FakeContext]:
    """From the airport to the answer, every step for real."""
    start = leaving(iata, bundled)
    among = await routes(start, Now(asked), no_services(), bundled, FakeContext())
    ctx = FakeContext()
    near = await distances(among, asked, ctx)
    sky = await weather(near, asked, no_services(), bundled, BANDS, FakeContext(cells=ctx.cells))
    return await ranked(bundled, near, sky, asked, among)


def loosened(asked: Intent, way: Loosening) -> Intent:
    changed: dict[str, Any] = {}
    if way.min_c is not None or way.max_c is not None:
        changed |= {"min_c": way.min_c, "max_c": way.max_c}
    if way.hours is not None:
        changed["hours"] = way.hours
    if way.depart is not None:
        changed["depart"] = way.depart
    return msgspec.structs.replace(asked, **changed)


async def test_the_score_is_what_the_explanation_says(bundled: Atlas) -> None:
    near = candidates(destination("AAA", 60, evidence="timetable"), destination("BBB", 255, evidence="route"))
    sky = Forecasts(MONDAY, (forecast("AAA", 25.0), forecast("BBB", 45.0)))
    found, ctx = await ranked(bundled, near, sky, wish(weather="hot", hours=4.0))
    first, second = found.ranked
    assert (first.iata, first.wish, first.flight, first.evidence, first.score) == ("AAA", 25.0, 26.8, 15.0, 67)
    assert (second.iata, second.wish, second.flight, second.evidence, second.score) == ("BBB", 50.0, 0.0, 3.0, 53)
    assert {iata: cells["score"] for iata, cells in ctx.cells.items()} == {"AAA": 67, "BBB": 53}
    assert ctx.ordered == ("AAA", "BBB")
    assert ("info", found.explained) in ctx.logs


async def test_equal_scores_go_by_the_shorter_flight_and_then_by_code(bundled: Atlas) -> None:
    near = candidates(destination("CCC", 101), destination("BBB", 100), destination("AAA", 101))
    sky = Forecasts(MONDAY, tuple(forecast(one, 21.0) for one in ("CCC", "BBB", "AAA")))
    found, _ = await ranked(bundled, near, sky, wish())
    assert len({one.score for one in found.ranked}) == 1
    assert [one.iata for one in found.ranked] == ["BBB", "AAA", "CCC"]


@given(st.floats(-40, 50), st.floats(0, 10), st.none() | st.floats(-40, 50), st.none() | st.floats(-40, 50))
def test_a_chance_is_between_nothing_and_certainty(
    high: float, spread: float, low: float | None, top: float | None
) -> None:
    if low is not None and top is not None and low > top:
        low, top = top, low
    assert 0.0 <= chance(forecast("AAA", high, spread), low, top) <= 1.0


def test_a_chance_is_even_at_the_threshold_and_certain_for_any_weather() -> None:
    assert chance(forecast("AAA", 25.0), 25.0, None) == 0.5
    assert chance(forecast("AAA", 25.0, 0.0), None, 25.0) == 0.5
    assert chance(forecast("AAA", 25.0), None, None) == 1.0
    assert chance(forecast("AAA", 22.5, 2.5), 20.0, 25.0) == pytest.approx(0.6827, abs=1e-4)


@pytest.mark.parametrize(
    ("cities", "said"),
    [
        (["Rome"], "1 place: Rome"),
        (["Rome", "Oslo"], "2 places, the best first: Rome, Oslo"),
        (["London", "London", "Oslo"], "3 places, the best first: London (A), London (B), Oslo"),
        (["Rome", "Oslo", "Bari", "Nice"], "4 places, the best first: Rome, Oslo, Bari"),
    ],
)
async def test_the_answer_is_said_in_the_right_number(bundled: Atlas, cities: list[str], said: str) -> None:
    codes = "ABCD"[: len(cities)]
    near = candidates(*(destination(code, 100, city=city) for code, city in zip(codes, cities, strict=True)))
    sky = Forecasts(MONDAY, tuple(forecast(code, 21.0) for code in codes))
    assert (await ranked(bundled, near, sky, wish()))[1].said == said


async def test_nothing_that_fits_names_the_nearest_and_what_does_find_something(bundled: Atlas) -> None:
    found, ctx = await whole(bundled, "VLC", wish(weather="hot", hours=4.0))
    assert found.ranked == ()
    assert ctx.ordered == ()
    assert [one.why for one in found.misses] == [
        "typically 24.8 °C: not hot",
        "typically 24.0 °C: not hot",
        "typically 23.8 °C: not hot",
    ]
    assert ctx.said == (
        "Nothing fits; the nearest: Tenerife 24.8 °C, Lanzarote 24.0 °C, Gran Canaria 23.8 °C."
        " Try to accept 24.8 °C (Tenerife), or leave on 12 April 2027 (Marrakech, 25.9 °C)"
    )


async def test_weather_that_is_nothing_like_the_wish_is_only_suggested_where_nothing_else_is(bundled: Atlas) -> None:
    _, ctx = await whole(bundled, "OSL", wish(weather="hot", hours=2.0))
    assert "Try to fly for up to " in (ctx.said or "")
    assert "accept" not in (ctx.said or "")
    _, ctx = await whole(bundled, "LYR", wish(min_c=45.0, hours=0.5))
    assert " and accept " in (ctx.said or "")


WISHES = st.builds(
    wish,
    depart=st.dates(datetime.date(2026, 11, 23), datetime.date(2027, 12, 31)),
    hours=st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]),
    weather=st.sampled_from(["hot", "cold", "normal", "any"]),
    min_c=st.none() | st.sampled_from([5.0, 18.0, 30.0, 45.0]),
    max_c=st.none() | st.sampled_from([50.0, 55.0]),
)
AIRPORTS = st.sampled_from(["VLC", "OSL", "LHR", "HNL", "PPG", "DVL", "HDN", "USH", "MLU", "SGF", "TRF", "LYR", "SIN"])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(AIRPORTS, WISHES)
@example("DVL", wish(depart=datetime.date(2026, 11, 28)))
@example("HDN", wish(depart=datetime.date(2026, 11, 27), weather="hot", hours=1.0))
@example("OSL", wish(weather="hot", hours=1.0))
@example("USH", wish(min_c=45.0, max_c=50.0))
async def test_whatever_is_suggested_finds_a_place_when_it_is_asked(bundled: Atlas, iata: str, asked: Intent) -> None:
    found, ctx = await whole(bundled, iata, asked)
    assert bool(found.ranked) != bool(found.loosen)
    assert bool(found.ranked) or "Try to " in (ctx.said or "")
    for way in found.loosen:
        again, _ = await whole(bundled, iata, loosened(asked, way))
        assert way.iata in {one.iata for one in again.ranked}, way.say
        assert way.city in way.say


async def test_no_day_is_suggested_that_could_not_be_asked_for(bundled: Atlas) -> None:
    asked = {"weather": "hot", "hours": 4.0, "depart": datetime.date(2028, 1, 20)}
    near, _ = await whole(bundled, "VLC", wish(**asked, days_ahead=1))
    far, _ = await whole(bundled, "VLC", wish(**asked, days_ahead=729))
    assert [way.depart is None for way in near.loosen] == [True, False]
    assert [way.depart for way in far.loosen] == [None]


async def test_a_day_without_flights_suggests_the_day_that_has_some(bundled: Atlas) -> None:
    days = [datetime.date(2026, 11, 23) + datetime.timedelta(days=ahead) for ahead in range(7)]
    answers = {day: await whole(bundled, "HDN", wish(depart=day)) for day in days}
    empty = [(found, ctx) for found, ctx in answers.values() if not found.ranked]
    assert empty
    for found, ctx in empty:
        assert (ctx.said or "").startswith("Nothing is known to fly on a ")
        (way,) = found.loosen
        assert way.depart is not None
        assert f"leave on {way.depart:%A}" in way.say


async def test_too_few_hours_suggest_the_hours_of_the_nearest(bundled: Atlas) -> None:
    found, ctx = await whole(bundled, "LYR", wish(hours=0.5))
    (way,) = found.loosen
    assert (ctx.said or "").startswith("Nothing is within 30 min of flight. Try to fly for up to ")
    assert way.hours is not None


async def test_where_no_part_alone_helps_they_are_loosened_together(bundled: Atlas) -> None:
    found, _ = await whole(bundled, "LYR", wish(min_c=45.0, hours=0.5))
    (way,) = found.loosen
    assert way.hours is not None
    assert way.min_c is not None
    assert " and accept " in way.say
