"""A series of calls knows when asking on is of no use; failures are told as evidence."""

import asyncio
import time
from typing import Any

import pytest

from backend.pipelines.escape.sources.reading import Series, aged, ago, call_deadline, calling
from backend.upstream import Reply, UpstreamError
from tests.fake_context import NOON, FakeContext


async def run(errors: dict[int, str], count: int = 20, at_once: int = 1) -> tuple[list[int], Series]:
    """Which of ``count`` things were asked for, when those with a kind of error fail with it."""
    series, asked = Series(FakeContext(), 5.0), []

    async def ask(number: int) -> None:
        asked.append(number)
        await asyncio.sleep(0)
        if number in errors:
            raise UpstreamError("X", errors[number], "no")  # type: ignore[arg-type]  # kinds, in tables

    await series.each(range(count), ask, at_once)
    return asked, series


async def test_without_errors_all_are_asked_for() -> None:
    for at_once in (1, 3, 50):
        asked, series = await run({}, at_once=at_once)
        assert sorted(asked) == list(range(20))
        assert (series.errors, series.stopped) == ([], False)


@pytest.mark.parametrize(
    "kind", ["offline", "connect", "refused_key", "quota", "rate_limited", "circuit_open", "budget"]
)
async def test_after_what_all_would_meet_nothing_more_is_asked(kind: str) -> None:
    asked, series = await run({4: kind})
    assert asked == [0, 1, 2, 3, 4]
    assert series.stopped


@pytest.mark.parametrize("kind", ["http_4xx", "bad_payload", "timeout", "http_5xx"])
async def test_single_failures_cost_themselves_alone_but_three_in_a_row_are_enough(kind: str) -> None:
    asked, series = await run({2: kind, 5: kind, 9: kind})
    assert len(asked) == 20
    assert len(series.errors) == 3
    asked, series = await run(dict.fromkeys((4, 5, 6), kind))
    assert asked == list(range(7))


async def test_several_at_once_stop_soon() -> None:
    asked, _ = await run(dict.fromkeys(range(20), "connect"), at_once=4)
    assert len(asked) <= 4


async def test_a_bug_is_not_swallowed() -> None:
    async def ask(number: int) -> None:
        raise KeyError(number)

    with pytest.raises(ExceptionGroup) as caught:
        await Series(FakeContext(), 5.0).each([1], ask)
    assert isinstance(caught.value.exceptions[0], KeyError)


async def test_a_failed_call_says_what_went_wrong() -> None:
    ctx = FakeContext()
    with pytest.raises(UpstreamError):
        async with calling(ctx, "X", "forecast", place="LPA"):
            raise UpstreamError("X", "http_5xx", "X answered with an error (503)", status=503)
    (call,) = ctx.calls
    assert (call.status, call.text, call.request) == (503, "X answered with an error (503)", {"place": "LPA"})
    assert call.ended


def test_deadlines_are_the_nearer_of_the_calls_and_the_steps() -> None:
    soon = FakeContext(deadline=time.monotonic() + 1)
    assert call_deadline(soon) == soon.deadline
    assert call_deadline(FakeContext()) < time.monotonic() + 9
    series = Series(FakeContext(), 2.0)
    assert series.call_deadline() == series.deadline


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_400, "24 h"), (172_800, "2 days"),
     (-3, "0 s")],
)  # fmt: skip
def test_ages_in_words(seconds: float, said: str) -> None:
    assert ago(seconds) == said


def test_an_answer_from_memory_says_so_and_why_if_it_is_past_its_time() -> None:
    given: dict[str, Any] = {"status": 200, "headers": {}, "data": {}, "fetched_at": NOON}
    assert aged(Reply(**given)) == ""
    assert aged(Reply(**given, cached=True, age_s=120)) == ", kept for 2 min"
    late = Reply(
        **given, cached=True, age_s=7200, stale_because=UpstreamError("X", "timeout", "X didn't answer in time")
    )
    assert aged(late) == ", kept for 2 h, past its time: X didn't answer in time"
