"""FrameParser over the table of byte cases (fixtures/frames.json), however the bytes are cut."""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from shared.frames import Frame, FrameParser
from tests.shared.reference_parser import ReferenceParser, read_by_the_book

TABLE = json.loads((Path(__file__).parent.parent / "fixtures" / "frames.json").read_bytes())
CASES: list[dict[str, Any]] = TABLE["cases"]
every_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])

State = tuple[list[Frame], str, int | None]


def expected(case: dict[str, Any]) -> State:
    return [Frame(**frame) for frame in case["frames"]], case["last_event_id"], case["retry"]


def stream_of(case: dict[str, Any]) -> bytes:
    text: str = case["input"]
    return text.encode("latin-1")


def read(chunks: Iterable[bytes]) -> State:
    parser = FrameParser()
    frames = [frame for chunk in chunks for frame in parser.feed(chunk)]
    return frames, parser.last_event_id, parser.retry


def test_the_table_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) >= 120
    assert len({case["name"] for case in CASES}) == len(CASES)


@every_case
def test_a_plain_reading_of_the_standard_agrees_with_the_table(case: dict[str, Any]) -> None:
    book = read_by_the_book(stream_of(case))
    frames = [Frame(*event) for event in book.events]
    assert (frames, book.last_event_id, book.reconnection_time) == expected(case)


@every_case
def test_whole(case: dict[str, Any]) -> None:
    assert read([stream_of(case)]) == expected(case)


@every_case
def test_byte_by_byte_each_frame_and_state_comes_with_the_byte_that_completes_it(
    case: dict[str, Any],
) -> None:
    parser, book = FrameParser(), ReferenceParser()
    frames: list[Frame] = []
    for byte in stream_of(case):
        frames += parser.feed(bytes([byte]))
        book.feed(bytes([byte]))
        assert len(frames) == len(book.events)
        assert parser.last_event_id == book.last_event_id
        assert parser.retry == book.reconnection_time
    assert (frames, parser.last_event_id, parser.retry) == expected(case)


@every_case
def test_every_split_in_two(case: dict[str, Any]) -> None:
    stream = stream_of(case)
    for at in range(len(stream) + 1):
        assert read([stream[:at], stream[at:]]) == expected(case), f"split at {at}"


@every_case
def test_splits_in_three_and_empty_chunks(case: dict[str, Any]) -> None:
    stream = stream_of(case)
    rng = random.Random(case["name"])
    for _ in range(100):
        one, two = sorted(rng.randint(0, len(stream)) for _ in range(2))
        chunks = [b"", stream[:one], b"", stream[one:two], b"", stream[two:], b""]
        assert read(chunks) == expected(case), f"split at {one} and {two}"


@every_case
@pytest.mark.parametrize("block", ["id: r.1\ndata: {}", "id: r.1\ndata: ☀", "id: r.1\nevent: e\ndata: {}"])
def test_the_case_after_other_frames_in_our_own_form(case: dict[str, Any], block: str) -> None:
    before = f"{block}\n\n".encode() * 2
    book = read_by_the_book(before + stream_of(case))
    wanted = [Frame(*event) for event in book.events], book.last_event_id, book.reconnection_time
    assert read([before + stream_of(case)]) == wanted
    assert read([before, stream_of(case)]) == wanted


def test_a_lone_cr_at_the_end_of_a_chunk_dispatches_at_once() -> None:
    parser = FrameParser()
    assert parser.feed(b"data: a\r\r") == [Frame("a")]
    assert not parser.feed(b"\ndata: b\r")
    assert parser.feed(b"\n\r") == [Frame("b")]
    assert parser.feed(b"\ndata: c\r\n\r") == [Frame("c")]
    assert not parser.feed(b"\n")


def test_flush_drops_the_unfinished_frame_and_says_how_much_that_was() -> None:
    parser = FrameParser()
    parser.feed(b"id: 1\ndata: a\n\nid: 2\ndata: b\n")
    assert parser.flush() == len(b"id: 2\ndata: b\n")
    assert parser.last_event_id == "1"
    assert parser.flush() == 0
    assert parser.feed(b"data: c\n\n") == [Frame("c", id="1")]


def test_flush_begins_a_new_stream_with_a_bom_of_its_own_and_keeps_id_and_retry() -> None:
    parser = FrameParser()
    parser.feed(b"id: 1\ndata: a\r\n\r\nretry: 7\r\ndata: b\r")
    parser.flush()
    assert (parser.last_event_id, parser.retry) == ("1", 7)
    assert parser.feed(b"\xef\xbb\xbfdata: c\n\n") == [Frame("c", id="1")]


def test_flush_forgets_a_cr_so_that_the_next_stream_may_begin_with_lf() -> None:
    parser = FrameParser()
    parser.feed(b"data: a\r\r")
    parser.flush()
    assert parser.feed(b"\ndata: b\n\n") == [Frame("b")]


def test_flush_counts_the_bytes_of_half_a_bom() -> None:
    parser = FrameParser()
    parser.feed(b"\xef\xbb")
    assert parser.flush() == 2


def test_a_resumed_stream_that_ends_before_any_id_leaves_the_old_id() -> None:
    parser = FrameParser()
    parser.feed(b"id: r.4\ndata: a\n\n")
    parser.flush()
    assert parser.feed(b": hb 4\n\ndata: bye\n\nid: r.5\ndata: cut") == [Frame("bye", id="r.4")]
    parser.flush()
    assert parser.last_event_id == "r.4"


def test_a_frame_can_not_be_changed() -> None:
    frame = Frame("a")
    assert (frame.data, frame.event, frame.id, frame.retry) == ("a", "message", "", None)
    with pytest.raises(AttributeError):
        frame.data = "b"  # type: ignore[misc]  # the point of the test
    assert hash(frame) == hash(Frame("a"))
