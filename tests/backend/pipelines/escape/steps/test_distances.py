"""Who is near enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.models import Distances
from backend.pipelines.escape.steps.distances import distances, duration, duration_of, limit_minutes
from tests.escape_values import destination, flown, wish
from tests.fake_context import FakeContext


@pytest.mark.parametrize(
    ("hours", "last", "first_out"),
    [(4.0, 255, 256), (1.5, 105, 106), (0.5, 45, 46), (2.25, 150, 151), (12.0, 735, 736)],
)
async def test_the_hours_and_a_quarter_are_in_and_a_minute_more_is_out(hours: float, last: int, first_out: int) -> None:
    ctx = FakeContext()
    found = await distances(flown(destination("FAR", first_out), destination("IN", last)), wish(hours=hours), ctx)
    assert [one.iata for one in found.destinations] == ["IN"]
    assert [one.iata for one in found.farther] == ["FAR"]
    assert ctx.states == {"IN": "provisional", "FAR": "removed"}
    assert ctx.removed == {"FAR": f"{duration(first_out)} of flight: more than {duration_of(hours)}"}
    assert ctx.outcome.limit_minutes == last == limit_minutes(hours)


@given(st.lists(st.integers(20, 1200), max_size=30), st.floats(0.5, 24))
async def test_everything_is_either_near_or_removed_with_a_reason(minutes: list[int], hours: float) -> None:
    ctx = FakeContext()
    all_of_them = [destination(f"D{number}", length) for number, length in enumerate(minutes)]
    found = await distances(flown(*all_of_them), wish(hours=hours), ctx)
    ordered = [one.minutes for one in (*found.destinations, *found.farther)]
    assert ordered == sorted(minutes)
    assert {one.iata for one in found.farther} == set(ctx.removed)
    assert set(ctx.cells) == {one.iata for one in all_of_them}
    assert all(one.minutes <= limit_minutes(hours) < two.minutes for one in found.destinations for two in found.farther)
    assert [done for done, _, _ in ctx.progressed] == ([len(minutes)] if minutes else [])


async def test_rows_name_their_evidence_and_the_detail_is_typed() -> None:
    ctx = FakeContext()
    await distances(flown(destination("AAA", estimated=False)), wish(), ctx)
    assert isinstance(ctx.outcome, Distances)
    assert ctx.cells["AAA"]["duration"] == 100
    assert ctx.cells["AAA"]["flights"] == []


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ([60], "It is within 2 h of flight"),
        ([999], "It is not within 2 h of flight"),
        ([60, 70], "Both within 2 h of flight"),
        ([60, 70, 80], "All 3 within 2 h of flight"),
        ([60, 999], "1 of 2 within 2 h of flight"),
        ([998, 999], "None of 2 within 2 h of flight"),
        ([], "None to measure"),
    ],
)
async def test_the_outcome_is_said_in_the_right_number(lengths: list[int], said: str) -> None:
    ctx = FakeContext()
    await distances(flown(*(destination(str(one), one) for one in lengths)), wish(hours=2.0), ctx)
    assert ctx.said == said


async def test_estimates_and_the_leeway_are_owned_up_to() -> None:
    ctx = FakeContext()
    await distances(flown(destination("A", 125), destination("B", 60, estimated=False)), wish(hours=2.0), ctx)
    assert [text for _, text in ctx.logs] == [
        "1 flight time is estimated from the distance: 90 % of estimates are within 15 min, over 4,000 km fewer.",
        "Up to 15 min more than 2 h are let pass.",
    ]


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "0 min"), (34, "34 min"), (60, "1 h"), (61, "1 h 1 min"), (240, "4 h"), (1439, "23 h 59 min")],
)
def test_durations_read_well(minutes: int, shown: str) -> None:
    assert duration(minutes) == shown
    assert duration_of(minutes / 60) == shown
