"""A small TCP proxy on loopback that breaks connections in the ways that networks do.

Each connection takes the next ``Fault``, the last one for ever. Bytes are counted in the answer, its headers included,
so that ``cut=0`` loses a response before its first byte: the server has had the request all the same.
"""

import asyncio
import random
import socket
import struct
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

_READ_BYTES: Final = 1 << 16


@dataclass(frozen=True)
class Fault:
    """What befalls a connection.

    ``cut``, ``reset``, ``stall``: after so many bytes of the answer the proxy closes (FIN), resets (RST) or says no
    more; ``slice``: the answer comes in pieces of so many bytes; ``bandwidth``: bytes a second; ``latency_s`` ±
    ``jitter_s``: before each piece; ``refuse``: the connection is closed at once, unread.
    """

    cut: int | None = None
    reset: int | None = None
    stall: int | None = None
    slice: int | None = None
    bandwidth: float | None = None
    latency_s: float = 0.0
    jitter_s: float = 0.0
    refuse: bool = False

    @property
    def limit(self) -> int | None:
        """After how many bytes of the answer it ends, however it does."""
        ends = [end for end in (self.cut, self.reset, self.stall) if end is not None]
        return min(ends) if ends else None


HEALTHY: Final = Fault()


class FaultProxy:
    """``async with FaultProxy(url, [Fault(cut=100), HEALTHY]) as proxy``: ask ``proxy.url`` in the place of ``url``.

    ``connections``: how many were opened; ``passed``: bytes of each connection's answer that were let through.
    """

    def __init__(self, url: str, faults: Iterable[Fault] = ()) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._faults = deque(faults)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.passed: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def plan(self, *faults: Fault) -> None:
        """The next connections get these, the last one all that follow."""
        self._faults = deque(faults)

    def drop_all(self) -> None:
        """Break off what is open now, with RST."""
        for writer in tuple(self._writers):
            _reset(writer)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        fault = (self._faults.popleft() if len(self._faults) > 1 else self._faults[0]) if self._faults else HEALTHY
        try:
            if not fault.refuse:
                await self._relay(reader, writer, fault)
        except (ConnectionError, OSError):
            pass
        except asyncio.CancelledError:  # the test is over
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._target)
        number = len(self.passed)
        self.passed.append(0)
        upward = asyncio.create_task(_pump(reader, up_writer))
        answer = asyncio.create_task(self._answer(up_reader, writer, fault, number))
        try:  # until the answer ends, or its reader leaves
            await asyncio.wait({upward, answer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            up_writer.close()
            upward.cancel()
            answer.cancel()
            await asyncio.gather(upward, answer, return_exceptions=True)

    async def _answer(
        self, up_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault, number: int
    ) -> None:
        limit = fault.limit
        while data := await up_reader.read(_READ_BYTES):
            kept = data if limit is None else data[: limit - self.passed[number]]
            await _send(writer, kept, fault, random.Random(number))
            self.passed[number] += len(kept)
            if self.passed[number] == limit:
                break
        else:
            return
        if fault.stall is not None:
            await asyncio.Event().wait()  # until the reader loses its patience and leaves
        elif fault.reset is not None:
            _reset(writer)


async def _send(writer: asyncio.StreamWriter, data: bytes, fault: Fault, chance: random.Random) -> None:
    size = fault.slice or len(data) or 1
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        pause = fault.latency_s + chance.uniform(-fault.jitter_s, fault.jitter_s)
        if fault.bandwidth:
            pause += len(piece) / fault.bandwidth
        if pause > 0:
            await asyncio.sleep(pause)
        writer.write(piece)
        await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_READ_BYTES):
        writer.write(data)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN, throwing away what is unsent."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
