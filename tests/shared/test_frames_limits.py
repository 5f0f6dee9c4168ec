"""FrameParser's bounds: the size cap, the memory that it holds, and work linear in the bytes."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import FrameTooLarge
from shared.frames import Frame, FrameParser

KIB = 1024


def read_until_too_large(chunks: list[bytes], limit: int) -> tuple[list[str], bool]:
    """Return the data of every frame, and whether the error came (from ``feed`` or ``flush``)."""
    parser = FrameParser(limit)
    data: list[str] = []
    try:
        for chunk in chunks:
            data += [frame.data for frame in parser.feed(chunk)]
        parser.flush()
    except FrameTooLarge:
        return data, True
    return data, False


OVERSIZE = {
    "one data line": b"data: " + b"x" * 100,
    "one data line, finished": b"data: " + b"x" * 100 + b"\n\n",
    "many short lines": b"data: x\n" * 20,
    "many short lines, finished": b"data: x\n" * 20 + b"\n",
    "many short lines, CRLF": b"data: x\r\n" * 20,
    "an endless comment": b":" + b"x" * 100,
    "many comments in one block": b": hb\n" * 20,
    "an unknown field": b"x" * 100,
    "an id": b"id: " + b"1" * 100,
    "ids": b"id: 1\n" * 20,
    "after a BOM": b"\xef\xbb\xbf" + b"x" * 100,
    "after CRs": b"\r\r" + b"x" * 100,
    "bytes that aren't UTF-8": b"\xff" * 100,
}


@pytest.mark.parametrize("stream", OVERSIZE.values(), ids=OVERSIZE)
@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_past_the_cap_there_is_a_typed_error_whatever_the_bytes_are(stream: bytes, size: int) -> None:
    chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert read_until_too_large(chunks, 50) == ([], True)
    assert read_until_too_large(chunks, 1000)[1] is False


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\n\n", b"\n\n\n\n"])
def test_a_frame_of_exactly_the_cap_passes_and_one_byte_more_does_not(end: bytes) -> None:
    for size in (1, 3, 100):
        for extra, raised in ((0, False), (1, True)):
            stream = b"data: a" + end + b"data: " + b"x" * (14 + extra) + end
            chunks = [stream[start : start + size] for start in range(0, len(stream), size)]
            frames, error = read_until_too_large(chunks, 20)
            assert error is raised
            assert frames == (["a"] if raised else ["a", "x" * 14])


def test_frames_completed_before_the_large_one_are_returned_and_the_error_comes_next() -> None:
    parser = FrameParser(20)
    large = b"data: " + b"x" * 50
    assert parser.feed(b"id: 1\ndata: a\n\n" + large + b"\n\ndata: never\n\n") == [Frame("a", id="1")]
    assert parser.last_event_id == "1"
    with pytest.raises(FrameTooLarge) as raised:
        parser.feed(b"")
    assert raised.value.limit == 20
    with pytest.raises(FrameTooLarge):
        parser.feed(b"data: still broken\n\n")
    assert parser.flush() == 0
    assert parser.feed(b"data: b\n\n") == [Frame("b", id="1")]


@pytest.mark.parametrize("tail", [b"", b"\n\n"])
def test_flush_raises_an_error_that_is_still_owed_once(tail: bytes) -> None:
    parser = FrameParser(20)
    assert parser.feed(b"data: a\n\ndata: " + b"x" * 50 + tail) == [Frame("a")]
    with pytest.raises(FrameTooLarge):
        parser.flush()
    assert parser.flush() == 0
    assert parser.feed(b"data: b\n\n") == [Frame("b")]


def test_nothing_before_the_large_frame_means_that_the_error_comes_at_once() -> None:
    with pytest.raises(FrameTooLarge):
        FrameParser(20).feed(b": hb\n\ndata: " + b"x" * 50 + b"\n\n")


def test_many_small_frames_in_one_chunk_larger_than_the_cap_pass() -> None:
    frames = FrameParser(20).feed(b"id: 1\ndata: a\n\n" * 100)
    assert frames == [Frame("a", id="1")] * 100


def test_a_cap_below_one_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        FrameParser(0)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"data: x", b"data: xxxxxxxxx", b": hb", b"id: 7", b"\n", b"\n", b"\r", b"\r\n"])),
    st.integers(1, 30),
    st.data(),
)
def test_the_cut_of_the_bytes_never_decides_what_is_too_large(
    pieces: list[bytes], limit: int, data: st.DataObject
) -> None:
    stream = b"".join(pieces)
    whole = read_until_too_large([stream], limit)
    assert read_until_too_large([bytes([byte]) for byte in stream], limit) == whole
    at = data.draw(st.integers(0, len(stream)))
    assert read_until_too_large([stream[:at], stream[at:]], limit) == whole


def peak_of(chunks: list[bytes], limit: int) -> int:
    parser = FrameParser(limit)
    tracemalloc.start()
    try:
        for chunk in chunks:
            parser.feed(chunk)
    except FrameTooLarge:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    "chunk",
    [b"x" * 64, b"data\n" * 13, b":" * 64, b"id: 1\r\n" * 9, b"\n" * 64, b"\r" * 64, b"data: x\n\n" * 8],
    ids=["line", "short lines", "comment", "ids", "LF", "CR", "frames"],
)
def test_memory_stays_near_the_cap_however_long_the_stream_is(chunk: bytes) -> None:
    assert peak_of([chunk] * 50_000, 64 * KIB) < 4 * 64 * KIB


def test_endless_blank_lines_are_not_an_error() -> None:
    parser = FrameParser(10)
    for _ in range(100):
        assert not parser.feed(b"\n" * 7)
        assert not parser.feed(b"\r\n")


def cpu_of_long_line(length: int, chunk_size: int) -> float:
    stream = b"data: " + b"x" * length + b"\n\n"
    chunks = [stream[start : start + chunk_size] for start in range(0, len(stream), chunk_size)]
    best = float("inf")
    for _ in range(3):
        parser = FrameParser(2 * length)
        start = time.process_time()
        frames = [frame for chunk in chunks for frame in parser.feed(chunk)]
        best = min(best, time.process_time() - start)
        assert [len(frame.data) for frame in frames] == [length]
    return best


def test_a_line_eight_times_as_long_is_not_quadratically_dearer() -> None:
    # Linear gives 8, quadratic 64; timing noise on a busy machine stays far from the middle.
    assert cpu_of_long_line(4 << 20, 64) < 32 * cpu_of_long_line(512 << 10, 64)


def test_parts_are_joined_as_they_gather_and_what_was_joined_is_not_copied_again() -> None:
    parser = FrameParser(1 << 20)
    for _ in range(1 << 16):
        parser.feed(b"x")
    assert len(parser._parts) < 1000
    joined = parser._parts[0]
    for _ in range(1 << 16):
        parser.feed(b"y")
    assert parser._parts[0] is joined
    assert sum(map(len, parser._parts)) == 2 << 16


@pytest.mark.parametrize("size", [1, 64, 511, 512, 513, 5000])
def test_the_error_comes_with_the_chunk_that_passes_the_cap_and_not_later(size: int) -> None:
    for limit in (1, 20, 511, 512, 513, 1023, 1024, 1025, 70_000, 300_000):
        parser = FrameParser(limit)
        for _ in range(limit // size):
            assert not parser.feed(b"x" * size)
        with pytest.raises(FrameTooLarge):
            parser.feed(b"x" * size)


def test_a_cap_is_kept_after_frames_of_any_size_and_whatever_the_rest_was() -> None:
    for rest in (0, 1, 511, 512, 513, 999):
        parser = FrameParser(1000)
        assert len(parser.feed(b"data: " + b"x" * 700 + b"\n\n" + b":" * rest)) == 1
        for _ in range(1000 - rest):
            assert not parser.feed(b"y")
        with pytest.raises(FrameTooLarge):
            parser.feed(b"y")


def test_empty_chunks_are_held_by_nobody() -> None:
    parser = FrameParser(10)
    for chunk in (b"", b"data: x", b"", b"\n", b"", b""):
        assert not parser.feed(chunk)
    for _ in range(1000):
        assert not parser.feed(b"")
    assert len(parser._parts) < 600
    assert parser.feed(b"\n") == [Frame("x")]


class Unsearchable(bytes):
    """Fails whatever looks through the bytes already held, so that a re-scan shows without a clock."""

    def find(self, *args: object) -> int:
        raise AssertionError("the unfinished frame must never be searched")

    rfind = index = rindex = count = split = rsplit = partition = rpartition = find  # type: ignore[assignment]  # same


def test_while_a_frame_is_unfinished_what_is_pending_is_never_searched_again() -> None:
    parser = FrameParser()
    parser.feed(b"data: a\n")
    held = parser._parts[0] = Unsearchable(b"data: a\n")
    for _ in range(100):
        assert not parser.feed(b"data: bcd")
        assert not parser.feed(b"e\n")
    assert parser._parts[0] is held
    assert sum(map(len, parser._parts)) == 8 + 100 * 11
