"""From the log to SSE bytes: the response that a viewer reads.

The response reads the log and nothing else: whatever becomes of it, the run doesn't notice. Headers as PROTOCOL.md has
them; never compressed, and without Quart's response time-out, which would cut the stream after 60 s.
"""

import asyncio
import logging
from collections.abc import AsyncIterator

from quart import Response

from backend.errors import StorageError
from backend.runs.live import Viewer
from backend.runs.manager import RunManager
from shared.encoding import encode_frame

_log = logging.getLogger(__name__)

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


def stream_response(manager: RunManager, viewer: Viewer) -> Response:
    """The response that follows ``viewer`` to the end of its run."""
    response = Response(_follow(manager, viewer), headers={**HEADERS, "Windowseat-Run": viewer.run})
    response.timeout = None
    return response


async def _follow(manager: RunManager, viewer: Viewer) -> AsyncIterator[bytes]:
    try:
        while (block := await viewer.take()) is not None:
            yield block
            # A real suspension: without one, a replay to a reader that vanished would keep the whole loop busy.
            await asyncio.sleep(0)
    except StorageError as error:
        _log.error("run %s can't be read: %s", viewer.run, error)
        yield encode_frame(comment="the run log can't be read; come back later", retry=5000)
    except Exception:  # Hypercorn would swallow a TimeoutError without a word
        _log.exception("the stream of run %s broke off", viewer.run)
        yield encode_frame(comment="the server failed to go on; come back later", retry=5000)
    finally:
        manager.release(viewer)
