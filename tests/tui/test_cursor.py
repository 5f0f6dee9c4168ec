"""Cursor: what the frames of one chunk bring, one after the other, and how far it is then."""

import pytest

from shared import events as ev
from shared.errors import MalformedEvent
from shared.frames import Frame
from shared.view import EMPTY
from tests.scripted_server import RUN, a_run
from tui.connection import ProtocolViolation
from tui.cursor import Cursor, Gap

EVENTS = a_run()


def frames(*events: ev.KnownEvent | ev.StreamBye | ev.StreamSnapshot, run: str = RUN) -> list[Frame]:
    return [Frame(ev.encode_event(event).decode(), id=f"{run}.{getattr(event, 'seq', 0)}") for event in events]


def test_the_cursor_is_as_far_as_what_was_taken_from_it() -> None:
    cursor = Cursor()
    received = cursor.receive(frames(*EVENTS))
    for event in EVENTS:
        assert not cursor.finished
        assert next(received).event == event
        assert (cursor.seq, cursor.run) == (event.seq, RUN)
    assert cursor.finished
    assert next(received, None) is None


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (Frame("nonsense"), MalformedEvent),
        (frames(EVENTS[5])[0], Gap),
        (frames(EVENTS[2], run="another")[0], ProtocolViolation),
    ],
    ids=["malformed", "gap", "another run"],
)
def test_what_came_before_a_bad_frame_in_its_chunk_comes_out_first(bad: Frame, error: type[Exception]) -> None:
    cursor = Cursor()
    received = cursor.receive([*frames(*EVENTS[:2]), bad, *frames(EVENTS[2])])
    assert [next(received).event for _ in range(2)] == EVENTS[:2]
    with pytest.raises(error):
        next(received)
    assert cursor.seq == 2


def test_nothing_comes_after_the_end_of_the_run() -> None:
    cursor = Cursor()
    last = [*frames(*EVENTS), Frame("nonsense")]
    assert [one.event for one in cursor.receive(last)] == EVENTS


def test_frames_of_another_type_and_events_known_already_are_passed_over() -> None:
    cursor = Cursor(run=RUN, seq=2)
    given = [Frame("nonsense", event="other"), *frames(*EVENTS[:4])]
    assert [one.event for one in cursor.receive(given)] == EVENTS[2:4]


def test_a_farewell_is_heeded_and_brings_nothing() -> None:
    cursor = Cursor(run=RUN, seq=2)
    assert list(cursor.receive(frames(ev.StreamBye(reason="shutdown", retry_ms=70)))) == []
    assert (cursor.bye, cursor.retry_ms) == ("the server is shutting down", 70)


def test_a_replay_instead_of_a_snapshot_voids_what_was_known_even_where_its_own_beginning_is_missing() -> None:
    cursor = Cursor(run=RUN, seq=8, anew=True)
    received = cursor.receive(frames(EVENTS[1]))
    assert next(received).event == ev.StreamSnapshot(upto=0, view=EMPTY)
    with pytest.raises(Gap):
        next(received)
    assert (cursor.seq, cursor.anew) == (0, False)
