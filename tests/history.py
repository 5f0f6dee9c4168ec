"""The checker of histories: what each reader received against what the log has, after everything is over."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.runs.log import Entry
from shared import events as ev
from shared.frames import Frame, FrameParser


@dataclass
class History:
    """What one reader of ``run`` received after event ``after``, over all its connections, as it has it at the end."""

    run: str
    after: int = 0
    received: list[Entry] = field(default_factory=list)

    @property
    def cursor(self) -> int:
        """The number of the last whole event that it has."""
        return self.received[-1].seq if self.received else self.after

    @property
    def finished(self) -> bool:
        """Whether the reader may say that the run is over."""
        return bool(self.received) and isinstance(ev.decode_event(self.received[-1].data), ev.RunFinished)

    def hear(self, data: bytes) -> list[Frame]:
        """One connection's bytes, cut off anywhere. Returns the frames that aren't events of the log."""
        others = []
        for frame in FrameParser().feed(data):
            run, _, seq = frame.id.rpartition(".")
            if b'"seq":' not in frame.data.encode()[:60]:
                others.append(frame)
                continue
            assert run == self.run, "never another run's data"
            assert int(seq) == self.cursor + 1, f"{seq} follows {self.cursor}: nothing lost, nothing twice"
            assert not self.finished, "nothing follows the end"
            self.received.append(Entry(int(seq), frame.data.encode()))
        return others

    def check(self, log: Sequence[Entry]) -> None:
        """Raises AssertionError unless this is a contiguous part of ``log``, and ends as it does or isn't finished."""
        part = [entry for entry in log if self.after < entry.seq <= self.cursor]
        assert self.received == part, "what was received is what the log has"
        if self.finished:
            assert self.cursor == log[-1].seq, "the end of the reader is the end of the log"
