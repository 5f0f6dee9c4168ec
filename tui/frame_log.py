"""The frames of a run as they came, for who looks at the raw wire. Bounded: the newest are kept, the others counted."""

from collections import deque

import msgspec

from shared.events import StreamSnapshot, UnknownEvent
from shared.text import clean
from tui.connection import Received

MAX_FRAMES = 5_000
MAX_CHARS = 4_000_000


class LoggedFrame(msgspec.Struct, frozen=True, gc=False):
    """One event: its number, its time in ms since the run began, its type, its step ("" for none), its JSON.

    There are thousands of them, and nothing in them for the garbage collector to look at.
    """

    seq: int
    t: int
    kind: str
    step: str
    data: str


class FrameLog:
    """At most MAX_FRAMES frames and MAX_CHARS characters; ``dropped`` counts those that had to go."""

    def __init__(self) -> None:
        self.dropped = 0
        self._frames: deque[LoggedFrame] = deque()
        self._chars = 0

    def add(self, received: Received) -> None:
        event = received.event
        kind = event.type if isinstance(event, UnknownEvent) else str(type(event).__struct_config__.tag)
        data = received.data
        if not (data.isascii() and data.isprintable()):
            data = clean(data)  # raw, it may hold what a terminal obeys
        seq, t = (event.upto, event.view.t) if isinstance(event, StreamSnapshot) else (event.seq, event.t)
        frame = LoggedFrame(seq, t, kind, getattr(event, "step", ""), data)
        self._frames.append(frame)
        self._chars += len(frame.data)
        while len(self._frames) > MAX_FRAMES or (self._chars > MAX_CHARS and len(self._frames) > 1):
            self._chars -= len(self._frames.popleft().data)
            self.dropped += 1

    def __len__(self) -> int:
        return len(self._frames)

    def of(self, step: str | None = None) -> list[LoggedFrame]:
        """The frames of a step, oldest first; of the whole run for None."""
        return [frame for frame in self._frames if step in (None, frame.step)]
