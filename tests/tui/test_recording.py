"""Runs as files: read whole or refused with the line that is wrong, told again at any speed."""

import asyncio
from pathlib import Path

import pytest

from shared import events as ev
from shared.view import EMPTY, fold_all
from tests.received import each
from tests.scripted_server import RUN, a_run
from tui import recording
from tui.connection import Received, RecordingError, StreamCut, view_after
from tui.recording import Recorder, parse, play

EVENTS = a_run()
LINES = [ev.encode_event(event) for event in EVENTS]
WHOLE = b"".join(line + b"\n" for line in LINES)
SNAPSHOT = ev.encode_event(ev.StreamSnapshot(upto=6, view=fold_all(EVENTS[:6])))


@pytest.mark.parametrize(
    "data",
    [WHOLE, WHOLE.rstrip(b"\n"), WHOLE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + WHOLE, WHOLE.replace(b"\n", b"\n\n")],
    ids=["as written", "no last line end", "CRLF", "BOM", "blank lines"],
)
def test_a_recording_is_the_log(data: bytes) -> None:
    read = parse(data, "f")
    assert [one.event for one in read.received] == EVENTS
    assert list(read.lines) == LINES
    assert read.finished
    assert read.whole


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "f is empty"),
        (b"\n \n", "f is empty"),
        (b"hello\n", "f is no recording of a run: line 1: "),
        (b'{"a": 1}\n', "line 1: "),
        (b"\xff\xfe\n", "line 1: "),
        (b"[" * 100_000 + b"\n", "line 1: "),
        (LINES[1] + b"\n", "line 1: event 2 came after event 0"),
        (WHOLE.replace(LINES[4] + b"\n", b""), "line 5: event 6 came after event 4: what is between is missing"),
        (WHOLE.replace(LINES[4], LINES[3]), "line 5: it is there twice"),
        (LINES[0].replace(b'"v":1', b'"v":9') + b"\n", "line 1: the server speaks version 9"),
        (WHOLE + LINES[-1], "line 11: something follows run.finished"),
        (WHOLE.replace(LINES[4], LINES[4][:-1]), "line 5: "),
        (LINES[0] + b'\n{"type":"stream.bye","reason":"slow","retry_ms":1}\n', "line 2: "),
        (LINES[0] + b"\n" + b" " * (1 << 20) + LINES[1] + b"\n", "line 2: it is longer than"),
        (b"id: r.1\ndata: {}\n\n", "line 1: "),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(data: bytes, complaint: str) -> None:
    with pytest.raises(RecordingError) as caught:
        parse(data, "f")
    assert complaint in str(caught.value)
    assert caught.value.hint


def test_an_event_stream_is_told_apart() -> None:
    with pytest.raises(RecordingError) as caught:
        parse(b"id: r.1\ndata: {}\n\n", "f")
    assert "as it goes over the wire" in (caught.value.hint or "")


def test_a_recording_that_was_cut_anywhere_is_what_it_has_and_not_finished() -> None:
    for size in range(len(LINES[0]) + 1, len(WHOLE) - 2):
        read = parse(WHOLE[:size], "f")
        assert [one.event for one in read.received] == EVENTS[: len(read.received)]
        assert len(read.received) >= WHOLE[:size].count(b"\n")
        assert not read.finished


def test_a_snapshot_in_a_recording_stands_for_what_the_client_missed() -> None:
    read = parse(b"\n".join([*LINES[:3], SNAPSHOT, *LINES[6:]]), "f")
    view = EMPTY
    for one in read.received:
        view = view_after(view, one)
    assert view == fold_all(EVENTS)
    assert read.finished
    assert not read.whole


def test_what_the_recorder_writes_is_what_was_received(tmp_path: Path) -> None:
    path = tmp_path / "run.ndjson"
    with Recorder(path) as recorder:
        for line in LINES:
            recorder.write(line.decode())
            assert path.read_bytes().endswith(line + b"\n"), "a line is there as soon as it was received"
    assert path.read_bytes() == WHOLE
    assert recording.load(str(path)).whole


def test_a_line_end_between_the_tokens_of_an_event_becomes_a_space(tmp_path: Path) -> None:
    with Recorder(tmp_path / "f") as recorder:
        recorder.write('{"a":\n1,\r\n"b":2}')
    assert (tmp_path / "f").read_bytes() == b'{"a": 1,  "b":2}\n'


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"no-such.*No such file"):
        recording.load(str(tmp_path / "no-such"))
    with pytest.raises(RecordingError, match="Is a directory"):
        recording.load(str(tmp_path))
    with pytest.raises(RecordingError, match="can't be written"), Recorder(tmp_path / "no" / "such"):
        pass


def test_only_a_whole_run_can_be_given_away(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(WHOLE[:-20])
    with pytest.raises(RecordingError, match="ends before its run did, after 9 events"):
        recording.load_whole(str(path))
    path.write_bytes(b"\n".join([*LINES[:3], SNAPSHOT, *LINES[6:]]))
    with pytest.raises(RecordingError, match="a snapshot stands in"):
        recording.load_whole(str(path))


class VirtualTime:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def played(data: bytes, speed: float) -> tuple[list[Received], VirtualTime, list[float]]:
    time = VirtualTime()
    received, at = [], []
    async for one in each(play(parse(data, "f"), speed, sleep=time.sleep, clock=lambda: time.now)):
        received.append(one)
        at.append(round((time.now - 100.0) * 1000, 6))
    return received, time, at


@pytest.mark.parametrize("speed", [1.0, 4.0, 0.5])
async def test_a_replay_has_the_pauses_of_the_run(speed: float) -> None:
    received, _, at = await played(WHOLE, speed)
    assert [one.event for one in received] == EVENTS
    assert at == pytest.approx([event.t / speed for event in EVENTS])


async def test_at_speed_0_nothing_is_waited_for() -> None:
    received, time, _ = await played(WHOLE, 0)
    assert len(received) == len(EVENTS)
    assert time.slept == []


async def test_a_reader_that_is_slow_itself_is_not_slowed_down_more() -> None:
    time = VirtualTime()
    async for one in play(parse(WHOLE, "f"), 1, sleep=time.sleep, clock=lambda: time.now):
        time.now += 0.1
        del one
    assert time.now - 100 == pytest.approx(0.1 * len(EVENTS) + sum(time.slept))
    assert sum(time.slept) < EVENTS[-1].t / 1000


async def test_the_end_of_a_cut_recording_is_never_a_success() -> None:
    with pytest.raises(StreamCut, match="interrupted: f ends after event 9, before the run did") as caught:
        await played(WHOLE[:-20], 0)
    assert caught.value.run == RUN


async def test_leaving_in_a_pause_is_possible() -> None:
    async def read() -> None:
        async for _ in play(parse(WHOLE, "f"), 0.0001):
            begun.set()

    begun = asyncio.Event()
    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
