"""Somebody sets the clock, of a server's machine or of the store's, while runs are under way: by an hour, and back. No
lease ends, no run is taken over or forgotten, no figure jumps; and a process that died is still seen to be dead."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from backend.pipeline import Pipeline
from backend.runs import keeping, leases
from backend.runs import redis_scripts as lua
from backend.runs.leases import Leases
from backend.runs.live import Viewer
from backend.runs.manager import RunManager
from backend.runs.redis import RedisRunLog
from backend.runs.steady import SteadyClock
from shared import events as ev
from tests.asked_runs import QUESTION, frames_of
from tests.backend.runs.test_nodes import Gated
from tests.invariants import check_log
from tests.nodes import TAKE_OVER, Node, eventually
from tests.redis_process import RedisProcess, redis_process
from tests.run_logs import Store, a_store

pytestmark = pytest.mark.needs("redis-server")
HOUR_S = 3600.0
STEPS_S = (HOUR_S, -HOUR_S, -HOUR_S, HOUR_S)
HALF_AN_HOUR_IN_DAYS = 1 / 48


class Wall:
    """What ``time.time`` says, and what a server takes for now."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self._real = time.time

    def __call__(self) -> float:
        return self._real() + self.ahead_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(time, "time", wall)
    return wall


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SWEEP_S", 0.05)
    monkeypatch.setattr(keeping, "RENEW_S", 0.1)
    monkeypatch.setattr(leases, "LEASE_S", 1.0)


@pytest.fixture(params=["sqlite", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    with a_store(request.param) as store:
        yield store


async def a_node(store: Store, pipelines: list[Pipeline], wall: Wall) -> Node:
    log = await store.open()
    manager = RunManager(log, TAKE_OVER, pipelines=pipelines, clock=wall.now)
    await manager.open(retain_days=30, retain_runs=1000)
    return Node(store, log, manager)


async def beats(node: Node, run: str, count: int) -> float:
    """The seconds that so many heartbeats took, at a tenth of a second each."""
    writer = node.manager._active[run].writer
    viewer = Viewer(run, node.log, live=writer.live, after=writer.live.head, heartbeat_s=0.1)
    began = time.monotonic()
    while count:
        block = await viewer.take()
        assert block is not None
        count -= block.startswith(b": hb")
    viewer.close()
    return time.monotonic() - began


async def test_a_server_s_clock_is_set_while_runs_are_under_way(store: Store, wall: Wall) -> None:
    gated = Gated()
    one, two = [await a_node(store, [gated.pipeline()], wall) for _ in range(2)]
    began = time.monotonic()
    old = one.manager.start(Gated.opened().pipeline(), QUESTION)
    await one.seen(old)
    viewer = one.manager.start(gated.pipeline(), QUESTION)
    reading = asyncio.create_task(one.seen(viewer))
    far = asyncio.create_task(two.seen(await _attached(two, viewer.run)))
    for step_s, gate in zip(STEPS_S, ["a", "b", "", "c"], strict=True):
        wall.ahead_s += step_s
        assert await beats(one, viewer.run, 5) < 3, "heartbeats keep their pace"
        await one.log.retain(HALF_AN_HOUR_IN_DAYS, 1000)
        assert await one.log.summary(old.run) is not None, "it is a minute old, whatever the clock says"
        if gate:
            gated.open(gate)
    events = frames_of(await reading)
    took_ms = (time.monotonic() - began) * 1000
    check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
    finished = events[-1]
    assert isinstance(finished, ev.RunFinished)
    assert finished.status == "ok"
    assert 0 < finished.ms <= took_ms + 1
    assert not [event for event in events if isinstance(event, ev.RunNotice)], "nobody took it over"
    assert frames_of(await far) == events
    assert two.manager.counters.recovered == one.manager.counters.recovered == 0
    await one.stop()
    await two.stop()


async def _attached(node: Node, run: str) -> Viewer:
    await eventually(lambda: node.log.summary(run))
    return await node.manager.attach(run)


@pytest.fixture
async def redis() -> AsyncIterator[RedisProcess]:
    with redis_process() as process:
        yield process


async def set_the_store_s_clock(log: RedisRunLog, ahead_s: float) -> None:
    """What a step of the wall clock does in a Redis: whatever ends at a time of day ends sooner, or later."""
    async for key in log._redis.scan_iter("windowseat:*"):
        left = await log._redis.pttl(key)
        if left > 0:
            await log._redis.pexpire(key, left - int(ahead_s * 1000))


@pytest.mark.parametrize("repeatable", [True, False])
async def test_the_store_s_clock_is_set_while_runs_are_under_way(
    redis: RedisProcess, wall: Wall, repeatable: bool
) -> None:
    store, gated = Store("redis", redis.url), Gated(repeatable=repeatable)
    one, two = [await a_node(store, [gated.pipeline()], wall) for _ in range(2)]
    viewer = one.manager.start(gated.pipeline(), QUESTION)
    reading = asyncio.create_task(one.seen(viewer))
    await eventually(lambda: one.log.summary(viewer.run))
    assert isinstance(two.log, RedisRunLog)
    for step_s, gate in zip(STEPS_S, ["a", "b", "", "c"], strict=True):
        await set_the_store_s_clock(two.log, step_s)
        for _ in range(5):
            await two.manager.take_over()
            await one.manager.take_over()
        assert await two.log.others() == 1
        if gate:
            gated.open(gate)
    events = frames_of(await reading)
    check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
    assert events[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
    assert not [event for event in events if isinstance(event, ev.RunNotice)], "nobody took it over"
    await one.stop()
    await two.stop()


async def test_a_node_that_died_without_a_word_is_seen_to_be_dead_by_whatever_clock(
    redis: RedisProcess, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, gated = Store("redis", redis.url), Gated()
    one, two = [await a_node(store, [gated.pipeline()], wall) for _ in range(2)]
    viewer = one.manager.start(gated.pipeline(), QUESTION)
    await eventually(lambda: one.log.summary(viewer.run))
    with monkeypatch.context() as patch:
        patch.setattr(lua, "LEAVE", "return 1")
        await one.kill()
    died = time.monotonic()
    assert await two.log.others() == 1, "nobody has seen it yet"
    wall.ahead_s = -HOUR_S
    assert isinstance(two.log, RedisRunLog)
    await set_the_store_s_clock(two.log, -HOUR_S)
    await eventually(lambda: two.manager.running == 1)
    assert time.monotonic() - died > 0.5
    assert await two.log.others() == 0
    gated.open("a", "b", "c")
    await eventually(lambda: two.manager.running == 0)
    events = await two.events(viewer.run)
    check_log(events)
    assert [event.kind for event in events if isinstance(event, ev.RunNotice)] == ["recovered"]
    await two.stop()


async def test_a_process_that_slept_does_not_take_over_its_own_runs(redis: RedisProcess) -> None:
    """Another one has ended its lease meanwhile; it finds that out before it renews."""
    store, gated = Store("redis", redis.url), Gated()
    log = await store.open()
    manager = RunManager(log, TAKE_OVER, pipelines=[gated.pipeline()])
    await manager.open(retain_days=30, retain_runs=1000)
    node = Node(store, log, manager)
    viewer = manager.start(gated.pipeline(), QUESTION)
    reading = asyncio.create_task(node.seen(viewer))
    await eventually(lambda: log.summary(viewer.run))
    assert isinstance(log, RedisRunLog)
    redis.ask("DEL", f"windowseat:node:{log._me}")
    assert await manager.take_over() == []
    gated.open("a", "b", "c")
    assert frames_of(await reading)[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
    await node.stop()


# ---- the clocks themselves


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def looks(leases_: Leases, clock: Seconds, renewed: Callable[[float], dict[str, int]], every_s: float, s: float) -> int:
    """How often somebody was found dead in so many seconds."""
    found = 0
    end = clock.now + s
    while clock.now < end:
        clock.now += every_s
        found += len(leases_.look(renewed(clock.now)))
    return found


def test_who_renews_lives_and_who_does_not_is_dead_after_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 8.0)
    clock = Seconds()
    known = Leases(clock)
    assert looks(known, clock, lambda now: {"a": int(now // 2) * 2000}, 1.5, 60) == 0
    assert looks(known, clock, lambda now: {"a": 1, "b": int(now // 2) * 2000}, 1.5, 7.5) == 0
    clock.now += 1.5
    assert known.look({"a": 1, "b": 2}) == [], "six looks, of which the first saw another number"
    clock.now += 1.5
    assert known.look({"a": 2, "b": 5}) == ["a"]
    assert known.look({}) == []
    assert known.look({"a": 2}) == [], "it is back, and has all its time"


def test_the_sleep_of_all_of_them_is_nobody_s_death(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 8.0)
    clock = Seconds()
    known = Leases(clock)
    assert known.look({"a": 1}) == []
    clock.now += 3600
    assert known.look({"a": 1}) == []
    clock.now += 1.5
    assert known.look({"a": 4000}) == []


def test_a_steady_clock_starts_with_the_wall_s_and_goes_on_without_it() -> None:
    steady, wall = Seconds(), Wall()
    clock = SteadyClock(wall, steady)
    began = clock()
    assert abs(began - wall()) < 5
    wall.ahead_s = HOUR_S
    steady.now += 10
    assert clock() - began == pytest.approx(10)
