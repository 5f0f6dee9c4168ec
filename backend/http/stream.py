"""From the log to bytes: the response that a viewer reads.

The response reads the log and nothing else: whatever becomes of it, the run doesn't notice. Headers as PROTOCOL.md has
them; never compressed, and without Quart's response time-out, which would cut the stream after 60 s.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType

from quart import Response

from backend.errors import StorageError
from backend.http.application import CheckedHeaders, current_request
from backend.http.connection import LastChunk, StallWatch
from backend.http.formats import SSE, Format
from backend.runs.farewells import BROKEN, LOST, STORE_DOWN
from backend.runs.live import Viewer
from backend.runs.log import EventsLost
from backend.runs.manager import RunManager
from shared import events as ev
from shared.encoding import encode_frame
from shared.view import RunView

_log = logging.getLogger(__name__)

HEADERS = {
    "Content-Type": SSE.content_type,
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


def stream_response(
    manager: RunManager,
    viewer: Viewer,
    form: Format = SSE,
    first: bytes = b"",
    more_headers: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """The response that sends ``first`` (whole frames) and then follows ``viewer`` to the end of its run."""
    # A generator that is never started never cleans up: the reader may leave before the first byte.
    if (task := asyncio.current_task()) is not None:
        task.add_done_callback(lambda _: manager.release(viewer))
    headers = {**more_headers, **HEADERS, "Content-Type": form.content_type, "Windowseat-Run": viewer.run}
    request = current_request()
    chunked, has_body = request.http_version != "1.0", request.method != "HEAD"
    told = _follow(manager, viewer, form, first, chunked=chunked, has_body=has_body)
    response = Response(told, headers=CheckedHeaders(headers.items()))
    response.timeout = None
    return response


def snapshot_frame(view: RunView) -> bytes | None:
    """A ``stream.snapshot`` of a run up to here; None if it is larger than a frame may be."""
    frame = encode_frame(ev.encode_event(ev.StreamSnapshot(upto=view.upto, view=view)).decode())
    return frame if len(frame) <= ev.MAX_FRAME_BYTES else None


async def _follow(
    manager: RunManager, viewer: Viewer, form: Format, first: bytes, *, chunked: bool, has_body: bool
) -> AsyncIterator[bytes]:
    watch = StallWatch(
        manager.limits.stall_s,
        lambda: form.encode(manager.give_up(viewer)),
        chunked=chunked,
        has_body=has_body,
    )
    viewer.send = lambda data: watch.write_now(form.encode, data)
    try:
        block: bytes | None = first
        while block is not None:
            if block and (written := form.encode(block)):
                watch.begin()
                yield LastChunk(written) if viewer.over else written
                watch.end()
            if block and viewer.has_more:
                # A real suspension: without one, a replay to a reader that vanished would keep the whole loop busy.
                await asyncio.sleep(0)
            block = await viewer.take()
    except EventsLost as error:
        _log.error("%s", error)
        yield form.encode(LOST)
    except StorageError as error:
        _log.error("run %s can't be read: %s", viewer.run, error)
        yield form.encode(STORE_DOWN)
    except Exception:  # Hypercorn would swallow a TimeoutError without a word
        _log.exception("the stream of run %s broke off", viewer.run)
        yield form.encode(BROKEN)
    else:
        if last := form.end():
            yield last
    finally:
        watch.close()
        manager.release(viewer)
