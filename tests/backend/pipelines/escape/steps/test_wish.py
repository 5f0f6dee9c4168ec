"""The wish, read on the traveller's own day."""

import datetime
from collections.abc import AsyncIterator

import pytest

from backend.config import Config
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.models import Bands, Place, Request
from backend.pipelines.escape.reader.dates import FORECAST_DAYS
from backend.pipelines.escape.sources import open_meteo
from backend.pipelines.escape.sources.sources import Sources, open_sources
from backend.pipelines.escape.steps.wish import read_wish
from tests.fake_context import FakeContext, Now

BANDS = Bands()
SUNDAY = datetime.date(2026, 11, 22)


@pytest.fixture
async def sources() -> AsyncIterator[Sources]:
    """Those of a server without a network: no language model is asked."""
    async with open_sources(Config(offline=True)) as opened:
        yield opened


def place(today: datetime.date, basis: str = "a test") -> Now[Place]:
    return Now(Place("Here", "Land", 0.0, 0.0, "UTC", today, basis))


async def test_days_count_from_the_day_where_the_traveller_is(bundled: Atlas, sources: Sources) -> None:
    for day in (datetime.date(2026, 11, 22), datetime.date(2026, 12, 31), datetime.date(2028, 2, 28)):
        ctx = FakeContext()
        wish = await read_wish(Request("somewhere hot tomorrow"), place(day), BANDS, bundled, sources, ctx)
        assert wish.depart == day + datetime.timedelta(days=1)
        assert ctx.calls[0].text == f"Read with today being {day:%A} {day.day} {day:%B}"
        assert ctx.said == wish.said


async def test_what_was_assumed_and_what_was_ignored_is_said(bundled: Atlas, sources: Sources) -> None:
    ctx = FakeContext()
    wish = await read_wish(Request("hot blorp from Rome"), place(SUNDAY), BANDS, bundled, sources, ctx)
    lines = [text for _, text in ctx.logs]
    assert lines == [*(f"Assumed: {one}" for one in wish.assumed), "Not used: “blorp”"]
    assert len(wish.assumed) == 2


async def test_a_day_beyond_any_forecast_is_allowed_and_said_to_be_typical(bundled: Atlas, sources: Sources) -> None:
    ctx = FakeContext()
    wish = await read_wish(Request("hot in three weeks"), place(SUNDAY), BANDS, bundled, sources, ctx)
    assert wish.days_ahead == 21
    assert "typical weather: a forecast doesn't reach that far" in (ctx.said or "")


@pytest.mark.parametrize(("days", "is_beyond"), [(6, False), (15, False), (16, True)])
async def test_a_day_that_some_service_foresees_is_not_called_typical(
    bundled: Atlas, sources: Sources, days: int, is_beyond: bool
) -> None:
    ctx = FakeContext()
    await read_wish(Request(f"hot in {days} days"), place(SUNDAY), BANDS, bundled, sources, ctx)
    assert ("typical" in (ctx.said or "")) == is_beyond
    assert FORECAST_DAYS == open_meteo.DAYS - 1  # the one that sees farthest, today included


async def test_a_question_that_says_nothing_gets_the_defaults(bundled: Atlas, sources: Sources) -> None:
    for text in ("?", "…", "42", "🏝️🏝️🏝️", "a" * 2000):
        ctx = FakeContext()
        wish = await read_wish(Request(text), place(SUNDAY), BANDS, bundled, sources, ctx)
        assert (wish.weather, wish.hours, wish.days_ahead) == ("any", 12.0, 1)
        assert ctx.logs


async def test_hot_is_what_the_server_was_set_to(bundled: Atlas, sources: Sources) -> None:
    ctx = FakeContext()
    wish = await read_wish(Request("hot, but at most 22 degrees"), place(SUNDAY), Bands(5, 18), bundled, sources, ctx)
    assert (wish.weather, wish.max_c) == ("hot", 22)
    assert (ctx.said or "").startswith("Hot (18 to 22 °C) tomorrow")


async def test_a_guessed_origin_that_led_nowhere_is_not_said_to_be_the_start(bundled: Atlas, sources: Sources) -> None:
    asked = Request("Zorbulon, Friday, hot", "Zorbulon", origin_guessed=True)
    ctx = FakeContext()
    wish = await read_wish(asked, place(SUNDAY, "as the server is set"), BANDS, bundled, sources, ctx)
    assert wish.origin is None
    assert "Zorbulon" not in (ctx.said or "")
    assert ("info", "Not used: “Zorbulon”") in ctx.logs
    found = await read_wish(asked, place(SUNDAY, "from your question"), BANDS, bundled, sources, FakeContext())
    assert found.origin == "Zorbulon"
