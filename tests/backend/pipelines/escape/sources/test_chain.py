"""One source after another: each try on record, and what is told of those that failed."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from backend.errors import SourceError
from backend.pipeline import Call
from backend.pipelines.escape.sources.chain import Attempt, first_answer
from backend.upstream import UpstreamError
from tests.fake_context import FakeContext


def saying(value: int | None) -> Callable[[Call], Awaitable[int | None]]:
    async def ask(call: Call) -> int | None:
        call.text = f"it said {value}"
        return value

    return ask


def failing(status: int | None = 503, **more: object) -> Callable[[Call], Awaitable[int | None]]:
    async def ask(call: Call) -> int | None:
        raise UpstreamError("Thing", "http_5xx", "Thing fails", status=status, hint="Try the other.", retryable=True)

    return ask


async def test_the_first_that_answers_is_taken_and_no_other_asked() -> None:
    ctx = FakeContext()
    answer = await first_answer(
        ctx, [Attempt("A", "look", saying(1), {"at": "x"}), Attempt("B", "look", failing(), configured=True)]
    )
    assert answer is not None
    assert (answer.value, answer.source, answer.call, answer.failed) == (1, "A", "c1", ())
    assert [(call.source, call.operation, call.request, call.text) for call in ctx.calls] == [
        ("A", "look", {"at": "x"}, "it said 1")
    ]
    assert (ctx.degradations, ctx.logs) == ([], [])


async def test_no_answer_is_no_failure() -> None:
    ctx = FakeContext()
    attempts = [Attempt("A", "look", saying(None), configured=True), Attempt("B", "look", saying(2))]
    answer = await first_answer(ctx, attempts)
    assert answer is not None
    assert (answer.value, answer.source) == (2, "B")
    assert ctx.degradations == []
    assert await first_answer(ctx, attempts[:1]) is None
    assert await first_answer(ctx, []) is None


@pytest.mark.parametrize("configured", [True, False])
async def test_a_failure_is_on_record_and_degrades_only_where_somebody_asked_for_it(configured: bool) -> None:
    ctx = FakeContext()
    answer = await first_answer(
        ctx, [Attempt("A", "look", failing(), configured=configured), Attempt("B", "look", saying(2))]
    )
    assert answer is not None
    assert [str(error) for error in answer.failed] == ["Thing fails"]
    assert [(call.status, call.text) for call in ctx.calls] == [(503, "Thing fails"), ("ok", "it said 2")]
    assert ctx.degradations == (["Thing fails; B is used instead. Try the other."] if configured else [])


async def test_a_failure_without_an_answer_has_its_kind_as_status() -> None:
    ctx = FakeContext()
    await first_answer(ctx, [Attempt("A", "look", failing(None)), Attempt("B", "look", saying(2))])
    assert ctx.calls[0].status == "http_5xx"


async def test_when_the_last_one_was_asked_for_and_fails_the_step_does() -> None:
    ctx = FakeContext()
    attempts = [Attempt("A", "look", failing(), configured=True)]
    with pytest.raises(SourceError, match="Thing fails") as told:
        await first_answer(ctx, attempts)
    assert (told.value.code, told.value.hint, told.value.retryable) == ("503", "Try the other.", True)
    assert await first_answer(ctx, attempts, required=False) is None
    assert ctx.degradations == ["Thing fails; nothing else answered. Try the other."]
    assert await first_answer(ctx, [Attempt("A", "look", failing())]) is None


async def test_cancelling_goes_through() -> None:
    async def hanging(call: Call) -> int | None:
        await asyncio.Event().wait()
        return None

    ctx = FakeContext()
    asked = asyncio.create_task(first_answer(ctx, [Attempt("A", "look", hanging), Attempt("B", "look", saying(1))]))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert [call.source for call in ctx.calls] == ["A"]
