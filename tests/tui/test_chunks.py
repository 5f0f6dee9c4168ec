"""Chunks made fewer: h11 must read the same out of what is handed on, at each moment, as out of what came."""

import itertools
from collections.abc import Sequence

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.chunks import Chunks

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
THREE = b"3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n"
END = b"0\r\n\r\n"

# Letters that framing is made of are common in the data, and cuts stand anywhere in it.
_data = st.text("0a;\r\n", min_size=1, max_size=20).map(str.encode)
_sizes = st.sampled_from(["%x", "%X", "00%x"])
_line_ends = st.sampled_from([b"\r\n"] * 12 + [b";name=value\r\n", b" \r\n", b"\n", b"\r\r\n"])
_footers = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"xx", b""])
_chunks = st.builds(
    lambda data, size, line_end, footer: (size % len(data)).encode() + line_end + data + footer,
    _data, _sizes, _line_ends, _footers,
)  # fmt: skip
_ends = st.sampled_from([END, b"0\r\nTrailer: 1\r\n\r\n", b"00\r\n\r\n3\r\nmore\r\n", b"", b"g\r\n", b"fffffffff\r\n"])
_heads = st.sampled_from(
    [
        HEAD,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\nA: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\ntransfer-encoding: CHUNKED\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nA: transfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD,
        b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ]
)


def cut(whole: bytes, places: Sequence[int]) -> list[bytes]:
    inside = sorted({place for place in places if 0 < place < len(whole)})
    return [whole[a:b] for a, b in itertools.pairwise([0, *inside, len(whole)])]


def read(pieces: Sequence[bytes]) -> tuple[list[bytes], int]:
    """What h11 has read after each piece, an error too; and of how many parts the data were."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("host", "here")]))
    reader.send(h11.EndOfMessage())
    found, after, parts = b"", [], 0
    try:
        for piece in pieces:
            reader.receive_data(piece)
            while (event := reader.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Data):
                    found += bytes(event.data)
                    parts += 1
                else:
                    found += repr(event).encode()
            after.append(found)
    except h11.RemoteProtocolError as error:
        after.append(found + str(error).encode())
    return after, parts


@given(_heads, st.lists(_chunks, max_size=8), _ends, st.lists(st.integers(0, 200), max_size=6))
@example(HEAD, [b"a\r\n0123456789\r\n"] * 3, END, [len(HEAD), len(HEAD) + 1, len(HEAD) + 2])
@example(HEAD, [b"3\r\nonexx", b"3\r\ntwo\r\n", b"3\r\ntwo\r\n"], END, [])
def test_the_same_is_read_at_each_moment(head: bytes, chunks: list[bytes], end: bytes, places: list[int]) -> None:
    pieces = cut(head + b"".join(chunks) + end, places)
    joining = Chunks()
    before, parts = read(pieces)
    after, fewer = read([joining.joined(piece) for piece in pieces])
    assert after == before
    assert fewer <= parts


@pytest.mark.parametrize("place", range(1, len(HEAD + THREE + THREE + END)))
def test_what_came_together_is_one_chunk_wherever_the_rest_was_cut(place: int) -> None:
    whole = HEAD + THREE + THREE + END
    joining = Chunks()
    after, parts = read([joining.joined(piece) for piece in cut(whole, [place])])
    assert after[-1] == read([whole])[0][-1]
    if place < len(HEAD):
        assert parts == 6, "a head that comes in parts: the answer is left as it is"
    else:
        assert parts <= 4  # before the cut, two of the chunk in which it is, and behind it


@pytest.mark.parametrize("size", [1, 2, 300])
def test_a_piece_of_whole_chunks_is_one_chunk(size: int) -> None:
    joining = Chunks()
    assert joining.joined(HEAD) == HEAD
    assert joining.joined(b"3\r\none\r\n" * size) == b"%x\r\n%b\r\n" % (3 * size, b"one" * size)
    assert joining.joined(END) == END


def test_each_answer_of_a_connection_is_read_anew() -> None:
    joining = Chunks()
    for _ in range(2):
        assert joining.joined(HEAD + THREE + END) == HEAD + b"b\r\nonetwothree\r\n" + END
        joining.expect_answer()
        plain = b"HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n" + THREE
        assert joining.joined(plain) == plain
        assert joining.joined(THREE) == THREE
        joining.expect_answer()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + THREE + b"\ntransfer-encoding: chunked\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD,
    ],
)
def test_an_answer_that_is_not_surely_in_chunks_is_not_touched(head: bytes) -> None:
    joining = Chunks()
    assert joining.joined(head + THREE) == head + THREE
    assert joining.joined(THREE) == THREE


@pytest.mark.parametrize("pieces", [[HEAD + END], [HEAD, END], [HEAD, b"0\r\n", b"\r\n"]])
def test_what_comes_when_nothing_is_left_of_an_answer_is_not_touched(pieces: list[bytes]) -> None:
    joining = Chunks()
    assert [joining.joined(piece) for piece in pieces] == pieces
    assert joining.joined(THREE) == THREE


@pytest.mark.parametrize(
    "odd", [b"3;name=value\r\none\r\n", b"3 \r\none\r\n", b"-3\r\none\r\n", b"000000003\r\none\r\n"]
)
def test_from_what_is_odd_on_an_answer_is_left_as_it_is(odd: bytes) -> None:
    joining = Chunks()
    assert joining.joined(HEAD + THREE + odd + THREE) == HEAD + b"b\r\nonetwothree\r\n" + odd + THREE
    assert joining.joined(THREE) == THREE
