"""What a stream says before its server ends it; none of it belongs to the log (PROTOCOL.md, ``stream.bye``)."""

from typing import Literal

from shared import events as ev
from shared.encoding import encode_frame


def bye(reason: Literal["shutdown", "slow", "too_old"], retry_ms: int) -> bytes:
    """A ``stream.bye``, with the standard's ``retry:`` for readers that know nothing else."""
    return encode_frame(ev.encode_event(ev.StreamBye(reason=reason, retry_ms=retry_ms)).decode(), retry=retry_ms)


LOST = bye("too_old", 1000)
"""What this reader has isn't in the log any more: it must read the run from its start."""
SLOW = bye("slow", 1000)
STORE_DOWN = encode_frame(comment="the run log can't be used; come back later", retry=5000)
BROKEN = encode_frame(comment="the server failed to go on; come back later", retry=5000)
