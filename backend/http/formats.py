"""The ways in which a run is written down for a reader: Server-Sent Events, lines of JSON (NDJSON), and what ``agui``
and ``plain`` make of its frames."""

from collections.abc import Callable
from typing import NamedTuple


class Format(NamedTuple):
    """``encode`` makes the bytes to send of whole frames, heartbeats and farewells among them; ``end`` makes the last
    ones, whether or not the run is over."""

    content_type: str
    encode: Callable[[bytes], bytes]
    end: Callable[[], bytes] = bytes


def _lines(frames: bytes) -> bytes:
    """The data of each frame on a line of its own. A heartbeat is an empty line, which readers of NDJSON skip."""
    blocks = frames.split(b"\n\n")[:-1]
    return b"".join(block[block.index(b"data: ") + 6 :] + b"\n" if b"data: " in block else b"\n" for block in blocks)


SSE = Format("text/event-stream; charset=utf-8", lambda frames: frames)
NDJSON = Format("application/x-ndjson; charset=utf-8", _lines)
