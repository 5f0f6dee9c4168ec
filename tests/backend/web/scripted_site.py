"""The page on a real server whose runs the test writes, event by event, with pauses under its control."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, Response, request

from backend.errors import NotFound, RequestError
from backend.http import pages, problems
from shared.events import KnownEvent, StreamBye, encode_event
from tests.backend.web import sample_run

STREAM_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache, no-transform"}


class Site:
    """One run for all who ask. ``log`` holds its frames; a connection that is ``cut`` ends after what is in the log."""

    def __init__(self) -> None:
        self.url = ""
        self.pipelines: dict[str, Any] = sample_run.pipelines()
        self.asked: list[dict[str, Any]] = []
        self.resumed_after: list[int] = []
        self.cancelled: list[str] = []
        self.problem: RequestError | None = None
        self.down = False
        self._log: list[bytes] = []
        self._comments: list[bytes] = []
        self._over = False
        self._cuts = 0
        self._news = asyncio.Condition()

    async def tell(self, *events: KnownEvent | StreamBye) -> None:
        """Adds events to the log, for every reader at once."""
        await self.tell_raw(*(encode_event(event) for event in events))
        if any(event.__struct_config__.tag == "run.finished" for event in events):
            await self._change(over=True)

    async def tell_raw(self, *data: bytes) -> None:
        self._log += [b"id: %s.%d\ndata: %s\n\n" % (sample_run.RUN.encode(), json.loads(d)["seq"], d) for d in data]
        await self._change()

    async def tell_comment(self, text: bytes) -> None:
        """A comment to every reader; it is not of the log."""
        self._comments.append(b": %s\n\n" % text)
        await self._change()

    async def cut(self) -> None:
        """Ends every open connection as if all were well; what is in the log stays."""
        self._cuts += 1
        await self._change()

    def reset(self) -> None:
        self._log, self._over = [], False

    async def _change(self, over: bool = False) -> None:
        self._over = self._over or over
        async with self._news:
            self._news.notify_all()

    def _has_news(self, sent: int, said: int, cuts: int) -> bool:
        return len(self._log) > sent or len(self._comments) > said or self._over or self._cuts != cuts

    async def stream(self, after: int = 0) -> AsyncIterator[bytes]:
        cuts, sent, said = self._cuts, after, len(self._comments)
        yield b": hb 0\n\n"
        while True:
            new, sent = self._log[sent:], len(self._log)
            comments, said = self._comments[said:], len(self._comments)
            if new or comments:
                yield b"".join([*new, *comments])
            if self._over or self._cuts != cuts:
                return
            async with self._news:
                while not self._has_news(sent, said, cuts):
                    await self._news.wait()


def _app(site: Site) -> Quart:
    app = Quart("scripted", static_folder=None)
    app.register_blueprint(pages.blueprint)
    problems.install(app)

    @app.get("/pipelines")
    async def list_pipelines() -> dict[str, Any]:
        return site.pipelines

    @app.post("/assist")
    async def assist() -> Response:
        site.asked.append(await request.get_json())
        if site.problem is not None:
            raise site.problem
        return _stream(site, 0)

    @app.get("/runs/<run>")
    async def page(run: str) -> Response:
        return await pages.page()

    @app.get("/runs/<run>/events")
    async def events(run: str) -> Response:
        after = int(request.headers["Last-Event-ID"].rpartition(".")[2])
        site.resumed_after.append(after)
        if site.down:
            raise NotFound("This run is not known.")
        return _stream(site, after)

    @app.post("/runs/<run>/cancel")
    async def cancel(run: str) -> tuple[dict[str, Any], int]:
        site.cancelled.append(run)
        return {}, 202

    return app


def _stream(site: Site, after: int) -> Response:
    response = Response(site.stream(after), headers=STREAM_HEADERS)
    response.timeout = None
    return response


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    """A Site on a free loopback port, ended with the block."""
    site = Site()
    listener = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.graceful_timeout = 0.2
    config.errorlog = None
    site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serve(_app(site), config, shutdown_trigger=stop.wait))
        try:
            yield site
        finally:
            await site.cut()
            stop.set()
            await task
    listener.detach()
