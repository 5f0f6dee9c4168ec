"""A head of a response that waits for what comes behind it: what goes out when, that it waits and breaks as before."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from backend.gathering import GatheringWriter

ALL = 4 * 1024 * 1024


class Near(asyncio.Protocol):
    """Tells the writer what it hears, as every protocol that has one must."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.writer = GatheringWriter(transport)
        self.closed = asyncio.get_running_loop().create_future()

    def pause_writing(self) -> None:
        self.writer.pause()

    def resume_writing(self) -> None:
        self.writer.resume()

    def connection_lost(self, error: Exception | None) -> None:
        self.writer.lost()
        self.closed.set_result(None)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[GatheringWriter, socket.socket, list[int]]]:
    """A writer, the socket of its reader, and the sizes of what was handed to the transport so far."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    transport, protocol = await asyncio.get_running_loop().create_connection(Near, sock=near)
    sizes: list[int] = []
    write = transport.write

    def noted(data: bytes) -> None:
        sizes.append(len(data))
        write(data)

    with patch.object(transport, "write", noted):
        yield protocol.writer, far, sizes
    transport.abort()
    far.close()
    await asyncio.sleep(0)


async def received(far: socket.socket, size: int) -> bytes:
    loop, data = asyncio.get_running_loop(), bytearray()
    while len(data) < size:
        data += await loop.sock_recv(far, 65536)
    return bytes(data)


HEAD = b"HTTP/1.1 200 \r\n\r\n"


async def test_a_head_goes_out_with_what_comes_behind_it() -> None:
    async with connected() as (writer, far, sizes):
        writer.write(HEAD)
        await writer.drain()
        assert sizes == []
        writer.write(b"body")
        assert sizes == [len(HEAD) + 4]
        await asyncio.sleep(0)
        writer.write(b" and more")
        assert sizes == [len(HEAD) + 4, 9], "what is no head waits for nothing, and nothing is sent twice"
        assert await received(far, len(HEAD) + 13) == HEAD + b"body and more"


async def test_a_head_alone_goes_out_when_the_turn_is_over() -> None:
    async with connected() as (writer, far, sizes):
        writer.write(HEAD)
        await asyncio.sleep(0)
        assert sizes == [len(HEAD)]
        assert await received(far, len(HEAD)) == HEAD


async def test_a_second_head_behind_the_first_keeps_its_place() -> None:
    async with connected() as (writer, far, _):
        for piece in (HEAD, HEAD, b"body"):  # 100 Continue, and the answer
            writer.write(piece)
        assert await received(far, 2 * len(HEAD) + 4) == HEAD + HEAD + b"body"


async def test_drain_waits_for_a_reader_that_takes_nothing() -> None:
    async with connected() as (writer, far, _):
        writer.write(b"x" * ALL)
        waiting = asyncio.create_task(writer.drain())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        await received(far, ALL)
        await asyncio.wait_for(waiting, 5)


async def test_small_writes_to_such_a_reader_wait_too() -> None:
    async with connected() as (writer, _, sizes):

        async def flood() -> None:
            while True:
                writer.write(b"x" * 1000)
                await writer.drain()
                await asyncio.sleep(0)

        flooding = asyncio.create_task(flood())
        before = -1
        while sum(sizes) != before:  # until nothing more goes out in ten turns
            before = sum(sizes)
            for _ in range(10):
                await asyncio.sleep(0)
        assert not flooding.done()
        assert before < ALL
        flooding.cancel()


async def test_closing_sends_a_head_that_waits() -> None:
    async with connected() as (writer, far, _):
        writer.write(HEAD)
        writer.close()
        assert await received(far, len(HEAD)) == HEAD
        assert await asyncio.get_running_loop().sock_recv(far, 10) == b""


async def test_a_connection_that_broke_is_told_to_who_writes_to_it() -> None:
    async with connected() as (writer, far, _):
        far.close()

        async def write_on() -> None:
            while True:
                writer.write(b"anybody there?")
                await writer.drain()
                await asyncio.sleep(0)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(write_on(), 5)


async def test_what_is_written_to_a_closed_connection_is_dropped() -> None:
    async with connected() as (writer, far, sizes):
        writer.close()
        writer.write(HEAD)
        await asyncio.sleep(0)
        assert sizes == []
        assert await asyncio.get_running_loop().sock_recv(far, 10) == b""
