"""What all simulators share: a real HTTP/1.1 server on 127.0.0.1 that can be told to misbehave at any byte.

h11 reads the requests; answers are written by hand, since a well-behaved library refuses to lie about their length.
A simulator is a subclass with a ``base`` path and an ``answer``. See README.md for how a test uses one.
"""

import asyncio
import contextlib
import gzip
import socket
import struct
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any, ClassVar, Final, Self

import h11

from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen, path_of
from tests.simulators.faults import HEALTHY, Fault, Faults, gzip_bomb
from tests.simulators.pacing import paced, phrase

_LOOPBACK: Final = "127.0.0.1"
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


class Simulator:
    """``async with Provider(...) as sim``; ``sim.url`` is what a client is given in place of the real base URL.

    ``base`` is the path of that URL, ``beside`` are paths that the service has outside it.
    ``latency_s`` delays every answer in real time. ``requests`` is the log, ``most_at_once`` the highest number of
    requests ever being answered at the same time.
    """

    base: ClassVar[str] = ""
    beside: ClassVar[tuple[str, ...]] = ()
    gzips: ClassVar[bool] = False

    def __init__(self, *, clock: SimulatedClock | None = None, latency_s: float = 0.0) -> None:
        self.clock = clock or SimulatedClock()
        self.latency_s = latency_s
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.most_at_once = 0
        self._at_once = 0
        self._port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._crashes: list[Exception] = []

    @property
    def origin(self) -> str:
        return f"http://{_LOOPBACK}:{self._port}"

    @property
    def url(self) -> str:
        return self.origin + self.base

    @property
    def refusals(self) -> list[str]:
        """Which rules of the service the client has broken so far."""
        return [seen.refusal for seen in self.requests if seen.refusal]

    async def answer(self, request: Seen) -> Answer:
        """What the service says to ``request``."""
        raise NotImplementedError

    @contextlib.asynccontextmanager
    async def turn(self, request: Seen) -> AsyncIterator[Answer | None]:
        """Around the whole exchange: a service that queues requests waits here, or yields a refusal."""
        yield None

    def failure(self, status: int) -> Answer:
        """The service's own document for an error of this status, for faults that only name one."""
        return Answer.of_text(phrase(status), status)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._crashes:
            raise self._crashes[0]

    async def start(self) -> None:
        """Listen; again at the same port after ``stop``."""
        listener = socket.create_server((_LOOPBACK, self._port), backlog=256)
        self._port = listener.getsockname()[1]
        self._server = await asyncio.start_server(self._connected, sock=listener)

    async def stop(self) -> None:
        """Refuse connections from now on, and break off the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await _Connection(self, reader, writer).serve()
        except (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # the client left, or speaks something else (TLS), or stop() was called: this task ends here anyhow
        except Exception as crash:
            self._crashes.append(crash)
        finally:
            self._connections.discard(task)
            writer.close()

    async def handle(self, request: Seen) -> tuple[Answer, Fault]:
        """The answer with its fault worked in, as far as it isn't one of the wire."""
        fault = self.faults.take(request)
        if fault.replaces:
            answer = Answer() if fault.status is None else self.failure(fault.status)
        elif request.inside or request.path in self.beside:
            answer = await self.answer(request)
        else:
            answer = Answer.of_text("Not Found", 404, refusal=f"{request.path} is not below {self.base}")
        request.refusal = answer.refusal
        body: Any = fault.body.encode() if isinstance(fault.body, str) else fault.body
        if fault.gzip_bomb is not None:
            body = gzip_bomb(fault.gzip_bomb)
        if body is not None:
            kept = {"Content-Type": "application/json; charset=utf-8"} | answer.headers
            answer = Answer(fault.status or answer.status, body, kept)
        if fault.content_type is not None:
            answer.headers["Content-Type"] = fault.content_type
        if self.packs(request, answer, fault):
            assert isinstance(answer.body, bytes)
            answer.body = gzip.compress(answer.body, mtime=0)
            answer.headers["Content-Encoding"] = "gzip"
        if fault.gzip_bomb is not None:
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers |= fault.headers
        return answer, fault

    def packs(self, request: Seen, answer: Answer, fault: Fault) -> bool:
        """Whether the body goes out as gzip."""
        accepted = self.gzips and "gzip" in request.headers.get("accept-encoding", "")
        return isinstance(answer.body, bytes) and (fault.gzip or (accepted and len(answer.body) > 512))

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            self._at_once -= 1


class _Connection:
    """One client's connection: requests one after the other, each watched for the client's leaving."""

    def __init__(self, simulator: Simulator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._simulator = simulator
        self._reader = reader
        self._writer = writer
        self._unread = b""
        writer.transport.set_write_buffer_limits(high=0)  # drain() waits for the kernel to have it all
        # asyncio leaves it out for sockets of a listener that it didn't make; a small piece would wait 40 ms.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def serve(self) -> None:
        while (request := await self._next_request()) is not None:
            watch = asyncio.create_task(self._reader.read(65536))
            exchange = asyncio.create_task(self._exchange(request))
            try:
                await asyncio.wait({watch, exchange}, return_when=asyncio.FIRST_COMPLETED)
                if not exchange.done() and watch.exception() is None and watch.result():
                    await asyncio.wait({exchange})  # it pipelines: it has not left
                if not exchange.done():
                    request.left = True
                    return
                request.over.set()
                if not exchange.result():
                    return
                self._unread += await watch
            finally:
                for task in (watch, exchange):
                    task.cancel()
                await asyncio.gather(watch, exchange, return_exceptions=True)
                request.over.set()

    async def _next_request(self) -> Seen | None:
        machine = h11.Connection(h11.SERVER)
        if self._unread:
            machine.receive_data(self._unread)
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = machine.next_event()
            if event is h11.NEED_DATA:
                data = await self._reader.read(65536)
                if not data and head is None:
                    return None
                machine.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                self._unread = machine.trailing_data[0]
                return self._seen(head, bytes(body))
            else:
                return None

    def _seen(self, head: h11.Request, body: bytes) -> Seen:
        target, base = head.target.decode("ascii", "replace"), self._simulator.base
        path = path_of(target)
        inside = path == base or path.startswith(f"{base}/")
        seen = Seen(
            method=head.method.decode("ascii"),
            path=path.removeprefix(base) if inside else path,
            inside=inside,
            target=target,
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers},
            body=body,
            peer=self._writer.get_extra_info("peername")[0],
            at=self._simulator.clock.now(),
            at_s=time.monotonic(),
        )
        self._simulator.requests.append(seen)
        return seen

    async def _exchange(self, request: Seen) -> bool:
        """Whether the connection is good for another request."""
        with self._simulator.counted():
            async with self._simulator.turn(request) as refused:
                if refused is not None:
                    request.refusal = refused.refusal
                    return await self._send(request, refused, HEALTHY)
                return await self._answer(request)

    async def _answer(self, request: Seen) -> bool:
        answer, fault = await self._simulator.handle(request)
        try:
            if fault.never:
                await asyncio.Event().wait()
            await asyncio.sleep(fault.delay_s or self._simulator.latency_s)
            if fault.reset and fault.cut_at is None:
                self._reset()
                return False
            return await self._send(request, answer, fault)
        except ConnectionError:
            request.left = True
            raise
        finally:
            if isinstance(answer.body, AsyncGenerator):
                await answer.body.aclose()

    async def _send(self, request: Seen, answer: Answer, fault: Fault) -> bool:
        chunked = not self._has_length(answer, fault)
        bodiless = request.method == "HEAD" or answer.status in (204, 304)
        lines = [f"HTTP/1.1 {answer.status} {phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if not bodiless:
            lines += ["Transfer-Encoding: chunked"] if chunked else []
        head = "\r\n".join([*lines, "", ""])
        self._writer.write(head.encode("latin-1"))
        request.answered = answer.status
        await self._writer.drain()
        if bodiless:
            return True
        await asyncio.sleep(fault.body_delay_s)
        async with contextlib.aclosing(paced(answer, fault)) as pieces:
            async for piece in pieces:
                self._writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                await self._writer.drain()
                # The kernel takes megabytes at once: an answer without an end would keep the loop from its reader.
                await asyncio.sleep(0)
                request.sent += len(piece)
        if fault.cut_at is not None and not fault.tail:
            if fault.reset:
                self._reset()
            return False
        if chunked:
            self._writer.write(b"0\r\n\r\n")
            await self._writer.drain()
        return fault.content_length is None

    def _has_length(self, answer: Answer, fault: Fault) -> bool:
        """Whether a Content-Length goes out, which is put among the headers."""
        if fault.content_length is not None:
            answer.headers["Content-Length"] = str(fault.content_length)
        elif isinstance(answer.body, bytes) and not (fault.chunks or fault.drip_s or fault.tail):
            answer.headers["Content-Length"] = str(len(answer.body))
        return "Content-Length" in answer.headers

    def _reset(self) -> None:
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._writer.transport.abort()
