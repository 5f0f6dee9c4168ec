"""FrameParser against two other readers: the standard read plainly, and httpx-sse where that is right."""

import codecs

import pytest
from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.frames import Frame, FrameParser
from tests.shared.reference_parser import ReferenceParser

ENDS = [b"\n", b"\r", b"\r\n"]
SNIPPETS = [
    *ENDS,
    b"\n\n",
    b"\r\n\r\n",
    b"data",
    b"data:",
    b"data: ",
    b"data: {}\n",
    b"id: 1\ndata: {}\n\n",
    b"id: 2\nevent: e\ndata: x\n\n",
    b"data: y\n\n",
    b"id",
    b"id:",
    b"id: ",
    b"id: 3\n",
    b"event",
    b"event: ",
    b"event: e\n",
    b"retry: ",
    b"retry: 12\n",
    b": hb 4\n\n",
    b":",
    b" ",
    b"x",
    b"7",
    b"\0",
    b"\t",
    b"\xef\xbb\xbf",
    b"\xef",
    b"\xbb",
    b"\xe2\x82\xac",
    b"\xe2",
    b"\xff",
    b"\xf0\x9f\x98\x80",
    b"\xc2\x85",
    b"\x0b",
]
streams = st.lists(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=3)), max_size=40).map(b"".join)


@st.composite
def chunked(draw: st.DrawFn, streams: st.SearchStrategy[bytes]) -> list[bytes]:
    stream = draw(streams)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@settings(deadline=None)
@given(chunked(streams))
@example([b"id: 1\ndata: a\n", b"\n\nid: 2\ndata: b\n\n"])
@example([b"\xef", b"", b"\xbb", b"\xbf", b"data: x\n\n"])
def test_after_every_chunk_both_have_read_the_same(chunks: list[bytes]) -> None:
    parser, book = FrameParser(), ReferenceParser()
    frames: list[Frame] = []
    for chunk in chunks:
        frames += parser.feed(chunk)
        book.feed(chunk)
        assert frames == [Frame(*event) for event in book.events]
        assert (parser.last_event_id, parser.retry) == (book.last_event_id, book.reconnection_time)


BLOCKS = [
    "id: r.1\ndata: {}",
    "id: r.2\ndata: é",
    "id: r.3\ndata: 東京",
    "id: é\ndata: x",
    "id: \ndata: ",
    "id: r.4\nevent: 東\ndata: x",
    "id: r.5\nevent: \ndata: x",
    "id: r.6\ndata: x\nretry: 5",
    "id: r.7\ndata: x\ndata: y",
    "id: r.8\nretry: 7\ndata: x",
    "id: r.9",
    "id: r.10\n: é",
    ": hb 50",
    ": hb\ndata: é",
    ":",
    "data: é",
    "data",
    "retry: 9\nid: r.11\ndata: x",
    "\u2028\x85\v",
    "",
]


@settings(deadline=None)
@given(
    st.sampled_from(["id: r.0\ndata: ☀", "id: r.0\nevent: e\ndata: x", "id: r.0\ndata: x"]),
    st.integers(1, 3),
    st.lists(st.tuples(st.sampled_from(BLOCKS), st.sampled_from(["\n", "\r\n", "\r"])), max_size=8),
)
def test_whole_blocks_that_come_at_once_are_read_as_one_by_one_whatever_came_before(
    first: str, times: int, blocks: list[tuple[str, str]]
) -> None:
    parser, book = FrameParser(), ReferenceParser()
    before = f"{first}\n\n".encode() * times
    stream = "".join(f"{block}\n\n".replace("\n", end) for block, end in [(first, "\r\n"), *blocks]).encode()
    book.feed(before + stream + before)
    frames = [*parser.feed(before), *parser.feed(stream), *parser.feed(before)]
    assert frames == [Frame(*event) for event in book.events]
    assert (parser.last_event_id, parser.retry) == (book.last_event_id, book.reconnection_time)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\n\r", b"\r\r\n", b"\r\n"])
def test_a_line_end_of_another_kind_among_many_crlf_is_one_too(end: bytes) -> None:
    many = b"id: 1\r\nevent: e\r\ndata: x\r\n\r\n" * 40
    stream = many + b"id: 2\r\ndata: y" + end + b"data: z\r\n\r\n" + many
    book = ReferenceParser()
    book.feed(stream)
    assert len(book.events) > 80
    assert read_ours([stream]) == [Frame(*event) for event in book.events]


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 7))
def test_no_bytes_at_all_make_it_fail(stream: bytes, size: int) -> None:
    parser = FrameParser()
    for start in range(0, len(stream), size):
        parser.feed(stream[start : start + size])
    parser.flush()


def read_httpx_sse(chunks: list[bytes]) -> list[Frame]:
    """What ``EventSource.aiter_sse`` of httpx-sse yields for a response in UTF-8."""
    text = codecs.getincrementaldecoder("utf-8")("replace")
    lines, events = SSELineDecoder(), SSEDecoder()
    decoded = [text.decode(chunk) for chunk in chunks]
    ready = [line for part in decoded if part for line in lines.decode(part)] + lines.flush()
    read = [event for line in ready if (event := events.decode(line.rstrip("\n"))) is not None]
    return [Frame(event.data, event.event, event.id, event.retry) for event in read]


def read_ours(chunks: list[bytes]) -> list[Frame]:
    parser = FrameParser()
    return [frame for chunk in chunks for frame in parser.feed(chunk)]


values = st.text(st.characters(exclude_characters="\r\n\0\ufeff", exclude_categories=["Cs"]), max_size=8)
other_lines = st.one_of(
    values.map(lambda value: f"event: {value}"),
    values.map(lambda value: f"id:{value}"),
    values.map(lambda value: f":{value}"),
    values.map(lambda value: f"x{value}"),
    st.integers(0, 10**9).map(lambda value: f"retry: {value}"),
)


@st.composite
def blocks_that_httpx_sse_reads_right(draw: st.DrawFn) -> bytes:
    """Blocks with data in each, no BOM, plain retries: outside of these it is known to be wrong (below)."""
    end = draw(st.sampled_from(["\n", "\r", "\r\n"]))
    blocks = draw(st.lists(st.tuples(st.lists(other_lines, max_size=4), values, st.lists(values, max_size=2))))
    lines: list[str] = []
    for others, data, more in blocks:
        lines += [*others, f"data: {data}", *(f"data:{value}" for value in more), ""]
    return "".join(line + end for line in lines).encode()


@settings(deadline=None)
@given(chunked(blocks_that_httpx_sse_reads_right()))
def test_where_httpx_sse_is_right_both_give_the_same_frames(chunks: list[bytes]) -> None:
    assert read_ours(chunks) == read_httpx_sse(chunks)


@pytest.mark.parametrize(
    ("stream", "right", "theirs"),
    [
        pytest.param(b"\xef\xbb\xbfdata: 1\n\n", [Frame("1")], [], id="a BOM hides the first event"),
        pytest.param(
            b"id: 1\ndata: a\n\n: hb 1\n\n",
            [Frame("a", id="1")],
            [Frame("a", id="1"), Frame("", id="1")],
            id="a heartbeat after an id is an event",
        ),
        pytest.param(b"event: e\n\n", [], [Frame("", "e")], id="an event type without data is an event"),
        pytest.param(b"id: 1\n\n", [], [Frame("", id="1")], id="an id without data is an event"),
        pytest.param(b"retry: 5\n\n", [], [Frame("", retry=5)], id="a retry without data is an event"),
        pytest.param(b"retry: -1\ndata: x\n\n", [Frame("x")], [Frame("x", retry=-1)], id="negative retry"),
        pytest.param(b"retry: +5\ndata: x\n\n", [Frame("x")], [Frame("x", retry=5)], id="signed retry"),
        pytest.param(b"retry:  5\ndata: x\n\n", [Frame("x")], [Frame("x", retry=5)], id="retry with a space"),
        pytest.param(b"retry: 1_0\ndata: x\n\n", [Frame("x")], [Frame("x", retry=10)], id="underscore retry"),
        pytest.param("retry: ５０\ndata: x\n\n".encode(), [Frame("x")], [Frame("x", retry=50)], id="full-width digits"),
    ],
)
def test_known_wrong_answers_of_httpx_sse_still_are_what_they_were(
    stream: bytes, right: list[Frame], theirs: list[Frame]
) -> None:
    assert read_ours([stream]) == right
    assert read_httpx_sse([stream]) == theirs


def test_httpx_sse_still_gives_a_frame_that_cr_ends_one_chunk_late() -> None:
    assert SSELineDecoder().decode("data: x\r\r") == ["data: x"]
    assert FrameParser().feed(b"data: x\r\r") == [Frame("x")]
