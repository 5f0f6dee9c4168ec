"""The servers that are compared, each in a process of its own: ``python -m tests.benchmarks.peers NAME``.

All answer ``POST /assist`` with the same number of events of the same size; the question says which: ``burst 100`` (all
are ready), ``tick 100`` (a turn of the event loop before each), ``paced 100 20`` (20 ms before each), ``hold`` (one,
then silence); ``ours`` and ``raw`` know ``due 100 20`` besides (every 20 ms, and each says when it was due). The port
is the first line of standard output; the process ends with its standard input.

``plain`` is Quart on Hypercorn as one writes it, an encoded frame a yield. ``sse-starlette`` and ``fastapi`` run on
uvicorn with httptools and uvloop, their fastest. ``ours`` is the whole server: run log, engine, plan. ``raw`` is the
limit: a bare ``asyncio.Protocol`` on uvloop.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

EVENT_BYTES = 200
NAMES = ("ours", "plain", "sse-starlette", "fastapi")
OTHER_OURS = {"ours-uvloop": "hypercorn uvloop", "ours-uvicorn": "uvicorn uvloop"}
"""The same server with other settings: what speaks HTTP, and the event loop."""


def event_json(seq: int) -> str:
    """What ``ours`` sends for a line of a step's log, as long."""
    event = {"type": "step.log", "seq": seq, "t": seq * 17, "step": "go", "attempt": 1, "level": "info", "text": ""}
    event["text"] = log_text(len(json.dumps(event, separators=(",", ":"))))
    return json.dumps(event, separators=(",", ":"))


def log_text(besides: int) -> str:
    return ("Reading the sky over Valencia, Lisbon and Oslo. " * 5)[: EVENT_BYTES - besides]


async def pauses(question: str) -> AsyncIterator[int]:
    """Numbers from 1, each when its event is due."""
    shape, *numbers = question.split()
    count, ms = [*map(int, numbers), 0, 0][:2]
    for seq in range(1, count + 1):
        if shape == "tick":
            await asyncio.sleep(0)
        elif shape == "paced":
            await asyncio.sleep(ms / 1000)
        yield seq
    if shape == "hold":
        yield 1
        await asyncio.Event().wait()


async def due_times(count: int, ms: int) -> AsyncIterator[float]:
    """When each of so many events is due, on the monotonic clock, told as soon as it has come."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(1, count + 1):
        due = began + number * ms / 1000
        await asyncio.sleep(due - loop.time())
        yield due


# ---- ours


async def ours(http: str = "hypercorn", port: int = 0, folder: str | None = None, log: str = "") -> None:
    import msgspec

    from backend import garbage
    from backend.config import Config
    from backend.pipeline import Context, Pipeline, Question, Step
    from backend.server import SWITCH_S, serve

    sys.setswitchinterval(SWITCH_S)  # as backend.__main__ does

    class Nothing(msgspec.Struct, frozen=True):
        """What the step returns."""

    text = log_text(len(event_json(100)) - len(json.loads(event_json(100))["text"]))

    async def go(question: Question, ctx: Context) -> Nothing:
        shape, *numbers = question.text.split()
        # run.started, step.started, step.finished and run.finished are events too.
        if shape == "due":
            async for due in due_times(int(numbers[0]), int(numbers[1])):
                ctx.log(f"due={due:.6f} {text[23:]}")
            return Nothing()
        shortened = " ".join([shape, str(int(numbers[0]) - 4), *numbers[1:]]) if numbers else shape
        async for _ in pauses(shortened):
            ctx.log(text)
        return Nothing()

    def opened(url: str) -> None:
        garbage.opened()  # as backend.__main__ does, and at the end
        announce(int(url.rpartition(":")[2]))

    pipeline = Pipeline(name="bench", title="Bench", columns=(), steps=(Step("go", "Go", go),))
    stopping = asyncio.Event()
    stop_with_stdin(stopping.set)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(15, stopping.set)
    with tempfile.TemporaryDirectory() as own:
        config = Config(
            port=port, data_dir=Path(folder or own), offline=True, max_runs=20_000, deadline_s=3600,
            until_stdin_closes=True, http=http, reuse_port=folder is not None, log=log, log_may_forget=True,
        )  # fmt: skip
        await serve(config, opened, [pipeline], stopping)
    garbage.ends()


# ---- peers


async def plain(port: int = 0) -> None:
    """``port``: one that several have together."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from quart import Quart, Response, request

    app = Quart(__name__)
    frames = [f"id: {'r' * 26}.{seq}\ndata: {event_json(seq)}\n\n".encode() for seq in range(1, 101)]

    @app.route("/assist", methods=["GET", "POST"])
    async def assist() -> Response:
        question = request.args["q"] if request.method == "GET" else (await request.get_json())["q"]

        async def events() -> AsyncIterator[bytes]:
            async for seq in pauses(question):
                yield frames[(seq - 1) % 100]

        response = Response(events(), content_type="text/event-stream")
        response.timeout = None
        return response

    config = Config()
    with listening(port) as (bound, port):
        config.bind = [f"fd://{bound.detach()}"]
        config.accesslog = None
        stopping = asyncio.Event()
        stop_with_stdin(stopping.set)
        announce(port)
        await serve(app, config, shutdown_trigger=stopping.wait)


class Raw(asyncio.Protocol):
    """Answers each request with the events of ``due``, a write for each, and reads no more of it than its numbers."""

    def __init__(self) -> None:
        self._frame = f"id: {'r' * 26}.1\ndata: {event_json(1)}\n\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")
        self._transport, self._loop = transport, asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        _, count, ms = json.loads(data.partition(b"\r\n\r\n")[2])["q"].split()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self._say(int(count), int(ms) / 1000, self._loop.time() + int(ms) / 1000)

    def _say(self, left: int, apart_s: float, due: float) -> None:
        if self._loop.time() < due:
            self._loop.call_at(due, self._say, left, apart_s, due)
            return
        frame = f"{self._frame[:-25]}due={due:.6f}\n\n".encode()
        end = b"" if left > 1 else b"0\r\n\r\n"
        self._transport.write(b"%x\r\n%b\r\n%b" % (len(frame), frame, end))
        if left > 1:
            self._say(left - 1, apart_s, due + apart_s)


async def raw() -> None:
    with listening() as (bound, port):
        ended = asyncio.Event()
        stop_with_stdin(ended.set)
        server = await asyncio.get_running_loop().create_server(Raw, sock=bound)
        announce(port)
        await ended.wait()
        server.close()


async def sse_starlette() -> None:
    from sse_starlette import EventSourceResponse
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.routing import Route

    texts = [event_json(seq) for seq in range(1, 101)]

    async def assist(request: Request) -> Any:
        question = (await request.json())["q"]

        async def events() -> AsyncIterator[dict[str, str]]:
            async for seq in pauses(question):
                yield {"id": f"{'r' * 26}.{seq}", "data": texts[(seq - 1) % 100]}

        return EventSourceResponse(events())

    await uvicorn(Starlette(routes=[Route("/assist", assist, methods=["POST"])]))


async def fastapi() -> None:
    import fastapi as api
    from fastapi.sse import EventSourceResponse, ServerSentEvent

    app = api.FastAPI()
    texts = [event_json(seq) for seq in range(1, 101)]

    async def assist(body: dict[str, str]) -> AsyncIterator[Any]:
        async for seq in pauses(body["q"]):
            yield ServerSentEvent(raw_data=texts[(seq - 1) % 100], id=f"{'r' * 26}.{seq}")

    app.post("/assist", response_class=EventSourceResponse)(assist)
    await uvicorn(app)


async def uvicorn(app: Any) -> None:
    import uvicorn as server

    config = server.Config(app, log_level="error", access_log=False, http="httptools", lifespan="off")
    with listening() as (bound, port):
        running = server.Server(config)

        def stop() -> None:
            running.should_exit = running.force_exit = True

        stop_with_stdin(stop)
        announce(port)
        await running.serve(sockets=[bound])


# ---- a stream that costs nothing to make


async def canned() -> None:
    """Answers ``GET /runs/NAME/events`` with 2,000 events, ``one`` or ``twenty`` of them in an HTTP chunk."""
    answers = {name: canned_answer(name, size) for name, size in (("one", 1), ("twenty", 20))}

    async def answer(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reading.readuntil(b"\r\n\r\n")
                writing.write(answers["twenty" if b"twenty" in head else "one"])
                await writing.drain()
        writing.close()

    with listening() as (bound, port):
        ended = asyncio.Event()
        stop_with_stdin(ended.set)
        server = await asyncio.start_server(answer, sock=bound)
        announce(port)
        await ended.wait()
        server.close()


def canned_answer(run: str, chunk: int, events: int = 2_000) -> bytes:
    import msgspec

    from shared import events as ev
    from shared.encoding import EventFrames

    told: list[Any] = [
        ev.RunStarted(
            seq=1, t=0, v=1, run=run, pipeline="escape", title="Escape", question="?", plan=(), columns=(),
            started_at="2026-11-28T12:00:00.000Z",
        )
    ]  # fmt: skip
    for seq in range(2, events):
        text = "AirLabs: routes from VLC, " + "page two of three, " * (seq % 7)
        told.append(ev.StepLog(seq=seq, t=seq, step="routes", attempt=1, level="info", text=text))
    told.append(ev.RunFinished(seq=events, t=events, status="ok", say="Done.", ms=9, events=events))
    frames = [EventFrames(run).encode(one.seq, msgspec.json.encode(one)) for one in told]
    blocks = [b"".join(frames[start : start + chunk]) for start in range(0, len(frames), chunk)]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(block), block) for block in blocks) + b"0\r\n\r\n"


# ---- the process


@contextlib.contextmanager
def listening(port: int = 0) -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", port), backlog=4096, reuse_port=True) as bound:
        bound.setblocking(False)
        yield bound, bound.getsockname()[1]


def stop_with_stdin(stop: Any) -> None:
    loop = asyncio.get_running_loop()

    def ended() -> None:
        if not os.read(0, 1024):
            loop.remove_reader(0)
            stop()

    loop.add_reader(0, ended)


def announce(port: int) -> None:
    print(port, flush=True)


def main(name: str, *shared: str) -> None:
    """``shared``: the port and the folder that several of ``ours`` have together, and the URL of their Redis; or the
    port of ``plain``."""
    if name in OTHER_OURS:
        http, _, loop = OTHER_OURS[name].partition(" ")
        run = ours(http)
    else:
        given: list[Any] = [int(shared[0]), *shared[1:]] if shared else []
        run = ours("hypercorn", *given) if name == "ours" else PEERS[name](*given)
        loop = "uvloop" if name in ("sse-starlette", "fastapi", "raw") else "asyncio"
    if loop == "asyncio":
        asyncio.run(run)
    else:
        import uvloop

        uvloop.run(run)


PEERS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "ours": ours, "plain": plain, "sse-starlette": sse_starlette, "fastapi": fastapi, "raw": raw, "canned": canned,
}  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
