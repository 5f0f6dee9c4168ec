"""From the log to bytes: the response that a viewer reads.

The response reads the log and nothing else: whatever becomes of it, the run doesn't notice. Headers as PROTOCOL.md has
them; never compressed, and without Quart's response time-out, which would cut the stream after 60 s.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import TypeVar

from quart import Response, request

from backend.errors import StorageError
from backend.http.connection import StallWatch
from backend.http.formats import SSE, Format
from backend.runs.farewells import BROKEN, LOST, STORE_DOWN
from backend.runs.live import Viewer
from backend.runs.log import EventsLost
from backend.runs.manager import RunManager
from shared import events as ev
from shared.encoding import encode_frame
from shared.view import RunView

Chunk = TypeVar("Chunk", bytes, str)

_log = logging.getLogger(__name__)

HEADERS = {
    "Content-Type": SSE.content_type,
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


def stream_response(manager: RunManager, viewer: Viewer, form: Format = SSE, first: bytes = b"") -> Response:
    """The response that sends ``first`` (whole frames) and then follows ``viewer`` to the end of its run."""
    headers = {**HEADERS, "Content-Type": form.content_type}
    return live_response(manager, viewer, _frames(viewer, form, first), headers, form.encode)


def live_response(
    manager: RunManager,
    viewer: Viewer,
    chunks: AsyncGenerator[Chunk, None],
    headers: Mapping[str, str],
    encode_farewell: Callable[[bytes], bytes] = lambda frame: b"",
) -> Response:
    """A response of ``chunks``, which are made of what ``viewer`` takes, in whatever language.

    Whatever happens to it, the viewer is released, and a reader that takes nothing is sent away.
    """
    watch = StallWatch(
        manager.limits.stall_s,
        lambda: encode_farewell(manager.give_up(viewer)),
        chunked=request.http_version != "1.0",
    )

    def let_go(_: object = None) -> None:
        watch.close()
        manager.release(viewer)

    # A generator that is never started never cleans up: the reader may leave before the first byte.
    if (task := asyncio.current_task()) is not None:
        task.add_done_callback(let_go)
    body = _watched(chunks, watch, let_go)
    response = Response(body, headers={**headers, "Windowseat-Run": viewer.run})
    response.timeout = None
    return response


async def _watched(
    chunks: AsyncGenerator[Chunk, None], watch: StallWatch, let_go: Callable[[], None]
) -> AsyncIterator[Chunk]:
    try:
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                watch.begin()
                yield chunk
                watch.end()
                _heed_cancellation()
                # A real suspension: without one, a replay to a reader that vanished would keep the whole loop busy.
                await asyncio.sleep(0)
    finally:
        let_go()


def snapshot_frame(view: RunView) -> bytes | None:
    """A ``stream.snapshot`` of a run up to here; None if it is larger than a frame may be."""
    frame = encode_frame(ev.encode_event(ev.StreamSnapshot(upto=view.upto, view=view)).decode())
    return frame if len(frame) <= ev.MAX_FRAME_BYTES else None


def _heed_cancellation() -> None:
    """Hypercorn 0.18 swallows a cancellation that comes while it closes a connection that broke under a write (``except
    CancelledError: pass`` in ``TCPServer._close``): a stream would be written to nobody for ever."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _frames(viewer: Viewer, form: Format, first: bytes) -> AsyncGenerator[bytes, None]:
    try:
        if first:
            yield form.encode(first)
        while (block := await viewer.take()) is not None:
            yield form.encode(block)
    except EventsLost as error:
        _log.error("%s", error)
        yield form.encode(LOST)
    except StorageError as error:
        _log.error("run %s can't be read: %s", viewer.run, error)
        yield form.encode(STORE_DOWN)
    except Exception:  # Hypercorn would swallow a TimeoutError without a word
        _log.exception("the stream of run %s broke off", viewer.run)
        yield form.encode(BROKEN)
