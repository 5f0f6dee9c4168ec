"""What the engine does when steps fail: retries, optional steps, time limits, bugs, and text that can't be sent."""

import asyncio
import logging
import time
from typing import Any

import pytest

from backend.errors import StepError
from backend.pipeline import Context, Later, Step
from backend.runs import engine
from backend.runs.manager import Limits
from shared import events as ev
from tests.asked_runs import First, Second, Third, ask, pipeline_of


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RETRY_BASE_S", 0.002)


async def first(ctx: Context) -> First:
    return First(1)


async def for_ever(*_: object) -> Any:
    await asyncio.Event().wait()


def failing_until(good_attempt: int, **error: Any) -> Any:
    tries = 0

    async def run(ctx: Context) -> First:
        nonlocal tries
        tries += 1
        if tries < good_attempt:
            raise StepError(f"Try {tries} failed.", retryable=True, **error)
        return First(tries)

    return run


async def test_a_retryable_failure_is_followed_by_another_attempt_and_says_when() -> None:
    story = await ask(pipeline_of(Step("a", "A", failing_until(3, code="http_503", hint="Wait."), attempts=3)))
    first_end, second_end, last = story.ends("a")
    assert [end.attempt for end in (first_end, second_end, last)] == [1, 2, 3]
    assert (first_end.status, first_end.say) == ("failed", "Try 1 failed.")
    assert first_end.error == ev.ErrorInfo(code="http_503", message="Try 1 failed.", hint="Wait.", retryable=True)
    assert first_end.retry_in_ms is not None
    assert second_end.retry_in_ms is not None
    assert (last.status, last.retry_in_ms, story.finished.status) == ("ok", None, "ok")


async def test_a_step_may_ask_for_its_next_attempt_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RETRY_BASE_S", 1_000)
    monkeypatch.setattr(engine, "RETRY_CAP_S", 1_000)
    story = await ask(pipeline_of(Step("a", "A", failing_until(2, retry_in_s=0), attempts=2)))
    assert [end.retry_in_ms for end in story.ends("a")] == [0, None]
    assert story.finished.status == "ok"


async def test_a_step_that_asks_for_another_attempt_gets_none_beyond_its_last_nor_unless_it_may_help() -> None:
    story = await ask(pipeline_of(Step("a", "A", failing_until(3, retry_in_s=0), attempts=2)))
    assert [end.retry_in_ms for end in story.ends("a")] == [0, None]

    async def hopeless(ctx: Context) -> First:
        raise StepError("Hopeless.", retry_in_s=0)

    story = await ask(pipeline_of(Step("a", "A", hopeless, attempts=2)))
    assert [end.retry_in_ms for end in story.ends("a")] == [None]


async def test_an_attempt_knows_how_the_one_before_it_failed() -> None:
    known: list[ev.ErrorInfo | None] = []

    async def failing(ctx: Context) -> First:
        known.append(ctx.failure)
        if ctx.attempt == 1:
            raise StepError("No.", code="http_503", hint="Wait.", retryable=True)
        if ctx.attempt == 2:
            raise StepError("Not yet.", retryable=True)
        return First(ctx.attempt)

    await ask(pipeline_of(Step("a", "A", failing, attempts=3)))
    assert known == [
        None,
        ev.ErrorInfo(code="http_503", message="No.", hint="Wait.", retryable=True),
        ev.ErrorInfo(code="failed", message="Not yet.", retryable=True),
    ]


async def test_the_last_attempt_that_fails_ends_the_step() -> None:
    story = await ask(pipeline_of(Step("a", "A", failing_until(9), attempts=2)))
    assert [(end.status, end.retry_in_ms is None) for end in story.ends("a")] == [("failed", False), ("failed", True)]
    assert story.finished.status == "failed"
    assert story.finished.error == story.ends("a")[-1].error
    assert story.finished.say == "Try 2 failed."


async def test_a_failure_that_is_not_retryable_is_not_repeated() -> None:
    async def run(ctx: Context) -> First:
        raise StepError("No place.", code="no_place")

    story = await ask(pipeline_of(Step("a", "A", run, attempts=5)))
    assert len(story.ends("a")) == 1


async def test_what_a_superseded_attempt_said_of_rows_is_void() -> None:
    tries = 0

    async def run(ctx: Context) -> First:
        nonlocal tries
        tries += 1
        ctx.rows([ev.RowUpsert(id=f"r{tries}", cells={"n": tries}, state="confirmed")])
        ctx.order(["r1", "r2"])
        if tries == 1:
            raise StepError("Again.", retryable=True)
        return First(1)

    story = await ask(pipeline_of(Step("a", "A", run, attempts=2)))
    assert [row.id for row in story.view.rows] == ["r2"]
    assert story.finished.order == ("r2",)


async def test_a_required_failure_cancels_the_siblings_and_lets_them_clean_up() -> None:
    cleaned: list[str] = []
    under_way = asyncio.Event()

    async def sibling(ctx: Context) -> Second:
        try:
            under_way.set()
            return await for_ever()  # type: ignore[no-any-return]  # it never returns
        finally:
            await asyncio.sleep(0)
            cleaned.append("sibling")

    async def failing(ctx: Context) -> First:
        await under_way.wait()
        raise StepError("It broke.", code="broken", hint="Mend it.")

    async def third(a: First, b: Second) -> Third:
        raise AssertionError("it must not begin")

    story = await ask(pipeline_of(Step("a", "A", failing), Step("b", "B", sibling), Step("c", "C", third)))
    assert cleaned == ["sibling"]
    assert [(end.step, end.status, end.attempt) for end in story.all(ev.StepFinished)] == [
        ("a", "failed", 1),
        ("b", "cancelled", 1),
        ("c", "skipped", 0),
    ]
    assert story.finished.error == ev.ErrorInfo(code="broken", message="It broke.", hint="Mend it.", retryable=False)


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
async def test_an_optional_failure_gives_none_and_makes_the_run_partial(late: bool) -> None:
    got: list[object] = []

    async def failing(ctx: Context) -> First:
        raise StepError("No luck.")

    async def at_once(a: First | None) -> Second:
        got.append(a)
        return Second(1)

    async def later(a: Later[First | None]) -> Second:
        got.append(await a)
        return Second(1)

    story = await ask(pipeline_of(Step("a", "A", failing, optional=True), Step("b", "B", later if late else at_once)))
    assert got == [None]
    assert (story.finished.status, story.finished.degraded, story.finished.error) == ("partial", ("a",), None)


async def test_a_degraded_step_makes_the_run_partial_and_says_why() -> None:
    async def run(ctx: Context) -> First:
        ctx.degraded("The source was closed.")
        return First(1)

    story = await ask(pipeline_of(Step("a", "A", run)))
    assert story.ends("a")[0].status == "degraded"
    assert (story.finished.status, story.finished.degraded) == ("partial", ("a",))
    assert [(notice.kind, notice.text) for notice in story.all(ev.RunNotice)] == [
        ("degraded", "The source was closed.")
    ]


async def test_what_degrades_two_steps_is_told_once_and_both_are_degraded() -> None:
    async def first(ctx: Context) -> First:
        ctx.degraded("The key is refused.")
        return First(1)

    async def second(a: First, ctx: Context) -> Second:
        ctx.degraded("The key is refused.")
        ctx.degraded("The list is cut.")
        return Second(1)

    story = await ask(pipeline_of(Step("a", "A", first), Step("b", "B", second)))
    assert [notice.text for notice in story.all(ev.RunNotice)] == ["The key is refused.", "The list is cut."]
    assert [line.step for line in story.all(ev.StepLog)] == ["a", "b", "b"]
    assert story.finished.degraded == ("a", "b")


async def test_rows_that_nobody_confirmed_make_the_run_partial() -> None:
    async def run(ctx: Context) -> First:
        ctx.rows([ev.RowUpsert(id="r", cells={"n": 1}, state="provisional")])
        return First(1)

    story = await ask(pipeline_of(Step("a", "A", run)))
    assert (story.finished.status, story.finished.degraded) == ("partial", ("a",))


# ---- time limits


async def test_a_step_that_takes_too_long_fails_by_name() -> None:
    async def slow() -> First:
        return await for_ever()  # type: ignore[no-any-return]  # it never returns

    story = await ask(pipeline_of(Step("a", "Look around", slow, timeout_s=0.01)))
    error = story.finished.error
    assert error is not None
    assert (error.code, error.message) == ("timeout", "“Look around” took longer than its 0.01 s")


async def test_the_deadline_of_the_run_ends_what_is_under_way_and_says_so() -> None:
    async def slow(ctx: Context) -> First:
        return await for_ever()  # type: ignore[no-any-return]  # it never returns

    async def second(a: First) -> Second:
        raise AssertionError("it must not begin")

    story = await ask(pipeline_of(Step("a", "A", slow), Step("b", "B", second)), Limits(deadline_s=0.02))
    assert [notice.kind for notice in story.all(ev.RunNotice)] == ["deadline"]
    assert [(end.step, end.status) for end in story.all(ev.StepFinished)] == [("a", "failed"), ("b", "skipped")]
    assert story.finished.error is not None
    assert story.finished.error.code == "deadline"
    assert story.finished.say == "The run took longer than its 0.02 s and was stopped."


async def test_a_deadline_of_the_run_is_not_told_as_the_steps_own_time_limit() -> None:
    async def slow(ctx: Context) -> First:
        return await for_ever()  # type: ignore[no-any-return]  # it never returns

    async def busy(*_: object) -> None:
        time.sleep(0.005)  # noqa: ASYNC251  # a busy loop between making a run and starting it

    pipeline = pipeline_of(Step("a", "A", slow, timeout_s=50, attempts=3))
    story = await ask(pipeline, Limits(deadline_s=0.02), meanwhile=busy)
    assert story.finished.error is not None
    assert story.finished.error.code == "deadline"
    assert len(story.ends("a")) == 1


async def test_a_pipeline_may_have_a_shorter_deadline_than_the_server() -> None:
    async def slow(ctx: Context) -> First:
        return await for_ever()  # type: ignore[no-any-return]  # it never returns

    story = await ask(pipeline_of(Step("a", "A", slow), deadline_s=0.01), Limits(deadline_s=60))
    assert story.finished.error is not None
    assert story.finished.error.code == "deadline"


# ---- bugs


async def test_a_bug_is_one_plain_sentence_with_an_id_and_its_traceback_stays_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def buggy(ctx: Context) -> First:
        secret = "s3cret-value"
        raise ZeroDivisionError(secret)

    with caplog.at_level(logging.ERROR):
        story = await ask(pipeline_of(Step("a", "A", buggy, attempts=3)))
    error = story.finished.error
    assert error is not None
    assert (error.code, error.retryable) == ("internal", False)
    assert "bug" in error.message
    (record,) = [record for record in caplog.records if record.exc_info]
    number = record.getMessage().split()[1]
    assert number in error.message
    assert number in (error.hint or "")
    assert "ZeroDivisionError" in caplog.text
    for private in (b"Traceback", b"ZeroDivisionError", b"s3cret-value", b".py"):
        assert private not in story.seen


@pytest.mark.parametrize("raised", [asyncio.CancelledError, TimeoutError], ids=lambda error: str(error.__name__))
@pytest.mark.parametrize("timeout_s", [None, 60.0], ids=["no limit", "a limit far away"])
async def test_a_cancellation_or_timeout_of_the_steps_own_making_is_a_bug_of_that_step(
    raised: type[BaseException], timeout_s: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(ctx: Context) -> First:
        raise raised

    async def waits(a: First) -> Second:
        raise AssertionError("it must not begin")

    caplog.set_level("CRITICAL")
    async with asyncio.timeout(5):
        story = await ask(pipeline_of(Step("a", "A", run, timeout_s=timeout_s), Step("b", "B", waits)))
    assert [(end.step, end.status) for end in story.all(ev.StepFinished)] == [("a", "failed"), ("b", "skipped")]
    assert story.finished.error is not None
    assert story.finished.error.code == "internal"


async def test_a_value_of_the_wrong_type_is_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    async def run(ctx: Context) -> First:
        return 7  # type: ignore[return-value]  # the very mistake

    story = await ask(pipeline_of(Step("a", "A", run)))
    assert story.finished.error is not None
    assert story.finished.error.code == "internal"
    assert "step 'a' returned int, not First" in caplog.text


@pytest.mark.parametrize(
    "outcome",
    [object(), {"a": object()}, "\ud800", {1, object()}, ["\udfff"]],
    ids=["object", "inside", "text", "set", "list"],
)
async def test_an_outcome_that_is_not_json_is_a_bug_of_its_step(
    outcome: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(ctx: Context) -> First:
        ctx.detail(outcome)
        return First(1)

    caplog.set_level("CRITICAL")
    story = await ask(pipeline_of(Step("a", "A", run)))
    assert story.ends("a")[0].status == "failed"
    assert story.finished.error is not None
    assert story.finished.error.code == "internal"


async def _say(ctx: Context, text: str) -> None:
    ctx.say(text)


async def _log(ctx: Context, text: str) -> None:
    ctx.log(text)


async def _token(ctx: Context, text: str) -> None:
    ctx.token(text)


async def _degraded(ctx: Context, text: str) -> None:
    ctx.degraded(text)


async def _fail(ctx: Context, text: str) -> None:
    raise StepError(text, hint=text, code=text)


async def _row(ctx: Context, text: str) -> None:
    ctx.rows([ev.RowUpsert(id=text, cells={"n": text}, state="confirmed")], [ev.RowRemoval(id=text, why=text)])
    ctx.order([text])


async def _call(ctx: Context, text: str) -> None:
    async with ctx.call(text, text, path=text) as call:
        call.excerpt = text


SPEAKERS = [_say, _log, _token, _degraded, _fail, _row, _call]


@pytest.mark.parametrize("speak", SPEAKERS, ids=lambda speak: str(speak.__name__))
@pytest.mark.parametrize(
    "text", ["half of a pair \ud83d", "x" * 300_000, "\u2028 \x85 \u0000"], ids=["surrogate", "long", "separators"]
)
async def test_no_text_breaks_the_story_of_a_run(speak: Any, text: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run(ctx: Context) -> First:
        await speak(ctx, text)
        return First(1)

    caplog.set_level("CRITICAL")
    async with asyncio.timeout(5):
        story = await ask(pipeline_of(Step("a", "A", run)))
    assert all(len(frame) + 2 <= ev.MAX_FRAME_BYTES for frame in story.seen.split(b"\n\n"))
    assert story.finished.status in ("ok", "partial", "failed")


async def test_evidence_that_is_not_json_is_a_bug_and_takes_no_number(caplog: pytest.LogCaptureFixture) -> None:
    async def run(ctx: Context) -> First:
        async with ctx.call("source", "look", what=object()):
            pass
        return First(1)

    caplog.set_level("CRITICAL")
    story = await ask(pipeline_of(Step("a", "A", run)))
    assert story.ends("a")[0].status == "failed"
