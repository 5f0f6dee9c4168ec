"""A real server on loopback for tests: Hypercorn, our own serve(), any pipelines."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from backend.config import Config
from backend.pipeline import Pipeline
from backend.server import serve
from shared import events as ev
from shared.frames import Frame, FrameParser


@contextlib.asynccontextmanager
async def running_server(pipelines: Sequence[Pipeline], /, **settings: Any) -> AsyncIterator[str]:
    """The URL of a server that serves ``pipelines``; it is stopped, as by SIGTERM, when the block ends."""
    settings = {"port": 0, "data_dir": Path(":memory:"), "grace_s": 0.2, "offline": True, **settings}
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stopping = asyncio.Event()
    task = asyncio.create_task(serve(Config(**settings), listening.set_result, pipelines, stopping))
    try:
        task.add_done_callback(lambda ended: listening.cancel())  # it can't listen: let its own error speak
        try:
            url = await listening
        except asyncio.CancelledError:
            await task
            raise
        yield url
    finally:
        stopping.set()
        await task


def client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=10, verify=False)


def without_heartbeats(data: bytes) -> bytes:
    return b"".join(block + b"\n\n" for block in data.split(b"\n\n") if block and not block.startswith(b": hb"))


def frames_of(data: bytes) -> list[Frame]:
    return list(FrameParser().feed(data))


def events_of(data: bytes) -> list[ev.LogEvent]:
    """The events of the log in ``data``, without those that belong to the connection alone."""
    events = [ev.decode_event(frame.data) for frame in frames_of(data)]
    return [event for event in events if not isinstance(event, ev.StreamSnapshot | ev.StreamBye)]
