from shared import events as ev
from tests.tui.app.scripted import log, numbered, received, sample_run
from tui.connection import Received
from tui.frame_log import MAX_CHARS, MAX_FRAMES, FrameLog


def test_frames_are_kept_in_order_and_found_by_step() -> None:
    kept = FrameLog()
    events = numbered(sample_run())
    for event in events:
        kept.add(received(event))
    assert [frame.seq for frame in kept.of()] == list(range(1, len(events) + 1))
    assert {frame.kind for frame in kept.of("routes")} == {"step.started", "step.log", "step.finished"}
    assert kept.of()[0].kind == "run.started"


def test_the_oldest_go_when_there_are_too_many_and_are_counted() -> None:
    kept = FrameLog()
    for event in numbered(log("routes", "x") for _ in range(MAX_FRAMES + 10)):
        kept.add(received(event))
    assert (len(kept), kept.dropped, kept.of()[0].seq) == (MAX_FRAMES, 10, 11)


def test_memory_is_bounded_by_size_too() -> None:
    kept = FrameLog()
    for seq in range(1, 4):
        kept.add(Received(log("routes", "x"), "y" * (MAX_CHARS // 2)))
        assert seq
    assert kept.dropped == 1


def test_raw_frames_are_made_fit_for_a_terminal() -> None:
    kept = FrameLog()
    kept.add(Received(log("routes", "x"), '{"a":"\x9b31m\u202e\x1b[2J"}'))
    assert kept.of()[0].data.isprintable()


def test_an_event_of_the_future_has_its_own_name() -> None:
    kept = FrameLog()
    kept.add(Received(ev.UnknownEvent(type="run.dreamed", seq=1, t=0), "{}"))
    assert kept.of()[0].kind == "run.dreamed"
