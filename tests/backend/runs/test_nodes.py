"""Several servers on one store: any of them shows and cancels any run, and goes on with those of one that died."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from backend.errors import StepError
from backend.pipeline import Context, Pipeline, Step
from backend.runs import grace, keeping
from backend.runs.log import Claim
from backend.runs.recovery import read_snapshot
from backend.runs.takeover import MOST_RECOVERIES
from shared import events as ev
from shared.judge import judge_log
from shared.view import fold_all
from tests.asked_runs import QUESTION, First, Second, Third, frames_of, pipeline_of
from tests.invariants import check_log
from tests.nodes import a_node, eventually, nodes
from tests.run_logs import Store, a_store

pytestmark = pytest.mark.needs("redis-server")


@pytest.fixture(params=["sqlite", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    with a_store(request.param) as store:
        yield store


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SWEEP_S", 0.1)
    monkeypatch.setattr(grace, "LOOK_AGAIN_S", 0.1)


@dataclass
class Gated:
    """Three steps, one after the other, each of which waits for its gate; ``ran`` tells which began."""

    repeatable: bool = True
    ran: list[str] = field(default_factory=list)
    gates: dict[str, asyncio.Event] = field(default_factory=lambda: {name: asyncio.Event() for name in "abc"})
    cancelled: list[str] = field(default_factory=list)

    async def _pass(self, name: str) -> None:
        self.ran.append(name)
        try:
            await self.gates[name].wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise

    def open(self, *names: str) -> None:
        for name in names:
            self.gates[name].set()

    @classmethod
    def opened(cls) -> "Gated":
        """One that nothing holds up."""
        gated = cls()
        gated.open("a", "b", "c")
        return gated

    def pipeline(self, name: str = "gated") -> Pipeline:
        async def a(ctx: Context) -> First:
            async with ctx.call("source", "ask") as call:
                call.bytes = 1
            ctx.rows([ev.RowUpsert(id="x", cells={"n": 1}, state="provisional")])
            ctx.order(["x"])
            await self._pass("a")
            ctx.say("a is done")
            return First(7)

        async def b(first: First, ctx: Context) -> Second:
            ctx.rows([ev.RowUpsert(id="y", cells={"n": 2}, state="confirmed")])
            ctx.token("half a sen")
            await self._pass("b")
            ctx.rows([ev.RowUpsert(id="x", cells={}, state="confirmed")])
            ctx.order(["y", "x"])
            return Second(first.n + 1)

        async def c(first: First, second: Second, ctx: Context) -> Third:
            async with ctx.call("source", "ask again"):
                await self._pass("c")
            return Third(first.n + second.n)

        return pipeline_of(
            Step("a", "A", a), Step("b", "B", b), Step("c", "C", c), name=name, repeatable=self.repeatable
        )


async def test_a_run_is_seen_on_every_node_from_every_cursor(store: Store) -> None:
    gated = Gated()
    async with nodes(store, 3, [gated.pipeline()]) as (one, two, three):
        viewer = one.manager.start(gated.pipeline(), QUESTION)
        await eventually(lambda: gated.ran == ["a"])
        await eventually(lambda: one.log.summary(viewer.run))
        early = [await node.manager.attach(viewer.run) for node in (two, three, two)]
        reading = [asyncio.create_task(node.seen(each)) for node, each in zip((two, three, two), early, strict=True)]
        gated.open("a", "b", "c")
        whole = await one.seen(viewer)
        assert await asyncio.gather(*reading) == [whole] * 3
        check_log(await two.events(viewer.run))
        frames = whole.split(b"\n\n")[:-1]
        for node in (one, two, three):
            for seq in range(len(frames)):
                late = await node.manager.attach(viewer.run, seq)
                assert await node.seen(late) == b"".join(frame + b"\n\n" for frame in frames[seq:])
                if seq:  # a snapshot and the tail are the whole, wherever it is cut
                    events = await node.events(viewer.run)
                    view, _ = await read_snapshot(node.log, viewer.run, upto=seq)
                    assert fold_all(events[seq:], view) == fold_all(events)


async def test_a_run_is_cancelled_from_another_node(store: Store) -> None:
    gated = Gated()
    async with nodes(store, 2, [gated.pipeline()]) as (one, two):
        viewer = one.manager.start(gated.pipeline(), QUESTION)
        gated.open("a")
        await eventually(lambda: gated.ran == ["a", "b"])
        await eventually(lambda: one.log.summary(viewer.run))
        assert await two.manager.cancel(viewer.run) is True
        await eventually(lambda: gated.cancelled == ["b"])
        events = frames_of(await one.seen(viewer))
        assert events[-1].status == "cancelled"  # type: ignore[union-attr]  # run.finished is the last
        check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
        await eventually(lambda: one.manager.running == 0)
        assert await two.manager.cancel(viewer.run) is False
        assert await one.manager.cancel(viewer.run) is False


async def test_one_key_is_one_run_on_all_nodes(store: Store) -> None:
    gated = Gated()
    pipeline = gated.pipeline()
    async with nodes(store, 2, [pipeline]) as (one, two):
        claim = Claim("key", "body")
        viewers = await asyncio.gather(
            *(node.manager.ask(pipeline, QUESTION, claim=claim) for node in (one, two, one, two))
        )
        gated.open("a", "b", "c")
        seen = await asyncio.gather(*(n.seen(v) for n, v in zip((one, two, one, two), viewers, strict=True)))
        assert len(set(seen)) == 1
        assert gated.ran == ["a", "b", "c"], "nothing was paid twice"
        check_log(await one.events(viewers[0].run))


# ---- viewers are counted everywhere


async def test_a_viewer_on_another_node_keeps_a_run_going_until_it_leaves(store: Store) -> None:
    gated = Gated()
    async with nodes(store, 2, [gated.pipeline()], grace_s=0.3) as (one, two):
        first = one.manager.start(gated.pipeline(), QUESTION)
        await eventually(lambda: one.log.summary(first.run))
        second = await two.manager.attach(first.run)
        await eventually(lambda: one.log.watched(first.run))
        one.manager.release(first)
        await asyncio.sleep(0.6)  # well beyond the grace time: what is proven is that nothing happens
        assert one.manager.running == 1
        two.manager.release(second)
        await eventually(lambda: one.manager.running == 0)
        assert (await two.events(first.run))[-1].status == "cancelled"  # type: ignore[union-attr]  # run.finished


async def test_a_viewer_whose_node_dies_counts_no_more(store: Store) -> None:
    gated = Gated()
    async with nodes(store, 1, [gated.pipeline()], grace_s=0.05) as (one,):
        two = await a_node(store, [gated.pipeline()])
        first = one.manager.start(gated.pipeline(), QUESTION)
        await eventually(lambda: one.log.summary(first.run))
        await two.manager.attach(first.run)
        await eventually(lambda: one.log.watched(first.run))
        one.manager.release(first)
        await two.kill()
        await eventually(lambda: one.manager.running == 0)
        assert (await one.events(first.run))[-1].status == "cancelled"  # type: ignore[union-attr]  # run.finished


# ---- a node dies


@pytest.mark.parametrize("opened", ["", "a", "ab"])
async def test_a_run_goes_on_where_its_node_died_and_who_watches_sees_it_finish(store: Store, opened: str) -> None:
    gated = Gated()
    async with nodes(store, 2, [gated.pipeline()]) as (two, three):
        one = await a_node(store, [gated.pipeline()])
        viewer = one.manager.start(gated.pipeline(), QUESTION, on_disconnect="cancel")
        gated.open(*opened)
        await eventually(lambda: len(gated.ran) == len(opened) + 1)
        await eventually(lambda: one.log.summary(viewer.run))
        watching = await two.manager.attach(viewer.run)
        reading = asyncio.create_task(two.seen(watching))
        await eventually(lambda: one.log.watched(viewer.run))
        await one.kill()
        await eventually(lambda: two.manager.running + three.manager.running == 1)
        gated.open("a", "b", "c")
        events = frames_of(await reading)
        check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
        judge_log(events)  # type: ignore[arg-type]  # as above
        assert events == await three.events(viewer.run)
        ended = events[-1]
        assert isinstance(ended, ev.RunFinished)
        assert (ended.status, ended.order) == ("ok", ("y", "x"))
        recovered = [event for event in events if isinstance(event, ev.RunNotice)]
        assert [notice.kind for notice in recovered] == ["recovered"]
        again = "abc"[len(opened)]
        assert gated.ran == sorted([*"abc", again]), "what had ended wasn't done again"
        attempts = {event.step: event.attempt for event in events if isinstance(event, ev.StepStarted)}
        assert attempts == {name: 2 if name == again else 1 for name in "abc"}
        calls = [e.evidence.id for e in events if isinstance(e, ev.StepLog) and e.evidence]
        assert len(set(calls)) == len(calls), "evidence has one id each, before and after"
        details = [e.detail for e in events if isinstance(e, ev.StepFinished) and e.step == "c" and not e.error]
        assert details[-1] == {"n": 15}
        await eventually(lambda: two.manager.running + three.manager.running == 0)


async def test_a_run_that_may_not_be_repeated_is_interrupted_once(store: Store) -> None:
    gated = Gated(repeatable=False)
    async with nodes(store, 3, [gated.pipeline()]) as others:
        one = await a_node(store, [gated.pipeline()])
        viewer = one.manager.start(gated.pipeline(), QUESTION)
        await eventually(lambda: one.log.summary(viewer.run))
        watching = await others[0].manager.attach(viewer.run)
        await one.kill()
        events = frames_of(await others[0].seen(watching))
        check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
        assert events[-1].status == "interrupted"  # type: ignore[union-attr]  # run.finished is the last
        assert gated.ran == ["a"]


async def test_without_taking_over_every_run_is_interrupted(store: Store) -> None:
    gated = Gated()
    async with nodes(store, 1, [gated.pipeline()], take_over=False) as (two,):
        one = await a_node(store, [gated.pipeline()])
        viewer = one.manager.start(gated.pipeline(), QUESTION)
        await eventually(lambda: one.log.summary(viewer.run))
        await one.kill()
        await eventually(lambda: _status(two.log, viewer.run, "interrupted"))


async def _status(log: object, run: str, status: str) -> bool:
    summary = await log.summary(run)  # type: ignore[attr-defined]  # a RunLog
    return summary is not None and summary.status == status


async def test_a_run_that_was_being_cancelled_is_cancelled(store: Store) -> None:
    gated = Gated()
    async with nodes(store, 1, [gated.pipeline()]) as (two,):
        one = await a_node(store, [gated.pipeline()])
        viewer = one.manager.start(gated.pipeline(), QUESTION)
        await eventually(lambda: one.log.summary(viewer.run))
        await one.log.news({})
        one.manager._runs.active[viewer.run].execution._ending = "cancelled"  # it no longer listens
        await two.manager.cancel(viewer.run)
        await one.kill()
        await eventually(lambda: _status(two.log, viewer.run, "cancelled"))
        check_log(await two.events(viewer.run))


async def test_a_run_that_outlives_too_many_nodes_is_interrupted(store: Store) -> None:
    gated = Gated()
    first = await a_node(store, [gated.pipeline()])
    run = first.manager.start(gated.pipeline(), QUESTION).run
    node = first
    for deaths in range(1, MOST_RECOVERIES + 1):
        await eventually(lambda n=deaths: len(gated.ran) == n)
        await eventually(lambda n=node: n.log.summary(run))
        await asyncio.sleep(0.05)  # its writer has had its turn
        await node.kill()
        node = await a_node(store, [gated.pipeline()])
        await eventually(lambda n=node: n.manager.running == 1)
    await eventually(lambda: len(gated.ran) == MOST_RECOVERIES + 1)
    await asyncio.sleep(0.05)
    await node.kill()
    last = await a_node(store, [gated.pipeline()])
    await eventually(lambda: _status(last.log, run, "interrupted"))
    events = await last.events(run)
    check_log(events)
    assert sum(isinstance(event, ev.RunNotice) and event.kind == "recovered" for event in events) == MOST_RECOVERIES
    await last.stop()


async def test_a_step_that_had_failed_for_good_ends_the_run_as_it_would_have(store: Store) -> None:
    async def fails(ctx: Context) -> First:
        raise StepError("No such place", code="no_place")

    async def waits(ctx: Context) -> Second:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await never.wait()
            raise
        return Second()

    never = asyncio.Event()
    pipeline = pipeline_of(Step("a", "A", fails), Step("b", "B", waits), repeatable=True)
    one = await a_node(store, [pipeline])
    run = one.manager.start(pipeline, QUESTION).run
    await eventually(lambda: one.log.summary(run))
    await eventually(lambda: one.manager._active[run].live.head >= 4)
    killing = asyncio.create_task(one.kill())
    async with nodes(store, 1, [pipeline]) as (two,):
        await eventually(lambda: _status(two.log, run, "failed"))
        events = await two.events(run)
        check_log(events)
        assert events[-1].error.code == "no_place"  # type: ignore[union-attr]  # run.finished, failed
        never.set()
        await killing


async def test_what_was_kept_of_another_version_of_the_pipeline_is_not_used(store: Store) -> None:
    gated = Gated()

    async def changed(ctx: Context) -> First:
        return First()

    other = pipeline_of(Step("a", "A", changed), name="gated", repeatable=True)
    async with nodes(store, 1, [other]) as (two,):
        one = await a_node(store, [gated.pipeline()])
        run = one.manager.start(gated.pipeline(), QUESTION).run
        await eventually(lambda: one.log.summary(run))
        await one.kill()
        await eventually(lambda: _status(two.log, run, "interrupted"))
        check_log(await two.events(run))


# ---- a node is thought dead, or stops


async def test_a_node_that_was_only_slow_lets_go_and_its_viewers_see_the_other_one_finish(store: Store) -> None:
    gated = Gated()
    async with nodes(store, 1, [gated.pipeline()]) as (one,):
        viewer = one.manager.start(gated.pipeline(), QUESTION)
        gated.open("a")
        await eventually(lambda: gated.ran == ["a", "b"])
        await one.log.hand_over(viewer.run)  # as if its lease had run out
        two = await a_node(store, [gated.pipeline()])
        reading = asyncio.create_task(one.seen(viewer))
        await eventually(lambda: two.manager.running == 1 or gated.ran.count("b") == 2)
        gated.open("b", "c")
        events = frames_of(await reading)
        check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
        assert events[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
        assert events == await two.events(viewer.run)
        await eventually(lambda: one.manager.running == 0)
        await two.stop()


async def test_at_a_stop_a_repeatable_run_is_handed_over_and_another_is_not(store: Store) -> None:
    gated, other = Gated(), Gated(repeatable=False)
    pipelines = [gated.pipeline(), other.pipeline("other")]
    async with nodes(store, 1, pipelines) as (two,):
        one = await a_node(store, pipelines)
        runs = [one.manager.start(pipeline, QUESTION).run for pipeline in pipelines]
        await eventually(lambda: gated.ran == other.ran == ["a"])
        for run in runs:
            await eventually(lambda r=run: one.log.summary(r))
        await one.stop()
        await eventually(lambda: two.manager.running == 1)
        gated.open("a", "b", "c")
        await eventually(lambda: _status(two.log, runs[0], "ok"))
        await eventually(lambda: _status(two.log, runs[1], "interrupted"))
        for run in runs:
            check_log(await two.events(run))
        assert one.manager.counters.handed_over == 1


async def test_the_last_node_that_stops_interrupts(store: Store) -> None:
    gated = Gated()
    one = await a_node(store, [gated.pipeline()])
    run = one.manager.start(gated.pipeline(), QUESTION).run
    await eventually(lambda: one.log.summary(run))
    await one.stop()
    async with nodes(store, 1, [gated.pipeline()]) as (two,):
        assert await _status(two.log, run, "interrupted")
        check_log(await two.events(run))
