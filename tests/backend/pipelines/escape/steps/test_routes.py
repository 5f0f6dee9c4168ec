"""Which non-stops are flown on the day, and how well each is known."""

import datetime

import pytest

from backend.errors import StepError
from backend.pipelines.escape.atlas import Atlas, great_circle_km
from backend.pipelines.escape.models import Routes
from backend.pipelines.escape.steps.routes import routes
from tests.escape_values import MONDAY, leaving, no_services, wish
from tests.fake_context import FakeContext, Now


async def look_up(bundled: Atlas, iata: str, day: datetime.date = MONDAY) -> tuple[Routes, FakeContext]:
    ctx = FakeContext()
    return await routes(leaving(iata, bundled), Now(wish(depart=day)), no_services(), bundled, ctx), ctx


@pytest.mark.parametrize("iata", ["JFK", "SEA", "LHR", "AAL", "DXB", "HND"])
async def test_numbers_of_a_pair_never_share_their_digits(bundled: Atlas, iata: str) -> None:
    found, _ = await look_up(bundled, iata)
    for one in found.destinations:
        digits = ["".join(filter(str.isdigit, flight[2:].partition(" ")[0])).lstrip("0") for flight in one.flights]
        assert one.evidence == "timetable" or len(set(digits)) == len(digits)
        assert len(one.flights) <= 3
        assert (not one.flights) == (one.evidence == "route")


async def test_another_airport_of_the_own_city_is_no_escape(bundled: Atlas) -> None:
    found, ctx = await look_up(bundled, "CDG")
    assert "ORY" not in {one.iata for one in found.destinations}
    assert ctx.removed["ORY"] == "another airport of the city that you leave from"


async def test_distances_are_great_circles(bundled: Atlas) -> None:
    for iata in ("VLC", "LHR", "SYD"):
        origin = bundled.airport(iata)
        assert origin is not None
        for one in (await look_up(bundled, iata))[0].destinations:
            assert one.km == pytest.approx(great_circle_km(origin.lat, origin.lon, one.lat, one.lon), abs=1.5)


async def test_only_the_removed_are_told_as_rows_and_evidence_has_the_sources_date(bundled: Atlas) -> None:
    found, ctx = await look_up(bundled, "JFK", MONDAY + datetime.timedelta(days=1))
    assert found.left_out
    assert ctx.removed == {out.iata: out.why for out in found.left_out}
    assert set(ctx.cells) == set(ctx.removed)
    assert ctx.said == f"{len(found.destinations)} non-stop destinations on Tuesday, {len(found.left_out)} left out"
    (call,) = ctx.calls
    assert (found.call, call.as_of) == (call.id, "2026-08-19")
    assert datetime.date.fromisoformat(call.as_of or "").year == 2026


async def test_a_day_is_claimed_only_where_a_timetable_tells_it(bundled: Atlas) -> None:
    _, ctx = await look_up(bundled, "VLC")
    assert ctx.said == "91 non-stop destinations, weekdays not known"
    assert ctx.logs == [("info", "Without a timetable, so that times and weekdays are not known: 91.")]


async def test_an_airport_without_routes_is_a_clear_failure(bundled: Atlas) -> None:
    with pytest.raises(StepError, match="No non-stop flight from") as caught:
        await look_up(bundled, "AAA")
    assert (caught.value.code, caught.value.hint) == ("no_routes", "Start from another airport.")
