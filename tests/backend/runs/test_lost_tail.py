"""A store fails over and loses the newest events, and their writer is gone too: another process writes others under the
same numbers. Whoever had seen the old ones is told; nobody takes one for the other."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.errors import Gone
from backend.runs import follower, keeping, sqlite, sqlite_shared
from backend.runs.follower import Follower
from backend.runs.live import LiveRun
from backend.runs.log import Adopted, Entry, EventsLost
from backend.runs.recovery import read_events, read_snapshot
from backend.runs.redis import RedisRunLog
from shared import events as ev
from tests.asked_runs import QUESTION, entries, frames_of, summary_of
from tests.backend.runs.test_nodes import Gated
from tests.backend.runs.test_redis_faults import read_until_told, replayed
from tests.failover import Failover, a_failover
from tests.history import History
from tests.invariants import check_log
from tests.nodes import Node, a_node, eventually
from tests.redis_process import RedisProcess, redis_process
from tests.run_logs import Store

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.timeout(60)]
KEPT = 4
"""So many events reach the replica."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SWEEP_S", 0.1)
    monkeypatch.setattr(keeping, "WRITE_REST_S", 0.1)
    monkeypatch.setattr(follower, "DOWN_S", 10)  # on a busy machine they would only hear that the store was away


@pytest.fixture
async def failover() -> AsyncIterator[Failover]:
    async with a_failover() as pair:
        yield pair


@pytest.fixture
async def redis() -> AsyncIterator[RedisProcess]:
    with redis_process() as process:
        yield process


async def with_a_tail_to_lose(failover: Failover, node: Node, gated: Gated) -> str:
    """A run in its second step, whose events after KEPT the replica doesn't have."""
    viewer = node.manager.start(gated.pipeline(), QUESTION, on_disconnect="continue")
    await eventually(lambda: gated.ran == ["a"])
    await failover.replicated(viewer.run, KEPT)
    failover.lose_the_tail_from_here()
    gated.open("a")
    await eventually(lambda: gated.ran == ["a", "b"])
    await eventually(lambda: node.manager._active[viewer.run].live.head >= 2 * KEPT)
    node.manager.release(viewer)
    return viewer.run


async def over(node: Node, run: str) -> bool:
    summary = await node.log.summary(run)
    return summary is not None and summary.status != "running"


def history_of(run: str, received: list[Entry], cursor: int) -> History:
    return History(run, received=received[:cursor])


@pytest.mark.parametrize("repeatable", [True, False], ids=["goes on", "is interrupted"])
async def test_at_every_cursor_two_readers_get_one_log_or_are_told(failover: Failover, repeatable: bool) -> None:
    one, two = await a_node(failover.store), await a_node(failover.store)
    gated = Gated(repeatable=repeatable)
    run = await with_a_tail_to_lose(failover, one, gated)
    readers = []
    for node in (one, two):
        viewer = await node.manager.attach(run)
        reading = asyncio.create_task(read_until_told(viewer))
        await eventually(lambda v=viewer: v._cursor >= 2 * KEPT)
        readers.append((viewer, reading, History(run)))
    failover.fail_over()
    for node in (one, two):
        await node.kill()
    for viewer, reading, history in readers:
        viewer.say_bye(b"")  # the connection breaks
        history.hear(await reading)
        assert history.cursor >= 2 * KEPT
    gated.open("b", "c")
    fresh = await a_node(failover.store, [gated.pipeline()])
    await eventually(lambda: over(fresh, run))
    log = await fresh.log.read(run, 0, 1 << 30)
    check_log(frames_of(await replayed(fresh, run)))  # type: ignore[arg-type]  # heartbeats are left out
    assert [entry.data for entry in log[:KEPT]] == [entry.data for entry in readers[0][2].received[:KEPT]]
    another = await a_node(failover.store)
    for _, _, seen in readers:
        for cursor in range(len(seen.received) + 1):
            for node in (fresh, another):
                history = history_of(run, seen.received, cursor)
                if cursor > KEPT:
                    with pytest.raises(Gone):
                        await node.manager.attach(run, cursor)
                    history = History(run)
                history.hear(await node.seen(await node.manager.attach(run, history.cursor)))
                assert history.finished
                history.check([Entry(entry.seq, entry.data) for entry in log])
    await fresh.stop()
    await another.stop()


async def test_while_the_run_goes_on_a_reader_that_comes_back_is_told(failover: Failover) -> None:
    one = await a_node(failover.store)
    gated = Gated()
    run = await with_a_tail_to_lose(failover, one, gated)
    failover.fail_over()
    await one.kill()
    fresh = await a_node(failover.store, [gated.pipeline()])
    await eventually(lambda: gated.ran == ["a", "b", "a", "b"])
    await eventually(lambda: fresh.manager._active[run].live.head > 2 * KEPT)
    head = fresh.manager._active[run].live.head  # it has other events under the numbers that were seen
    another = await a_node(failover.store)
    for node in (fresh, another):
        for cursor in range(KEPT + 1, head + 1):
            with pytest.raises(Gone, match="may be another"):
                await node.manager.attach(run, cursor)
        view, forks = await read_snapshot(node.log, run)
        assert view.upto >= head
        node.manager.release(await node.manager.attach(run, view.upto, forks))
        reading = asyncio.create_task(node.seen(await node.manager.attach(run, KEPT)))
        await eventually(lambda n=node: n.manager.viewers == 1)
        if node is another:
            gated.open("b", "c")
            assert frames_of(await reading)[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
        else:
            reading.cancel()
            await asyncio.wait([reading])
            for viewer in tuple(node.manager._watching._viewers):
                node.manager.release(viewer)
    await fresh.stop()
    await another.stop()


async def test_a_writer_that_was_only_thought_dead_shows_nothing_of_the_other_log(failover: Failover) -> None:
    one, gated = await a_node(failover.store), Gated()
    run = await with_a_tail_to_lose(failover, one, gated)
    viewer = await one.manager.attach(run)
    reading = asyncio.create_task(read_until_told(viewer))
    await eventually(lambda: viewer._cursor >= 2 * KEPT)
    two = await a_node(failover.store, [gated.pipeline()])
    failover.fail_over()
    assert isinstance(one.log, RedisRunLog)
    lease = f"windowseat:node:{one.log._me}"

    await two.log.renew()  # its own was lost too

    async def taken_over() -> bool:
        failover.replica.ask("DEL", lease)
        return two.manager.running == 1

    await eventually(taken_over)
    gated.open("b", "c")
    await eventually(lambda: over(two, run))
    told = await reading
    *seen, bye = frames_of(told)
    assert isinstance(bye, ev.StreamBye), told[-300:]
    assert bye.reason == "too_old"
    assert len(seen) < 2 * KEPT + 5, "no event of the other log"
    one.manager.release(viewer)
    await one.stop()
    await two.stop()


async def test_a_run_that_was_taken_from_here_is_not_begun_here_a_second_time(redis: RedisProcess) -> None:
    store, gated = Store("redis", redis.url), Gated()
    one = await a_node(store, [gated.pipeline()])
    viewer = one.manager.start(gated.pipeline(), QUESTION)
    reading = asyncio.create_task(one.seen(viewer))
    await eventually(lambda: one.log.summary(viewer.run))
    redis.ask("HSET", f"windowseat:run:{viewer.run}", "node", "who took it and is gone")
    redis.ask("HSET", "windowseat:running", viewer.run, "who took it and is gone")
    for _ in range(3):
        assert await one.manager.take_over() == []
    assert gated.ran == ["a"]
    gated.open("a", "b", "c")  # now it hears that it has lost its lease, ends, and is taken over
    events = frames_of(await reading)
    check_log(events)  # type: ignore[arg-type]  # heartbeats are left out
    assert events[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
    assert one.manager.counters.recovered == 1
    await one.stop()


# ---- which store has had all of a run


async def a_log(url: str) -> RedisRunLog:
    log = RedisRunLog(url)
    await log.open()
    return log


async def adopted(log: RedisRunLog, run: str) -> Adopted:
    found = await log.adopt(run)
    assert found is not None
    return found


async def test_a_takeover_is_a_fork_only_if_events_may_be_lost(redis: RedisProcess) -> None:
    one = await a_log(redis.url)
    await one.append(summary_of("r", 2), entries(2))
    await one.aclose()
    two = await a_log(redis.url)
    assert (await adopted(two, "r")).forks == "", "the same store: nothing is lost"
    await two.append(summary_of("r", 3), entries(1, first=3))
    await two.aclose()
    redis.kill()
    redis.start()
    three = await a_log(redis.url)
    forks = (await adopted(three, "r")).forks
    assert forks.startswith("4."), "the store was started anew"
    await three.append(summary_of("r", 5), entries(2, first=4))
    assert [entry.forks for entry in await three.read("r", 0, 1 << 20)] == ["", "", "", forks, forks]
    await three.aclose()
    four = await a_log(redis.url)
    assert (await adopted(four, "r")).forks == forks, "no second fork without a second loss"
    await four.tell_end("r", entries(1, first=6))
    await four.aclose()
    five = await a_log(redis.url)
    again = (await adopted(five, "r")).forks
    assert again.startswith(f"{forks} 6."), "its writer had shown what it couldn't write"
    assert (await five.news({"r": 3})).entries["r"] == await five.read("r", 3, 1 << 20)
    await five.aclose()


async def test_after_a_power_cut_a_takeover_of_a_file_is_a_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, gated = Store("sqlite", str(tmp_path)), Gated(repeatable=False)
    one = await a_node(store)
    run = one.manager.start(gated.pipeline(), QUESTION, on_disconnect="continue").run
    gated.open("a")
    await eventually(lambda: gated.ran == ["a", "b"])
    await eventually(lambda: one.manager._active[run].live.head >= 2 * KEPT)
    seen = await one.log.read(run, 0, 1 << 20)
    await one.kill()
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.sqlite")) as file:  # what the disk never got
        file.execute("DELETE FROM pieces")
        told = b"\n".join(entry.data for entry in seen[:KEPT])
        file.execute("INSERT INTO pieces (run, seq, events, data) VALUES (?, 1, ?, ?)", (run, KEPT, told))
        file.execute("UPDATE runs SET events = ?", (KEPT,))
        file.commit()
    for module in (sqlite, sqlite_shared):
        monkeypatch.setattr(module, "boot_id", lambda: "another boot")
    two = await a_node(store)
    await eventually(lambda: over(two, run))
    log = await two.log.read(run, 0, 1 << 20)
    assert [entry.forks != "" for entry in log] == [False] * KEPT + [True] * (len(log) - KEPT)
    for cursor in range(len(seen) + 1):
        if cursor > KEPT:
            with pytest.raises(Gone):
                await two.manager.attach(run, cursor)
            continue
        history = history_of(run, seen, cursor)
        history.hear(await two.seen(await two.manager.attach(run, cursor)))
        history.check([Entry(entry.seq, entry.data) for entry in log])
    await two.stop()


async def test_after_a_kill_alone_a_takeover_of_a_file_is_no_fork(tmp_path: Path) -> None:
    store, gated = Store("sqlite", str(tmp_path)), Gated(repeatable=False)
    one = await a_node(store)
    run = one.manager.start(gated.pipeline(), QUESTION).run
    await eventually(lambda: one.log.summary(run))
    await one.kill()
    two = await a_node(store)
    await eventually(lambda: over(two, run))
    assert {entry.forks for entry in await two.log.read(run, 0, 1 << 20)} == {""}
    await two.stop()


async def test_what_is_read_is_of_one_log() -> None:
    """Between two pages the store became another one."""

    class Torn:
        async def read(self, run: str, after: int, limit_bytes: int) -> list[Entry]:
            notice = ev.RunNotice(seq=after + 1, t=0, kind="queued", text="")
            return [Entry(after + 1, ev.encode_event(notice), "2.x" if after >= 2 else "")]

    with pytest.raises(EventsLost, match="after event 2"):
        await read_events(Torn(), "r")  # type: ignore[arg-type]  # all that is asked of a log here


async def test_news_of_another_log_are_not_shown() -> None:
    follower_ = Follower(None, lambda signal: None)  # type: ignore[arg-type]  # it isn't asked
    live = LiveRun("r", 2, b"2")
    follower_._lives["r"] = live
    follower_._publish("r", [Entry(3, b"3", "3.x")])
    assert (live.head, live.forks, live.finished) == (3, "3.x", False), "nothing of what was seen is lost"
    follower_._publish("r", [Entry(4, b"4", "3.y")])
    assert (live.head, live.finished) == (3, True)
