"""A viewer's side of a run: blocks, heartbeats, catching up from the log, farewells."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import StorageError
from backend.runs import live as live_module
from backend.runs.live import LiveRun, Viewer
from backend.runs.log import Entry
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared.encoding import EventFrames
from tests.asked_runs import entries, read_all, summary_of, until

NEVER_S = 1000.0


def frames(count: int, first: int = 1, size: int = 2) -> bytes:
    return b"".join(EventFrames("r").encode(entry.seq, entry.data) for entry in entries(count, first, size))


class Watched:
    """A run and its log side by side, as a writer keeps them."""

    def __init__(self) -> None:
        self.log = SQLiteRunLog(MEMORY)
        self.live = LiveRun("r")
        self.viewers: list[Viewer] = []

    async def append(self, new: list[Entry], status: str = "running") -> None:
        await self.log.append(summary_of("r", new[-1].seq, status), new)
        self.live.publish(new)

    def viewer(self, after: int = 0, *, heartbeat_s: float = NEVER_S, live: bool = True) -> Viewer:
        length = 0 if live else self.live.head
        viewer = Viewer(
            "r", self.log, live=self.live if live else None, after=after, heartbeat_s=heartbeat_s, length=length
        )
        self.viewers.append(viewer)
        return viewer


@pytest.fixture
async def run() -> AsyncIterator[Watched]:
    before = asyncio.all_tasks()
    run = Watched()
    yield run
    for viewer in run.viewers:
        viewer.close()
    await run.log.aclose()
    assert asyncio.all_tasks() - before == {asyncio.current_task()} - before
    assert not [viewer for viewer in run.viewers if not viewer._timer.cancelled()], "no timer is left"


async def test_a_heartbeat_comes_at_once_when_nothing_is_ready(run: Watched) -> None:
    assert await run.viewer().take() == b": hb 0\n\n"


async def test_no_heartbeat_comes_first_when_something_is_ready(run: Watched) -> None:
    await run.append(entries(2))
    assert await run.viewer().take() == frames(2)


async def test_a_heartbeat_names_the_head_and_not_the_viewers_place(run: Watched) -> None:
    await run.append(entries(5))
    assert await run.viewer(after=5).take() == b": hb 5\n\n"


async def test_heartbeats_follow_in_silence_and_an_event_ends_it(run: Watched) -> None:
    viewer = run.viewer(heartbeat_s=0.01)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert [await viewer.take() for _ in range(3)] == [b": hb 0\n\n"] * 3
    assert loop.time() - began >= 0.02, "one at once, two after their time"
    await run.append(entries(1))
    assert await viewer.take() == frames(1)


async def test_viewers_share_the_moments_of_their_heartbeats_and_none_is_late(run: Watched) -> None:
    began = asyncio.get_running_loop().time()
    viewers = [run.viewer(heartbeat_s=NEVER_S) for _ in range(50)]
    moments = {viewer._timer.when() for viewer in viewers}
    assert len(moments) <= 2  # they came within a fortieth of the time between two
    assert all(NEVER_S * 0.95 <= moment - began <= NEVER_S + 1 for moment in moments)
    for viewer in viewers:
        viewer.close()


async def test_an_event_wakes_every_viewer_that_waits(run: Watched) -> None:
    viewers = [run.viewer() for _ in range(3)]
    for viewer in viewers:
        await viewer.take()
    taking = [asyncio.create_task(viewer.take()) for viewer in viewers]
    await until(lambda: all(viewer._waiter is not None for viewer in viewers))
    await run.append(entries(1))
    assert await asyncio.gather(*taking) == [frames(1)] * 3


@pytest.mark.parametrize("from_log", [False, True], ids=["memory", "log"])
async def test_a_block_holds_whole_frames_and_stays_below_its_size(run: Watched, from_log: bool) -> None:
    await run.append(entries(60, size=5_000), "ok")
    run.live.finish()
    viewer = run.viewer(live=not from_log)
    blocks = []
    while (block := await viewer.take()) is not None:
        blocks.append(block)
    assert b"".join(blocks) == frames(60, size=5_000)
    assert len(blocks) >= 5
    slack = 60 * len(b"id: r.60\ndata: \n\n") if from_log else 0
    assert all(len(block) <= live_module.BLOCK_BYTES + slack for block in blocks)
    assert all(block.endswith(b"\n\n") for block in blocks)


async def test_a_frame_larger_than_a_block_comes_alone_and_whole(run: Watched) -> None:
    await run.append([*entries(1), *entries(1, 2, live_module.BLOCK_BYTES * 2), *entries(1, 3)])
    viewer = run.viewer()
    assert [await viewer.take() for _ in range(3)] == [
        frames(1), frames(1, 2, live_module.BLOCK_BYTES * 2), frames(1, 3)
    ]  # fmt: skip


@pytest.mark.parametrize("after", [0, 3, 50, 97, 99])
async def test_what_memory_no_longer_holds_comes_from_the_log(
    run: Watched, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "KEPT_BYTES", 200)
    monkeypatch.setattr(live_module, "BLOCK_BYTES", 300)
    viewer = run.viewer(after)
    for first in range(1, 100, 3):
        await run.append(entries(3, first))
    run.live.finish()
    assert run.live._kept_bytes <= 200
    seen = await read_all(viewer)
    assert seen == frames(99 - after, after + 1) if after < 99 else seen == b": hb 99\n\n"


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(2, 60), st.integers(0, 3)), min_size=1, max_size=12),
    st.integers(20, 400),
    st.integers(20, 400),
)
@settings(max_examples=60, deadline=None)
def test_viewers_that_come_at_any_time_and_read_at_any_pace_get_the_log(
    steps: list[tuple[int, int, int]], kept: int, block: int
) -> None:
    async def check() -> None:
        run = Watched()
        seen: list[tuple[Viewer, bytearray, int]] = []
        written = b""
        count = 0
        for number, size, reads in steps:
            seen.append((run.viewer(count), bytearray(), len(written)))
            new = entries(number, count + 1, size)
            await run.append(new)
            count += number
            written += b"".join(EventFrames("r").encode(entry.seq, entry.data) for entry in new)
            for viewer, got, start in seen[:reads]:
                if len(got) < len(written) - start:
                    got += await viewer.take() or b""
        run.live.finish()
        for viewer, got, start in seen:
            got += await read_all(viewer)
            assert bytes(got) == written[start:]
            viewer.close()
        await run.log.aclose()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_module, "KEPT_BYTES", kept)
        patch.setattr(live_module, "BLOCK_BYTES", block)
        asyncio.run(check())


async def test_a_viewer_that_does_not_read_holds_nothing_and_delays_nobody(
    run: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "KEPT_BYTES", 1000)
    idle, reader = run.viewer(), run.viewer()
    for number in range(1, 200):
        await run.append(entries(1, number, 100))
        block = await reader.take()
        assert block == frames(1, number, 100)
    assert run.live._kept_bytes <= 1000
    assert idle._cursor == 0
    assert not [value for value in vars(idle).values() if isinstance(value, bytes | bytearray | list | dict)]


async def test_a_finished_run_is_read_from_the_log_to_its_end(run: Watched) -> None:
    await run.append(entries(3), "ok")
    assert await read_all(run.viewer(live=False)) == frames(3)
    assert await read_all(run.viewer(2, live=False)) == frames(1, 3)


async def test_a_viewer_who_has_it_all_already_hears_one_heartbeat_and_the_end(run: Watched) -> None:
    await run.append(entries(3), "ok")
    assert await read_all(run.viewer(3, live=False)) == b": hb 3\n\n"


async def test_a_farewell_ends_a_stream_that_waits(run: Watched) -> None:
    await run.append(entries(1))
    viewer = run.viewer()
    assert await viewer.take() == frames(1)
    taking = asyncio.create_task(viewer.take())
    await asyncio.sleep(0)
    viewer.say_bye(b"bye\n\n")
    viewer.say_bye(b"bye again\n\n")
    assert await taking == b"bye\n\n"
    assert await viewer.take() is None
    viewer.say_bye(b"and again\n\n")
    assert await viewer.take() is None


async def test_a_farewell_before_the_first_block_is_all_that_is_sent(run: Watched) -> None:
    await run.append(entries(1))
    viewer = run.viewer()
    viewer.say_bye(b"bye\n\n")
    assert await read_all(viewer) == b"bye\n\n"


async def test_closing_twice_counts_once(run: Watched) -> None:
    counts: list[int] = []
    run.live.on_viewers = counts.append
    first, second = run.viewer(), run.viewer()
    for _ in range(2):
        first.close()
    second.close()
    assert counts == [1, 2, 1, 0]
    assert run.live.viewers == set()


async def test_a_cancelled_take_loses_nothing(run: Watched) -> None:
    viewer = run.viewer()
    await viewer.take()
    for woken in (False, True):
        taking = asyncio.create_task(viewer.take())
        await until(lambda: viewer._waiter is not None)
        if woken:
            await run.log.append(summary_of("r", 3), entries(3))
            run.live.publish(entries(3))
        taking.cancel()
        await asyncio.wait([taking])
    assert await viewer.take() == frames(3)


async def test_a_log_that_lacks_what_memory_lost_ends_the_stream_instead_of_turning_for_ever(
    run: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "KEPT_BYTES", 100)
    await run.append(entries(2, size=60))
    run.live.publish(entries(8, 3, size=60))  # as after a storage failure: shown from memory alone
    viewer = run.viewer()
    assert await viewer.take() == frames(2, size=60)
    run.live.finish()
    async with asyncio.timeout(5):
        assert await viewer.take() is None


async def test_a_log_that_cannot_be_read_is_told_to_the_stream(run: Watched) -> None:
    viewer = run.viewer(live=False)
    await run.log.aclose()
    with pytest.raises(StorageError):
        await viewer.take()


async def test_a_heartbeat_that_can_be_sent_at_once_wakes_nobody_and_one_that_cannot_is_taken(run: Watched) -> None:
    viewer = run.viewer(heartbeat_s=0.02)
    await viewer.take()
    sent: list[bytes] = []
    may_send = True

    def send(beat: bytes) -> bool:
        if may_send:
            sent.append(beat)
        return may_send

    viewer.send = send
    taking = asyncio.ensure_future(viewer.take())
    await until(lambda: len(sent) >= 3)
    assert not taking.done()
    assert set(sent) == {b": hb 0\n\n"}
    may_send = False
    assert await asyncio.wait_for(taking, 5) == b": hb 0\n\n"
    viewer.close()


class Line:
    """What ``Viewer.send`` sends to, and whether it is free."""

    def __init__(self, viewer: Viewer) -> None:
        self.is_free = True
        self.sent: list[bytes] = []
        viewer.send = self._send

    def _send(self, data: bytes) -> bool:
        if self.is_free:
            self.sent.append(data)
        return self.is_free


async def waiting(viewer: Viewer) -> "asyncio.Task[bytes | None]":
    taking = asyncio.create_task(viewer.take())
    await until(lambda: viewer._waiter is not None)
    return taking


async def test_what_is_new_is_sent_to_who_waits_and_wakes_nobody(run: Watched) -> None:
    viewer = run.viewer()
    await viewer.take()
    line = Line(viewer)
    taking = await waiting(viewer)
    await run.append(entries(2))
    await run.append(entries(1, first=3))
    assert line.sent == [frames(2), frames(1, first=3)]
    await asyncio.sleep(0)
    assert not taking.done()
    line.is_free = False
    await run.append(entries(2, first=4))
    assert await taking == frames(2, first=4)


async def test_of_much_that_is_new_the_rest_is_taken(run: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "BLOCK_BYTES", 2 * len(frames(1)))
    viewer = run.viewer()
    await viewer.take()
    line = Line(viewer)
    taking = await waiting(viewer)
    await run.append(entries(5))
    assert line.sent == [frames(2)]
    assert await taking == frames(2, first=3)
    assert await viewer.take() == frames(1, first=5)


async def test_nothing_is_sent_behind_a_farewell(run: Watched) -> None:
    viewer = run.viewer()
    await viewer.take()
    line = Line(viewer)
    taking = await waiting(viewer)
    viewer.say_bye(b"bye")
    await run.append(entries(1))
    assert await taking == b"bye"
    assert line.sent == []
    assert await viewer.take() is None


async def test_a_heartbeat_is_due_only_when_nothing_was_sent_for_its_time(run: Watched) -> None:
    viewer = run.viewer(heartbeat_s=NEVER_S)
    await viewer.take()
    Line(viewer)
    before = viewer._last_sent
    taking = await waiting(viewer)
    await run.append(entries(1))
    assert viewer._last_sent > before
    taking.cancel()


async def test_what_cannot_be_sent_breaks_the_one_stream_and_not_the_run(run: Watched) -> None:
    def fail(data: bytes) -> bool:
        raise ValueError("a format that can't")

    broken, other = run.viewer(), run.viewer()
    await broken.take()
    await other.take()
    broken.send, line = fail, Line(other)
    taking, others = await waiting(broken), await waiting(other)
    await run.append(entries(1))
    assert line.sent == [frames(1)]
    with pytest.raises(ValueError, match="a format that can't"):
        await taking
    others.cancel()


async def test_the_last_events_are_taken_so_that_the_end_goes_with_them(run: Watched) -> None:
    viewer = run.viewer()
    await viewer.take()
    line = Line(viewer)
    taking = await waiting(viewer)
    run.live.publish(entries(2), last=True)
    assert await taking == frames(2)
    assert viewer.over
    assert line.sent == []
    assert await viewer.take() is None
