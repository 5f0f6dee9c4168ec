"""The wire by the letter of docs/protocol.md, in one file and in memory: a second implementation of the server's half.

Clients are tested against it, and the conformance kit is judged by it: whole it must pass, and with any one of its
rules broken (tests/tui/conform/mutants.py overrides a method for each) it must fail. A question with the word ``wait``
makes a run that stays under way until it is cancelled or released; any other is answered at once.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from shared import events as ev
from shared.view import fold_all
from tests.plain_http import Asked, Problem, head, read_request, send_json, send_whole
from tests.scripted_server import a_run

STREAM_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


@dataclass
class Run:
    """``lines``: the log so far, as JSON. ``changed`` is set, and made anew, when it grows."""

    id: str
    question: str
    lines: list[bytes] = field(default_factory=list)
    finished: bool = False
    cancelling: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def append(self, *events: ev.KnownEvent) -> None:
        self.lines += [ev.encode_event(event) for event in events]
        self.finished = self.finished or isinstance(events[-1], ev.RunFinished)
        self.changed.set()
        self.changed = asyncio.Event()

    def view(self) -> Any:
        return fold_all(ev.decode_event(line) for line in self.lines)  # type: ignore[misc]  # a log has no others


class ReferenceServer:
    """``async with ReferenceServer() as server``. ``chunked`` false: a stream's end is the connection's, as HTTP/1.0
    has it, so that a cut looks like an end."""

    def __init__(self, *, heartbeat_s: float = 10.0, chunked: bool = True) -> None:
        self.heartbeat_s = heartbeat_s
        self.chunked = chunked
        self.runs: dict[str, Run] = {}
        self.keys: dict[str, tuple[bytes, Run]] = {}
        self.asked: list[Asked] = []
        self.released = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

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

    def release(self) -> None:
        """Let every run come to its end."""
        self.released = True
        for run in self.runs.values():
            run.woken.set()

    # The rules, one method each

    def events(self, run: str, question: str) -> list[ev.KnownEvent]:
        """The whole log of a run that nobody cancels."""
        first, *rest = a_run(run)
        return [msgspec.structs.replace(first, question=question), *rest]

    def frame(self, run: Run, seq: int) -> bytes:
        return b"id: %b.%d\ndata: %b\n\n" % (run.id.encode(), seq, run.lines[seq - 1])

    def line(self, run: Run, seq: int) -> bytes:
        return run.lines[seq - 1] + b"\n"

    def stream_headers(self, run: Run) -> dict[str, str]:
        return {**STREAM_HEADERS, "Windowseat-Run": run.id}

    def heartbeat(self, run: Run, cursor: int) -> bytes:
        return b": hb %d\n\n" % len(run.lines)

    def snapshot(self, run: Run) -> tuple[bytes, int]:
        data = ev.encode_event(ev.StreamSnapshot(upto=len(run.lines), view=self.view(run)))
        return b"data: " + data + b"\n\n", len(run.lines)

    def view(self, run: Run) -> Any:
        return run.view()

    def healthy(self) -> bool:
        return True

    def cursor(self, asked: Asked, run: Run) -> int:
        last = asked.headers.get("last-event-id")
        if last:
            of_run, dot, seq = last.rpartition(".")
            if of_run != run.id or not dot or not _is_number(seq):
                raise Problem(400, "The Last-Event-ID isn't one of this run.")
        else:
            seq = asked.query.get("after", "0")
            if not _is_number(seq):
                raise Problem(400, "after must be a whole number.")
        if int(seq) > len(run.lines):
            raise Problem(404, "The run has no such event yet.")
        return int(seq)

    def run_for(self, question: str, asked: Asked) -> Run:
        """The run of this question: a new one, or under a key known already that key's."""
        key = asked.headers.get("idempotency-key")
        if key and (len(key) > 200 or not key.isascii() or " " in key):
            raise Problem(400, "That is no Idempotency-Key.")
        if key and key in self.keys:
            body, run = self.keys[key]
            if body != asked.body:
                raise Problem(409, "This Idempotency-Key came with another body before.")
            return run
        run = self.start(question)
        if key:
            self.keys[key] = (asked.body, run)
        return run

    def cancel(self, run: Run) -> tuple[int, Any]:
        if run.finished:
            return 200, self.summary(run)
        run.cancelling = True
        run.woken.set()
        return 202, {"run": run.id, "status": "cancelling"}

    def summary(self, run: Run) -> dict[str, Any]:
        view = run.view()
        return {
            "run": run.id, "pipeline": "escape", "question": run.question, "started_at": "2026-11-22T10:00:00Z",
            "status": view.state if run.finished else "running", "events": len(run.lines), "ms": view.ms,
        }  # fmt: skip

    def listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """The newest first, those before ``before``, with all words of ``q`` in their question."""
        if not _is_number(query.get("limit", "50")):
            raise Problem(400, "limit must be a whole number.")
        newest = list(reversed(self.runs.values()))
        ids = [run.id for run in newest]
        start = ids.index(query["before"]) + 1 if query.get("before") in ids else 0
        words = query.get("q", "").lower().split()
        found = [run for run in newest[start:] if all(word in run.question.lower() for word in words)]
        return [self.summary(run) for run in found[: int(query.get("limit", "50"))]]

    def delete(self, run: Run) -> None:
        if not run.finished:
            raise Problem(409, "The run is under way.", hint="Cancel it first.")
        del self.runs[run.id]

    def import_run(self, body: bytes) -> tuple[int, Any]:
        lines = body.splitlines()
        started = ev.decode_event(lines[0])
        assert isinstance(started, ev.RunStarted)
        known = self.runs.get(started.run)
        if known is not None and known.lines != lines:
            raise Problem(409, f"There is another run {started.run} already.")
        run = self.runs[started.run] = known or Run(started.run, started.question, lines, finished=True)
        return 201 if known is None else 200, self.summary(run)

    def read_question(self, asked: Asked) -> str:
        if asked.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Problem(415, "The body must be JSON.", hint='{"q": "…"}')
        try:
            body = json.loads(asked.body)
        except (ValueError, RecursionError):
            raise Problem(400, "The body can't be read as JSON.") from None
        if not isinstance(body, dict) or not isinstance(body.get("q"), str) or not body["q"].strip():
            raise Problem(422, "The question is empty.")
        if not isinstance(body.get("options", {}), dict) or not isinstance(body.get("pipeline", "escape"), str):
            raise Problem(422, "options is an object and pipeline a text.")
        if body.get("pipeline", "escape") != "escape":
            raise Problem(404, "There is no such pipeline.")
        question: str = body["q"]
        return question

    def problem(self, problem: Problem) -> tuple[dict[str, str], bytes]:
        body = {"type": "about:blank", "title": "No", "status": problem.status, "detail": str(problem), **problem.more}
        return {"Content-Type": "application/problem+json"}, json.dumps(body).encode()

    # How it works

    def start(self, question: str) -> Run:
        run = Run(secrets.token_hex(8), question)
        self.runs[run.id] = run
        task = asyncio.create_task(self._work(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    async def _work(self, run: Run) -> None:
        events = self.events(run.id, run.question)
        if "wait" not in run.question or self.released:
            run.append(*events)
            return
        run.append(*events[:6])
        await run.woken.wait()
        if not run.cancelling:
            run.append(*events[6:])
            return
        run.append(*self.cancelled(events[5]))

    def cancelled(self, last: ev.KnownEvent) -> list[ev.KnownEvent]:
        """How a run ends that was cancelled after ``last``."""
        return [
            ev.RunNotice(seq=7, t=last.t, kind="cancelling", text="Cancelled by you"),
            ev.StepFinished(seq=8, t=last.t, step="sky", attempt=1, status="cancelled", ms=1, say="Cancelled"),
            ev.RunFinished(seq=9, t=last.t, status="cancelled", say="Cancelled", ms=last.t, events=9),
        ]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            asked = await read_request(reader)
            self.asked.append(asked)
            await self._answer(asked, writer)
        except Problem as problem:
            headers, body = self.problem(problem)
            await send_whole(writer, problem.status, headers, body)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        match asked.method, asked.path.strip("/").split("/"):
            case "POST", ["assist"]:
                run = self.run_for(self.read_question(asked), asked)
                await self._stream(asked, run, writer, self.cursor(asked, run))
            case "GET", ["runs", name, "events"]:
                run = self._known(name)
                await self._stream(asked, run, writer, self.cursor(asked, run))
            case "GET", ["metrics"]:
                await send_whole(writer, 200, {"Content-Type": "text/plain; version=0.0.4"}, b"")
            case "DELETE", ["runs", name]:
                self.delete(self._known(name))
                await send_whole(writer, 204, {}, b"")
            case method, path:
                status, value = self._value(method, path, asked)
                await send_json(writer, value, status)

    def _value(self, method: str, path: list[str], asked: Asked) -> tuple[int, Any]:
        match method, path:
            case "POST", ["runs", name, "cancel"]:
                return self.cancel(self._known(name))
            case "GET", ["runs", name]:
                return 200, self.view(self._known(name))
            case "GET", ["runs"]:
                found = self.listed(asked.query)
                more = {"next": found[-1]["run"]} if len(found) == int(asked.query.get("limit", "50")) else {}
                return 200, {"runs": found, **more}
            case "POST", ["runs", "import"]:
                return self.import_run(asked.body)
            case "GET", ["openapi.json"] | ["schema", "events.json"]:
                return 200, {}
            case "GET", ["healthz" | "readyz"]:
                return 200 if self.healthy() else 503, {}
            case "GET", ["pipelines"]:
                return 200, {"pipelines": [self.pipeline()]}
            case _, ["assist"] | ["runs"] | ["pipelines"] | ["runs", _, "events" | "cancel"]:
                raise Problem(405, "Not like that.")
        raise Problem(404, "There is nothing here.")

    def pipeline(self) -> dict[str, Any]:
        first = a_run()[0]
        assert isinstance(first, ev.RunStarted)
        return {
            "name": "escape", "title": first.title, "plan": first.plan, "columns": first.columns,
            "examples": ["somewhere hot"], "options": [],
        }  # fmt: skip

    def _known(self, name: str) -> Run:
        if name not in self.runs:
            raise Problem(404, "There is no such run.")
        return self.runs[name]

    async def _stream(self, asked: Asked, run: Run, writer: asyncio.StreamWriter, cursor: int) -> None:
        lines = asked.headers.get("accept") == "application/x-ndjson"
        headers = {"Content-Type": "application/x-ndjson"} if lines else self.stream_headers(run)
        blocks = self._lines(run, cursor) if lines else self._frames(run, cursor, "snapshot" in asked.query)
        chunked = {"Transfer-Encoding": "chunked"} if self.chunked else {}
        writer.write(head(200, {**headers, **chunked}))
        async for block in blocks:
            writer.write(b"%x\r\n%b\r\n" % (len(block), block) if self.chunked else block)
            await writer.drain()
        if self.chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _frames(self, run: Run, cursor: int, snapshot: bool) -> AsyncIterator[bytes]:
        opened = False
        if snapshot:
            block, cursor = self.snapshot(run)
            if block:
                opened = True
                yield block
        while True:
            grown = run.changed
            if cursor < len(run.lines):
                upto = len(run.lines)
                yield b"".join(self.frame(run, seq) for seq in range(cursor + 1, upto + 1))
                cursor, opened = upto, True
            elif run.finished:
                if not opened:
                    yield self.heartbeat(run, cursor)
                return
            else:
                if not opened:
                    opened = True
                    yield self.heartbeat(run, cursor)
                try:
                    await asyncio.wait_for(grown.wait(), self.heartbeat_s)
                except TimeoutError:
                    yield self.heartbeat(run, cursor)

    async def _lines(self, run: Run, cursor: int) -> AsyncIterator[bytes]:
        while True:
            grown = run.changed
            while cursor < len(run.lines):
                cursor += 1
                yield self.line(run, cursor)
            if run.finished:
                return
            await grown.wait()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
