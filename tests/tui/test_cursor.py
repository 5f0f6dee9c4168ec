"""Cursor: what the frames of one chunk bring, one after the other, and how far it is then."""

from collections.abc import Sequence

import pytest

from shared import events as ev
from shared.errors import MalformedEvent
from shared.frames import Frame
from shared.view import EMPTY
from tests.scripted_server import RUN, a_run
from tui.connection import ProtocolViolation, Received
from tui.cursor import Cursor, Gap

EVENTS = a_run()


def frames(*events: ev.KnownEvent | ev.StreamBye | ev.StreamSnapshot, run: str = RUN) -> list[Frame]:
    return [Frame(ev.encode_event(event).decode(), id=f"{run}.{getattr(event, 'seq', 0)}") for event in events]


def received_by(cursor: Cursor, given: Sequence[Frame]) -> list[ev.LogEvent | ev.StreamSnapshot]:
    received: list[Received] = []
    cursor.receive(given, received)
    return [one.event for one in received]


@pytest.mark.parametrize("at_once", [1, 3, len(EVENTS)])
def test_the_cursor_is_as_far_as_what_it_has_received(at_once: int) -> None:
    cursor = Cursor()
    for start in range(0, len(EVENTS), at_once):
        assert not cursor.finished
        some = EVENTS[start : start + at_once]
        assert received_by(cursor, frames(*some)) == some
        assert (cursor.seq, cursor.run) == (some[-1].seq, RUN)
    assert cursor.finished
    assert received_by(cursor, frames(*EVENTS)) == []


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
    received: list[Received] = []
    with pytest.raises(error):
        cursor.receive([*frames(*EVENTS[:2]), bad, *frames(EVENTS[2])], received)
    assert [one.event for one in received] == EVENTS[:2]
    assert cursor.seq == 2


def test_nothing_comes_after_the_end_of_the_run() -> None:
    cursor = Cursor()
    last = [*frames(*EVENTS), Frame("nonsense")]
    assert received_by(cursor, last) == EVENTS


def test_frames_of_another_type_and_events_known_already_are_passed_over() -> None:
    cursor = Cursor(run=RUN, seq=2)
    given = [Frame("nonsense", event="other"), *frames(*EVENTS[:4])]
    assert received_by(cursor, given) == EVENTS[2:4]


def test_a_farewell_is_heeded_and_brings_nothing() -> None:
    cursor = Cursor(run=RUN, seq=2)
    assert received_by(cursor, frames(ev.StreamBye(reason="shutdown", retry_ms=70))) == []
    assert (cursor.bye, cursor.retry_ms) == ("the server is shutting down", 70)


def test_a_replay_instead_of_a_snapshot_voids_what_was_known_even_where_its_own_beginning_is_missing() -> None:
    cursor = Cursor(run=RUN, seq=8, anew=True)
    received: list[Received] = []
    with pytest.raises(Gap):
        cursor.receive(frames(EVENTS[1]), received)
    assert [one.event for one in received] == [ev.StreamSnapshot(upto=0, view=EMPTY)]
    assert (cursor.seq, cursor.anew) == (0, False)
