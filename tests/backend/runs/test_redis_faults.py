"""A store that fails under its servers: full, killed, stopped for a while, replaced by one that knows less."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.errors import ConfigError, NotFound, StorageError
from backend.pipeline import Pipeline
from backend.runs import follower, keeping
from backend.runs import redis as redis_module
from backend.runs.farewells import STORE_DOWN
from backend.runs.live import Viewer
from backend.runs.redis import RedisRunLog, complaints
from shared import events as ev
from tests.asked_runs import QUESTION, entries, frames_of, log_events, summary_of
from tests.backend.runs.test_nodes import Gated
from tests.failover import Failover, a_failover
from tests.history import History
from tests.invariants import check_log
from tests.nodes import Node, a_node, eventually
from tests.redis_process import RedisProcess, redis_process
from tests.run_logs import Store
from tests.served import without_heartbeats
from tests.store_proxy import StoreProxy

pytestmark = pytest.mark.needs("redis-server")
TOLD_S = 2.5
"""A second is the promise; the rest is for a machine that does other things too."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SWEEP_S", 0.1)
    monkeypatch.setattr(keeping, "WRITE_REST_S", 0.1)


@pytest.fixture
async def redis() -> AsyncIterator[RedisProcess]:
    with redis_process() as process:
        yield process


class Watched:
    """A run that waits in its second step, and a reader that knows when what came."""

    def __init__(self, node: Node, gated: Gated, pipeline: Pipeline) -> None:
        self.node, self.gated = node, gated
        viewer = node.manager.start(pipeline, QUESTION, on_disconnect="continue")
        self.run = viewer.run
        self.reading = asyncio.create_task(node.seen(viewer))

    async def under_way(self) -> None:
        self.gated.open("a")
        await eventually(lambda: self.gated.ran == ["a", "b"])
        await eventually(self._written)

    async def _written(self) -> bool:
        summary = await self.node.log.summary(self.run)
        return summary is not None and summary.events >= 8

    async def failed(self) -> list[ev.WireEvent]:
        """What was seen of a run that ended for its log."""
        events = frames_of(await self.reading)
        finished = events[-1]
        assert isinstance(finished, ev.RunFinished)
        assert finished.error is not None
        assert (finished.status, finished.error.code) == ("failed", "storage")
        return events


async def a_finished_run(node: Node) -> tuple[str, bytes]:
    gated = Gated()
    gated.open("a", "b", "c")
    viewer = node.manager.start(gated.pipeline(), QUESTION)
    seen = await node.seen(viewer)
    await eventually(lambda: node.manager.running == 0)
    return viewer.run, seen


async def read_until_told(viewer: Viewer) -> bytes:
    """What a stream sends, with what it says when the log can't be read."""
    seen = b""
    try:
        while (block := await viewer.take()) is not None:
            seen += block
    except StorageError:
        seen += STORE_DOWN
    return seen


async def test_a_full_store_is_told_to_who_watches_a_run_that_says_nothing(redis: RedisProcess) -> None:
    owner, other = await a_node(Store("redis", redis.url)), await a_node(Store("redis", redis.url))
    gated = Gated()
    watched = Watched(owner, gated, gated.pipeline())
    await watched.under_way()
    reading = asyncio.create_task(read_until_told(await other.manager.attach(watched.run)))
    await eventually(lambda: other.manager.viewers == 1)
    began = time.monotonic()
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    assert (await reading).endswith(STORE_DOWN), "never silence"
    assert time.monotonic() - began < TOLD_S
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    gated.open("b", "c")
    assert frames_of(await watched.reading)[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
    await owner.stop()
    await other.stop()


async def replayed(node: Node, run: str) -> bytes:
    return await node.seen(await node.manager.attach(run))


async def test_a_full_store(redis: RedisProcess) -> None:
    node = await a_node(Store("redis", redis.url))
    old, whole = await a_finished_run(node)
    gated = Gated()
    watched = Watched(node, gated, gated.pipeline())
    await watched.under_way()
    assert redis.ask("CONFIG", "SET", "maxmemory", "1") == "OK"
    began = time.monotonic()
    gated.open("b")
    events = await watched.failed()
    assert time.monotonic() - began < TOLD_S
    assert await replayed(node, old) == whole
    with pytest.raises(StorageError, match="memory"):
        await node.manager.ask(gated.pipeline(), QUESTION)
    with pytest.raises(StorageError):
        await node.manager.check()
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    await eventually(lambda: node.manager.unwritten == 0)
    await node.manager.check()
    assert await log_events(node.log, watched.run) == events, "the log got what was seen"
    check_log(await log_events(node.log, watched.run))
    await a_finished_run(node)
    await node.stop()


async def test_a_full_store_is_told_to_who_watches_at_another_node(redis: RedisProcess) -> None:
    owner, other = await a_node(Store("redis", redis.url)), await a_node(Store("redis", redis.url))
    gated = Gated()
    watched = Watched(owner, gated, gated.pipeline())
    await watched.under_way()
    reading = asyncio.create_task(read_until_told(await other.manager.attach(watched.run)))
    await eventually(lambda: other.manager.viewers == 1)
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    gated.open("b")
    began = time.monotonic()
    seen = await reading
    assert time.monotonic() - began < TOLD_S
    await watched.failed()
    assert without_heartbeats(seen) == watched.reading.result(), "the end is in the owner's memory alone; it is told"
    # Who comes later, while the store is still full, is told too: from the start, and after an event of the log.
    assert await replayed(other, watched.run) == watched.reading.result()
    late = await other.manager.attach(watched.run, 3)
    assert frames_of(await read_until_told(late)) == frames_of(seen)[3:]
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    await eventually(lambda: owner.manager.unwritten == 0)
    assert await replayed(other, watched.run) == watched.reading.result()
    await a_finished_run(other)
    await owner.stop()
    await other.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_store_that_starts_anew_with_all_it_had(redis: RedisProcess, how: signal.Signals) -> None:
    node = await a_node(Store("redis", redis.url))
    old, whole = await a_finished_run(node)
    gated = Gated()
    watched = Watched(node, gated, gated.pipeline())
    await watched.under_way()
    redis.send(how)
    began = time.monotonic()
    gated.open("b")
    await watched.failed()
    assert time.monotonic() - began < TOLD_S
    with pytest.raises(StorageError):
        await node.manager.attach(old)
    redis.start()
    await eventually(lambda: node.manager.unwritten == 0)
    assert await replayed(node, old) == whole
    assert await replayed(node, watched.run) == watched.reading.result()
    check_log(await log_events(node.log, watched.run))
    await a_finished_run(node)
    await node.stop()


async def test_a_store_that_is_away_for_a_moment_costs_nothing(redis: RedisProcess) -> None:
    node = await a_node(Store("redis", redis.url))
    gated = Gated()
    watched = Watched(node, gated, gated.pipeline())
    await watched.under_way()
    redis.kill()
    gated.open("b", "c")
    redis.start()
    events = frames_of(await watched.reading)
    assert isinstance(events[-1], ev.RunFinished)
    if events[-1].status != "ok":  # on a machine that takes longer to start it
        assert events[-1].error is not None
        assert events[-1].error.code == "storage"
    await eventually(lambda: node.manager.running == 0 and node.manager.unwritten == 0)
    assert await log_events(node.log, watched.run) == events
    await node.stop()


async def test_a_store_that_sleeps_for_five_seconds_writes_nothing_twice(redis: RedisProcess) -> None:
    one, two = await a_node(Store("redis", redis.url)), await a_node(Store("redis", redis.url))
    gated = Gated()
    watched = Watched(one, gated, gated.pipeline())
    await watched.under_way()
    far = await two.manager.attach(watched.run)
    far_reading = asyncio.create_task(read_until_told(far))
    redis.send(signal.SIGSTOP)
    began = time.monotonic()
    gated.open("b")
    events = await watched.failed()
    assert time.monotonic() - began < TOLD_S
    cut = await far_reading
    assert time.monotonic() - began < TOLD_S, "who watches from another node is told too"
    assert cut.endswith(STORE_DOWN)
    assert b"run.finished" not in cut
    await asyncio.sleep(max(0, 5 - (time.monotonic() - began)))
    redis.send(signal.SIGCONT)
    await eventually(lambda: one.manager.unwritten == 0)
    assert await log_events(one.log, watched.run) == events
    check_log(await log_events(one.log, watched.run))
    history = History(watched.run)
    history.hear(cut)
    two.manager.release(far)
    history.hear(await two.seen(await two.manager.attach(watched.run, history.cursor)))
    assert history.finished
    await one.stop()
    await two.stop()


async def test_an_answer_that_is_lost_makes_no_event_twice(redis: RedisProcess) -> None:
    async with StoreProxy(redis.port) as proxy:
        node = await a_node(Store("redis", proxy.url))
        for _ in range(5):
            proxy.lose_answers = 1
            _, seen = await a_finished_run(node)
            check_log(frames_of(seen))  # type: ignore[arg-type]  # heartbeats are left out
        assert proxy.lost == 5
        assert len(await node.log.runs(100)) == 5
        await node.stop()


# ---- stores that forget


async def test_what_a_store_forgot_of_a_run_under_way_is_put_back_as_everybody_saw_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with redis_process("--appendonly", "no") as redis:
        node = await a_node(Store("redis", redis.url, may_forget=True))
        old, _ = await a_finished_run(node)
        gated = Gated()
        watched = Watched(node, gated, gated.pipeline())
        await watched.under_way()
        redis.kill()
        redis.start()
        gated.open("b", "c")
        events = frames_of(await watched.reading)
        check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
        await eventually(lambda: node.manager.running == 0)
        assert await log_events(node.log, watched.run) == events
        assert "gets them again" in caplog.text
        with pytest.raises(NotFound):  # what was over is gone, and that is said
            await node.manager.attach(old)
        await node.stop()


@pytest.fixture
async def failover() -> AsyncIterator[Failover]:
    async with a_failover() as pair:
        yield pair


async def test_after_a_failover_that_lost_the_tail_nobody_sees_another_event_under_a_number_they_saw(
    failover: Failover, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = await a_node(failover.store), await a_node(failover.store)
    gated = Gated()
    watched = Watched(one, gated, gated.pipeline())
    await eventually(lambda: gated.ran == ["a"])
    await failover.replicated(watched.run, 4)
    failover.lose_the_tail_from_here()
    await watched.under_way()
    far = await two.manager.attach(watched.run)
    far_reading = asyncio.create_task(read_until_told(far))
    await eventually(lambda: far._cursor >= 8)
    failover.fail_over()
    gated.open("b", "c")
    events = frames_of(await watched.reading)
    check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
    await eventually(lambda: one.manager.running == 0 and one.manager.unwritten == 0)
    assert await log_events(two.log, watched.run) == events
    assert "gets them again" in caplog.text
    history = History(watched.run)
    history.hear(await far_reading)
    two.manager.release(far)
    history.check(await two.log.read(watched.run, 0, 1 << 30))
    await one.stop()
    await two.stop()


async def test_when_the_writer_died_too_readers_are_told_to_begin_anew(
    failover: Failover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "DOWN_S", 10)  # on a busy machine they would only hear that the store was away
    one, two = await a_node(failover.store), await a_node(failover.store)
    gated = Gated(repeatable=False)
    viewer = one.manager.start(gated.pipeline(), QUESTION, on_disconnect="continue")
    await eventually(lambda: gated.ran == ["a"])
    await failover.replicated(viewer.run, 4)
    failover.lose_the_tail_from_here()
    gated.open("a")
    far = await two.manager.attach(viewer.run)
    far_reading = asyncio.create_task(read_until_told(far))
    await eventually(lambda: far._cursor >= 8)
    failover.fail_over()
    await one.kill()
    told = await far_reading
    *_, bye = frames_of(told)
    assert isinstance(bye, ev.StreamBye), told[-300:]
    assert bye.reason == "too_old"
    two.manager.release(far)

    async def over() -> bool:
        summary = await two.log.summary(viewer.run)
        return summary is not None and summary.status == "interrupted"

    await eventually(over)
    check_log(frames_of(await replayed(two, viewer.run)))  # type: ignore[arg-type]  # heartbeats are left out
    await two.stop()


# ---- what a store must be


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"role": "slave", "aof_enabled": 1}, "replica"),
        ({"role": "master", "aof_enabled": 0}, "appendonly yes"),
        ({"role": "master", "aof_enabled": 1, "maxmemory_policy": "allkeys-lru"}, "noeviction"),
        ({"role": "master", "aof_enabled": 1, "cluster_enabled": 1}, "cluster"),
    ],
)
def test_what_makes_a_store_unfit(info: dict[str, object], says: str) -> None:
    (complaint,) = complaints(info)
    assert says in complaint


def test_a_store_that_keeps_everything_is_fit() -> None:
    assert complaints({"role": "master", "aof_enabled": 1, "maxmemory_policy": "noeviction"}) == []


async def test_a_store_that_forgets_is_refused_unless_that_was_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    with redis_process("--appendonly", "no", "--maxmemory-policy", "allkeys-lru") as redis:
        log = RedisRunLog(redis.url)
        with pytest.raises(ConfigError, match=r"appendonly yes; .* noeviction"):
            await log.open()
        await log.aclose()
        log = RedisRunLog(redis.url, may_forget=True)
        await log.open()
        await log.append(summary_of("r", 1), entries(1))
        assert "appendonly yes" in caplog.text, "loudly"
        await log.aclose()


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "nonsense", "redis://127.0.0.1:port/0", ""])
async def test_a_url_that_is_none_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError, match="redis://host:6379/0"):
        RedisRunLog(url)


async def test_a_store_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_module, "OPENING_S", 0.1)
    log = RedisRunLog("redis://127.0.0.1:1/0")
    with pytest.raises(StorageError, match="can't be used"):
        await log.open()
    await log.aclose()


async def test_a_store_that_comes_a_little_later_is_waited_for(redis: RedisProcess) -> None:
    redis.kill()
    log = RedisRunLog(redis.url)
    opening = asyncio.create_task(log.open())
    await asyncio.sleep(1)
    await asyncio.to_thread(redis.start)
    await opening
    await log.aclose()


async def test_a_store_that_still_reads_its_data_is_judged_when_it_is_ready(
    redis: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RedisRunLog(redis.url)
    info, asked = log._redis.info, 0

    async def loading_at_first() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {**await info(), **({"loading": 1, "aof_enabled": 0} if asked < 3 else {})}

    monkeypatch.setattr(log._redis, "info", loading_at_first)
    await log.open()
    assert asked == 3
    await log.aclose()


@pytest.mark.timeout(120)
async def test_very_many_who_read_at_once_are_no_silence_of_the_store(redis: RedisProcess) -> None:
    """They wait for connections, and for each other's turn: a store that answers is never called unusable for that."""
    log = RedisRunLog(redis.url, may_forget=True)
    await log.open()
    await log.append(summary_of("r1", events=300), entries(300, size=2_000))
    found = await asyncio.gather(*(log.read("r1", 0, 1 << 30) for _ in range(400)))
    assert {len(read) for read in found} == {300}
    await log.aclose()


async def test_of_many_who_wait_each_is_told_within_a_second_that_the_store_is_silent(redis: RedisProcess) -> None:
    log = RedisRunLog(redis.url, may_forget=True)
    await log.open()
    await log.append(summary_of("r1", events=3), entries(3))
    redis.send(signal.SIGSTOP)
    began = time.monotonic()
    told = await asyncio.gather(*(log.read("r1", 0, 1 << 20) for _ in range(400)), return_exceptions=True)
    took_s = time.monotonic() - began
    redis.send(signal.SIGCONT)
    assert all(isinstance(one, StorageError) for one in told), {type(one) for one in told}
    assert took_s < TOLD_S
    assert len(await log.read("r1", 0, 1 << 20)) == 3
    await log.aclose()
