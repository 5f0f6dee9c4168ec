"""One TCP connection, on which Hypercorn's protocol speaks HTTP/1.1: the place of Hypercorn's own ``TCPServer``.

That one reads in a task, from a stream, and begins a request with a queue that another task empties: half of what an
idle viewer took, and a sixth of a replay. Here the transport hands over what came, Hypercorn goes on with it at once,
and the only task of a connection is the application's. HTTP itself (``ProtocolWrapper``) is Hypercorn's and h11's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any, cast

from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import ASGIFramework, ConnectionState, Scope, WorkerContext
from hypercorn.utils import parse_socket_addr

from backend.chunks import straight
from backend.gathering import GatheringWriter
from backend.heads import LeanConnection
from backend.http.connection import TRANSPORT
from backend.http.inbox import Inbox

HEARD_BYTES = 64 * 1024
"""The most that Hypercorn is given at once, as by its own server: which heads are too large for it depends on that."""

_log = logging.getLogger(__name__)


class Gate:
    """Hypercorn's ``Event``, for one that waits: whoever pipelines a request."""

    __slots__ = ("_open", "_waiter")

    def __init__(self) -> None:
        self._open = False
        self._waiter: asyncio.Future[None] | None = None

    async def clear(self) -> None:
        self._open = False

    async def set(self) -> None:
        self._open = True
        if self._waiter is not None:
            self._waiter.set_result(None)
            self._waiter = None

    async def wait(self) -> None:
        while not self._open:
            if self._waiter is None:
                self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiter)

    def is_set(self) -> bool:
        return self._open


class Line(asyncio.Protocol):
    """Serves ``app`` on one connection. ``on_end`` is called once it is closed and its applications have ended."""

    __slots__ = (
        "_app", "_coming", "_config", "_connection", "_context", "_ended", "_handling", "_hypercorn", "_loop", "_lost",
        "_on_end", "_tasks", "_timer", "_transport", "_writer",
    )  # fmt: skip

    def __init__(
        self, app: ASGIFramework, config: Config, context: WorkerContext, on_end: Callable[["Line"], None]
    ) -> None:
        self._app, self._config, self._context, self._on_end = app, config, context, on_end
        self._loop = asyncio.get_running_loop()
        self._hypercorn: ProtocolWrapper | None = None
        self._coming: list[Event] = []
        self._handling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._ended = self._lost = False

    # ---- what the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without being called so
        self._writer = GatheringWriter(self._transport)
        peer, family = transport.get_extra_info("peername"), transport.get_extra_info("socket").family
        if not peer:  # it has gone already
            self._transport.abort()
            return
        client = parse_socket_addr(family, peer)
        server = parse_socket_addr(family, transport.get_extra_info("sockname"))
        self._hypercorn = ProtocolWrapper(
            cast(Any, self._app), self._config, self._context, cast(Any, self), ConnectionState(cast(Any, {})),
            False, client, server, self._send, "http/1.1",
        )  # fmt: skip
        protocol = cast(H11Protocol, self._hypercorn.protocol)
        protocol.connection = self._connection = LeanConnection(self._config.h11_max_incomplete_size)
        self._rest()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), HEARD_BYTES):
            self._hear(RawData(data[start : start + HEARD_BYTES]))

    def eof_received(self) -> bool:
        """The client says no more; what it was promised may still go out."""
        self._ended = True
        self._hear(RawData(b""))
        self._hear(Closed())
        self._look()
        return True

    def pause_writing(self) -> None:
        self._writer.pause()

    def resume_writing(self) -> None:
        self._writer.resume()

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        self._writer.lost()
        self._wake()
        self._coming.clear()
        if self._handling is not None:
            self._handling.cancel()
            self._handling = None
        self._hear(Closed())
        self._look()

    # ---- what comes, to Hypercorn

    def _hear(self, event: Event) -> None:
        """Hand ``event`` on: at once and without a task, unless Hypercorn waits for something."""
        if self._handling is not None:
            self._coming.append(event)
            return
        if self._hypercorn is None:
            return
        handling = self._hypercorn.handle(event)
        try:
            awaited = handling.send(None)
        except StopIteration:
            return
        except Exception as error:
            self._break(error)
            return
        if not self._transport.is_closing():
            self._transport.pause_reading()
        self._handling = self._loop.create_task(_go_on(handling, awaited))
        self._handling.add_done_callback(self._heard)

    def _heard(self, task: "asyncio.Task[None]") -> None:
        if self._handling is task:
            self._handling = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._break(error)
            return
        while self._coming and self._handling is None:
            self._hear(self._coming.pop(0))
        if self._handling is None:
            if not self._transport.is_closing():
                self._transport.resume_reading()
            self._look()

    def _break(self, error: BaseException) -> None:
        _log.error("a connection broke off", exc_info=error)
        self.abort()

    # ---- what Hypercorn asks for

    async def _send(self, event: Event) -> None:
        if isinstance(event, RawData):
            self._writer.write(event.data)
            if self._writer.is_clear:
                return
            try:
                await self._writer.drain()
            except ConnectionError:
                assert self._hypercorn is not None
                await self._hypercorn.handle(Closed())
        elif isinstance(event, Updated):
            if event.idle:
                self._rest()
            else:
                self._wake()
        elif isinstance(event, Closed):
            self._writer.close()

    async def spawn_app(
        self, app: Any, config: Config, scope: Scope, send: Callable[[Any], Awaitable[None]]
    ) -> Callable[[Any], Awaitable[None]]:
        """Begin a request."""
        inbox = Inbox()
        self.spawn(self._answer, scope, inbox, send)
        return inbox.put

    def spawn(self, begin: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Begin a task of this connection."""
        TRANSPORT.set(self._transport)  # for the task, which gets a copy of what is set here
        task = self._loop.create_task(begin(*args))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _answer(self, scope: Scope, inbox: Inbox, send: Callable[[Any], Awaitable[None]]) -> None:
        try:
            await self._app(scope, inbox, straight(scope, send, self._writer, self._connection))
        except Exception:
            await self._config.log.exception("Error in ASGI Framework")
        finally:
            inbox.close()
            await send(None)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._break(error)
        self._look()

    # ---- its end

    def _rest(self) -> None:
        """No request is under way from now on."""
        self._wake()
        if not self._lost:
            self._timer = self._loop.call_later(self._config.keep_alive_timeout, self._writer.close)

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close_if_idle(self) -> None:
        if self._timer is not None:
            self._writer.close()

    def abort(self) -> None:
        """Close it at once, and cancel what its applications do."""
        self._transport.abort()
        for task in tuple(self._tasks):
            task.cancel()
        if self._handling is not None:
            self._handling.cancel()

    def _look(self) -> None:
        """Whether this was the last of it."""
        if self._tasks or self._handling is not None:
            return
        if self._lost:
            self._on_end(self)
        elif self._ended:
            self._writer.close()


@coroutine
def _resume(handling: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine whose first step has come to ``awaited``."""
    step: Callable[[Any], Any]
    while True:
        try:
            given, step = (yield awaited), handling.send
        except BaseException as error:
            given, step = error, handling.throw
        try:
            awaited = step(given)
        except StopIteration:
            return


async def _go_on(handling: Coroutine[Any, Any, None], awaited: Any) -> None:
    await _resume(handling, awaited)
