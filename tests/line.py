"""A line between a client and a server on loopback: far away, narrow, or dead without either side being told."""

import asyncio
import socket
from contextlib import suppress
from typing import Final, Self

_PIECE: Final = 1024
_BUFFER: Final = 8 * 1024


class Line:
    """``async with Line(port) as line``: connect to ``line.port`` instead.

    ``delay_s``: how long each byte is under way, in both directions; ``bytes_per_s``: what goes through at most towards
    the client. ``cut``: from now on nothing goes through any more, and both ends stay open.
    """

    def __init__(self, port: int, *, delay_s: float = 0.0, bytes_per_s: float | None = None) -> None:
        self.port = 0
        self._target = port
        self._delay_s = delay_s
        self._bytes_per_s = bytes_per_s
        self._is_up = asyncio.Event()
        self._is_up.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        self._is_up.clear()

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)  # its connections have them too
        self._server = await asyncio.start_server(self._accept, sock=listener)
        self.port = listener.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end = socket.socket()
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", self._target))
        far_reader, far_writer = await asyncio.open_connection(sock=end, limit=_BUFFER)
        for task in (
            asyncio.create_task(self._carry(reader, far_writer, None)),
            asyncio.create_task(self._carry(far_reader, writer, self._bytes_per_s)),
        ):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, bytes_per_s: float | None) -> None:
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=8 if bytes_per_s else 256)

        async def deliver() -> None:
            while True:
                due, piece = await under_way.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                await self._is_up.wait()
                if not piece:
                    return
                to.write(piece)
                await to.drain()
                if bytes_per_s is not None:
                    await asyncio.sleep(len(piece) / bytes_per_s)

        delivering = asyncio.create_task(deliver())
        try:
            with suppress(OSError):
                while piece := await source.read(_PIECE):
                    await under_way.put((loop.time() + self._delay_s, piece))
            await under_way.put((loop.time() + self._delay_s, b""))
            with suppress(OSError):
                await delivering
        finally:
            delivering.cancel()
            to.close()
