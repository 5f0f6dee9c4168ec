"""A TCP proxy between a server and its store, which loses answers and changes sides when told to."""

import asyncio
import contextlib


class StoreProxy:
    """Passes everything to ``target`` (a port on loopback). ``lose_answers``: so many answers are cut off, with their
    connection, after the store has done what it was asked. ``deaf``: nothing passes any more."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.lose_answers = 0
        self.deaf = False
        self.lost = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def __aenter__(self) -> "StoreProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        """Every connection breaks."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="proxy")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(up_writer)
            with contextlib.suppress(OSError, ExceptionGroup):
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pump(reader, up_writer, answers=False))
                    group.create_task(self._pump(up_reader, writer, answers=True))
            self._writers.discard(up_writer)
            up_writer.transport.abort()
        self._writers.discard(writer)
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await reader.read(65536):
            # What is lost is the answer to a script: that of a blocking read would prove nothing.
            if answers and self.lose_answers and b"$2\r\nok" in data:
                self.lose_answers -= 1
                self.lost += 1
                break
            if not self.deaf:
                writer.write(data)
                await writer.drain()
        raise ConnectionResetError
