"""A writer that gathers what one turn of the loop writes: what goes out when, that it waits and breaks as before."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from backend.gathering import GATHERED_BYTES, GatheringWriter

ALL = 4 * 1024 * 1024


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[GatheringWriter, socket.socket, list[int]]]:
    """A writer, the socket of its reader, and the sizes of what was handed to the transport so far."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().create_connection(
        lambda: asyncio.StreamReaderProtocol(reader), sock=near
    )
    sizes: list[int] = []
    write = transport.write

    def noted(data: bytes) -> None:
        sizes.append(len(data))
        write(data)

    with patch.object(transport, "write", noted):
        yield GatheringWriter(transport, reader), far, sizes
    transport.abort()
    far.close()
    await asyncio.sleep(0)


async def received(far: socket.socket, size: int) -> bytes:
    loop, data = asyncio.get_running_loop(), bytearray()
    while len(data) < size:
        data += await loop.sock_recv(far, 65536)
    return bytes(data)


async def test_what_one_turn_writes_is_one_write_in_its_order() -> None:
    async with connected() as (writer, far, sizes):
        for piece in (b"head ", b"chunk ", b"end"):
            writer.write(piece)
            await writer.drain()
        assert sizes == [], "the turn isn't over"
        await asyncio.sleep(0)
        assert sizes == [14]
        writer.write(b" more")
        assert await received(far, 19) == b"head chunk end more"
        assert sizes == [14, 5]


async def test_a_block_goes_out_at_once_behind_what_was_gathered() -> None:
    async with connected() as (writer, far, sizes):
        writer.write(b"head")
        writer.write(b"x" * GATHERED_BYTES)
        assert sizes == [4 + GATHERED_BYTES]
        await asyncio.sleep(0)
        assert sizes == [4 + GATHERED_BYTES], "nothing is sent twice"
        assert await received(far, 4 + GATHERED_BYTES) == b"head" + b"x" * GATHERED_BYTES


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


async def test_closing_sends_what_was_gathered() -> None:
    async with connected() as (writer, far, _):
        writer.write(b"goodbye")
        writer.close()
        assert await received(far, 7) == b"goodbye"
        await writer.wait_closed()
        assert await asyncio.get_running_loop().sock_recv(far, 10) == b""


async def test_the_end_of_writing_comes_behind_what_was_gathered() -> None:
    async with connected() as (writer, far, _):
        writer.write(b"goodbye")
        writer.write_eof()
        assert await received(far, 7) == b"goodbye"
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
        await writer.wait_closed()
        writer.write(b"too late")
        await asyncio.sleep(0)
        assert sizes == []
        assert await asyncio.get_running_loop().sock_recv(far, 10) == b""
