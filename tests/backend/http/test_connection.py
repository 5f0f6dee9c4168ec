"""What is written past the application server, between two writes of a response."""

import asyncio
from collections.abc import Iterator

import pytest

from backend.http.connection import TRANSPORT, StallWatch


class Transport:
    """As much of one as is asked."""

    def __init__(self) -> None:
        self.written, self.waiting, self.closing = b"", 0, False

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.closing


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport()
    token = TRANSPORT.set(transport)  # type: ignore[arg-type]  # as much of one as is asked
    yield transport
    TRANSPORT.reset(token)


def watch(*, chunked: bool = True, has_body: bool = True) -> StallWatch:
    watch = StallWatch(1000, lambda: b"", chunked=chunked, has_body=has_body)
    asyncio.get_running_loop().call_soon(watch.close)
    return watch


@pytest.mark.parametrize(("chunked", "written"), [(True, b"3\r\nabc\r\n"), (False, b"abc")])
async def test_what_is_written_now_is_framed_as_the_response_is(
    transport: Transport, chunked: bool, written: bytes
) -> None:
    assert watch(chunked=chunked).write_now(bytes, b"abc")
    assert transport.written == written


async def test_nothing_is_no_chunk_which_would_end_the_response(transport: Transport) -> None:
    assert watch().write_now(lambda data: b"", b"abc")
    assert transport.written == b""


@pytest.mark.parametrize("why", ["something waits", "it closes", "there is no body", "there is no transport"])
async def test_a_format_is_asked_for_nothing_that_cannot_be_written(transport: Transport, why: str) -> None:
    transport.waiting, transport.closing = int(why == "something waits"), why == "it closes"
    if why == "there is no transport":
        TRANSPORT.set(None)
    asked: list[bytes] = []

    def encode(data: bytes) -> bytes:
        asked.append(data)
        return data

    assert not watch(has_body=why != "there is no body").write_now(encode, b"abc")
    assert (asked, transport.written) == ([], b"")
