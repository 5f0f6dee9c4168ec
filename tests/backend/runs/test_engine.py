"""The engine on its good days: what overlaps, what waits, how a run is stopped, and that it leaves nothing behind."""

import asyncio
import gc
from typing import Any

import pytest

from backend.errors import StepError
from backend.pipeline import Context, Later, Question, Step
from backend.runs import engine
from backend.runs.manager import RunManager
from backend.runs.voice import StepEndedError
from shared import events as ev
from tests.asked_runs import (
    COLUMNS,
    QUESTION,
    First,
    Second,
    Third,
    ask,
    frames_of,
    managed,
    pipeline_of,
    read_all,
)  # fmt: skip


class Meeting:
    """Steps that only go on once all of them have come: it proves that they run at the same time."""

    def __init__(self, count: int) -> None:
        self._missing = count
        self._all = asyncio.Event()

    async def wait(self) -> None:
        self._missing -= 1
        if not self._missing:
            self._all.set()
        await self._all.wait()


async def test_steps_that_do_not_depend_on_each_other_run_at_the_same_time() -> None:
    meeting = Meeting(2)

    async def first(question: Question) -> First:
        await meeting.wait()
        return First(1)

    async def second(question: Question) -> Second:
        await meeting.wait()
        return Second(2)

    async def third(a: First, b: Second) -> Third:
        return Third(a.n + b.n)

    story = await ask(pipeline_of(Step("a", "A", first), Step("b", "B", second), Step("c", "C", third)))
    steps = [event for event in story.events if isinstance(event, ev.StepStarted | ev.StepFinished)]
    kinds = [(type(event), event.step) for event in steps]
    assert kinds[:2] == [(ev.StepStarted, "a"), (ev.StepStarted, "b")]
    assert kinds[-2:] == [(ev.StepStarted, "c"), (ev.StepFinished, "c")]
    assert story.ends("c")[0].detail == {"n": 3}
    assert story.finished.status == "ok"


async def test_a_step_starts_without_its_late_value_and_gets_it_where_it_awaits_it() -> None:
    meeting = Meeting(2)
    got: list[Any] = []

    async def slow(question: Question) -> First:
        await meeting.wait()
        return First(7)

    async def eager(late: Later[First], ctx: Context) -> Second:
        ctx.log("under way before the value exists")
        await meeting.wait()
        got.extend([await late, await late])
        return Second(1)

    story = await ask(pipeline_of(Step("a", "A", slow), Step("b", "B", eager)))
    assert got == [First(7), First(7)]
    assert story.finished.status == "ok"
    (started,) = story.all(ev.RunStarted)
    assert started.plan[1].needs == ()


async def test_one_waiter_that_gives_up_on_a_late_value_does_not_take_it_from_the_others() -> None:
    gave_up = asyncio.Event()

    async def slow(question: Question) -> First:
        await gave_up.wait()
        return First(7)

    async def impatient(late: Later[First]) -> Second:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await late
        gave_up.set()
        return Second((await late).n)

    async def patient(late: Later[First]) -> Third:
        return Third((await late).n)

    story = await ask(pipeline_of(Step("a", "A", slow), Step("b", "B", impatient), Step("c", "C", patient)))
    assert [story.ends(step)[0].detail for step in "bc"] == [{"n": 7}, {"n": 7}]


async def test_a_run_begins_with_the_whole_plan_and_ends_with_its_length() -> None:
    async def first(question: Question) -> First:
        return First()

    async def second(a: First) -> Second:
        return Second()

    story = await ask(pipeline_of(Step("a", "A", first), Step("b", "B", second, optional=True)))
    (started,) = story.all(ev.RunStarted)
    assert started.plan == (
        ev.PlanStep(id="a", title="A"),
        ev.PlanStep(id="b", title="B", needs=("a",), optional=True),
    )
    assert (started.v, started.pipeline, started.title, started.question) == (1, "test", "Test", QUESTION.text)
    assert started.columns == COLUMNS
    assert story.finished.events == len(story.events) == story.summary.events
    assert (story.summary.status, story.summary.ms) == ("ok", story.finished.ms)


async def test_sentences_detail_and_order_reach_the_story() -> None:
    async def first(ctx: Context, question: Question) -> First:
        ctx.say("Looked")
        ctx.say("Looked around")
        ctx.detail({"shown": True})
        ctx.rows([ev.RowUpsert(id=row, cells={"n": 1}, state="confirmed") for row in "xyz"])
        ctx.order(["z", "nobody", "x", "y"])
        return First()

    async def second(a: First, ctx: Context) -> Second:
        ctx.rows(remove=[ev.RowRemoval(id="y", why="too low")])
        return Second()

    story = await ask(pipeline_of(Step("a", "A", first, doing="Looking"), Step("b", "The end", second)))
    assert [event.say for event in story.all(ev.StepStarted)] == ["Looking", "The end…"]
    assert [(event.say, event.detail) for event in story.all(ev.StepFinished)] == [
        ("Looked around", {"shown": True}),
        ("The end", {"n": 0}),
    ]
    assert story.finished.order == ("z", "x")
    assert story.finished.say == "The end"
    assert [row.id for row in story.view.shown_rows()] == ["z", "x"]
    assert [(row.id, row.why) for row in story.view.left_out()] == [("y", "too low")]


async def test_resources_and_the_question_are_given_by_type() -> None:
    class Atlas:
        pass

    atlas, got = Atlas(), []  # type: Atlas, list[object]

    async def first(atlas: Atlas, question: Question) -> First:
        got.extend([atlas, question])
        return First()

    pipeline = pipeline_of(Step("a", "A", first), resources={Atlas: lambda config: atlas})
    await ask(pipeline, resources={Atlas: atlas})
    assert got == [atlas, QUESTION]


async def test_a_pipeline_without_steps_is_a_run_all_the_same() -> None:
    assert (await ask(pipeline_of())).finished.status == "ok"


# ---- being stopped


@pytest.mark.parametrize("turns", [*range(14), 20, 40])
async def test_a_run_can_be_cancelled_at_any_turn(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RETRY_BASE_S", 1000.0)
    monkeypatch.setattr(engine, "RETRY_CAP_S", 1000.0)
    entered, left = [], []  # type: list[str], list[str]

    async def work(name: str, ctx: Context) -> None:
        entered.append(name)
        try:
            for turn in range(6):
                ctx.progress(turn, 6)
                ctx.token(f"{turn} ")
                await asyncio.sleep(0)
        finally:
            left.append(name)
            await asyncio.sleep(0)

    async def first(ctx: Context) -> First:
        await work("a", ctx)
        return First()

    async def second(ctx: Context) -> Second:
        await work("b", ctx)
        raise StepError("Again, much later.", retryable=True)

    async def third(a: First, b: Second) -> Third:
        raise AssertionError("it must not begin")

    async def cancel(manager: RunManager, run: str) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        assert await manager.cancel(run)
        assert await manager.cancel(run), "again is no error"

    steps = (Step("a", "A", first), Step("b", "B", second, attempts=3), Step("c", "C", third))
    async with asyncio.timeout(10):
        story = await ask(pipeline_of(*steps), meanwhile=cancel)
    assert story.finished.status == "cancelled"
    assert sorted(entered) == sorted(left), "every finally has run"
    assert [notice.kind for notice in story.all(ev.RunNotice)] == ["cancelling"]
    assert story.ends("c")[-1].status == "cancelled"
    assert [step.state for step in story.view.steps if step.state not in ("ok", "cancelled")] in ([], ["failed"])


async def test_no_call_starts_after_cancelling() -> None:
    calls: list[str] = []
    under_way = asyncio.Event()

    async def stubborn(ctx: Context) -> First:
        try:
            under_way.set()
            await asyncio.Event().wait()
        finally:
            async with ctx.call("source", "look"):
                calls.append("made")
        return First()

    async def cancel(manager: RunManager, run: str) -> None:
        await under_way.wait()
        await manager.cancel(run)

    story = await ask(pipeline_of(Step("a", "A", stubborn)), meanwhile=cancel)
    assert calls == []
    assert story.all(ev.StepLog) == []
    assert story.ends("a")[0].status == "cancelled"


async def test_rows_that_were_found_before_a_cancellation_stay() -> None:
    found = asyncio.Event()

    async def work(ctx: Context) -> First:
        ctx.rows([ev.RowUpsert(id="r", cells={"n": 1}, state="provisional")])
        ctx.order(["r"])
        found.set()
        await asyncio.Event().wait()
        return First()

    async def cancel(manager: RunManager, run: str) -> None:
        await found.wait()
        await manager.cancel(run, by="the page")

    story = await ask(pipeline_of(Step("a", "A", work)), meanwhile=cancel)
    assert [row.id for row in story.view.shown_rows()] == ["r"]
    assert story.finished.order == ("r",)
    assert story.all(ev.RunNotice)[0].text == "Cancelled by the page; finishing up."
    assert story.finished.error is None


async def test_a_step_that_ends_well_although_cancelled_is_told_as_it_was() -> None:
    under_way = asyncio.Event()

    async def finishing(ctx: Context) -> First:
        under_way.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ctx.log("nearly done: finishing")
        return First(5)

    async def cancel(manager: RunManager, run: str) -> None:
        await under_way.wait()
        await manager.cancel(run)

    story = await ask(pipeline_of(Step("a", "A", finishing)), meanwhile=cancel)
    assert story.ends("a")[0].status == "ok"
    assert story.finished.status == "cancelled"


async def test_a_step_that_fails_while_being_cancelled_changes_nothing_about_the_end() -> None:
    under_way = asyncio.Event()

    async def failing(ctx: Context) -> First:
        under_way.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise StepError("It broke while ending.", retryable=True)

    async def cancel(manager: RunManager, run: str) -> None:
        await under_way.wait()
        await manager.cancel(run)

    story = await ask(pipeline_of(Step("a", "A", failing, attempts=3)), meanwhile=cancel)
    assert [end.status for end in story.ends("a")] == ["failed"]
    assert (story.finished.status, story.finished.error) == ("cancelled", None)


# ---- what steps leave behind


async def test_a_task_that_a_step_left_behind_can_say_nothing_any_more() -> None:
    leaked: list[asyncio.Task[None]] = []
    ended = asyncio.Event()

    async def leaky(ctx: Context) -> First:
        async def chatter() -> None:
            await ended.wait()
            ctx.log("too late")

        leaked.append(asyncio.create_task(chatter()))
        return First()

    async def second(a: First) -> Second:
        ended.set()
        await asyncio.wait(leaked)
        return Second()

    story = await ask(pipeline_of(Step("a", "A", leaky), Step("b", "B", second)))
    assert isinstance(leaked[0].exception(), StepEndedError)
    assert story.all(ev.StepLog) == []
    assert story.finished.status == "ok"


async def test_a_finished_run_leaves_nothing_in_memory() -> None:
    class Witness:
        alive = 0

        def __init__(self) -> None:
            Witness.alive += 1

        def __del__(self) -> None:
            Witness.alive -= 1

    async def first(ctx: Context) -> First:
        ctx.witness = Witness()  # type: ignore[attr-defined]  # rides on the attempt's voice
        return First()

    await ask(pipeline_of(Step("a", "A", first)))
    gc.collect()
    assert Witness.alive == 0


async def test_many_runs_at_once_keep_their_stories_apart() -> None:
    async def first(question: Question, ctx: Context) -> First:
        for number in range(5):
            ctx.log(f"{question.text} {number}")
            await asyncio.sleep(0)
        return First()

    pipeline = pipeline_of(Step("a", "A", first))
    async with managed() as manager:
        viewers = {f"q{number}": manager.start(pipeline, Question(f"q{number}")) for number in range(20)}
        seen = await asyncio.gather(*map(read_all, viewers.values()))
        for viewer in viewers.values():
            manager.release(viewer)
    for question, data in zip(viewers, seen, strict=True):
        lines = [event.text for event in frames_of(data) if isinstance(event, ev.StepLog)]
        assert lines == [f"{question} {number}" for number in range(5)]
