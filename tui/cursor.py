"""How far a run was received, and what may come next. Frames in, events out, in order and without a gap; no I/O.

A reader that was cut knows its place (``seq``) whatever became of the connections since: it is asked for again until an
event comes. Where the server no longer has that place (410), the reader begins anew from a snapshot, and says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from shared.errors import MalformedEvent
from shared.events import (
    PROTOCOL_VERSION,
    LogEvent,
    RunFinished,
    RunStarted,
    StreamBye,
    StreamSnapshot,
    decode_untrusted,
    encode_event,
)
from shared.frames import Frame
from shared.text import clean
from shared.view import EMPTY, RunView
from tui.connection import ProtocolViolation, Received

NOT_OURS = "is this the address of a Windowseat server?"

_BYES = {
    "shutdown": "the server is shutting down",
    "slow": "this reader was too slow",
    "too_old": "the server no longer has what was read here",
}


class Gap(Exception):
    """An event is missing on this connection; another one may bring it."""


@dataclass(slots=True)
class Cursor:
    """``seq``: the last event received; ``tried``: attempts to connect since then; ``retry_ms``: the pause that the
    server asks for; ``bye``: why it ended the stream, if it said so; ``anew``: the next stream begins from a snapshot.
    """

    run: str | None = None
    seq: int = 0
    finished: bool = False
    tried: int = 0
    retry_ms: int | None = None
    bye: str | None = None
    anew: bool = False
    _gap_after: int | None = None
    _of_run: str = ""  # what ids begin with, from the first one checked on

    @property
    def event_id(self) -> str | None:
        """What a reconnecting reader sends as ``Last-Event-ID``; None where nothing was received."""
        return f"{self.run}.{self.seq}" if self.run and self.seq and not self.anew else None

    def receive(self, frames: Iterable[Frame], received: list[Received]) -> None:
        """Add to ``received`` what ``frames`` bring, also what comes before an error.

        Raises Gap, and ProtocolViolation or MalformedEvent where another try is in vain.
        """
        # Each event of each run comes this way: no call that it doesn't need, and no isinstance(), which asks the
        # metaclass of structs and takes 0.3 µs to say no. Half of the time that this took with both.
        for frame in frames:
            if frame.event != "message" or self.finished:
                continue
            data = frame.data
            event = decode_untrusted(data)
            if type(event) is StreamBye or type(event) is StreamSnapshot:
                received += self._heed(event, data)
                continue
            if self.anew:
                received.append(self._from_the_start())
            seq = event.seq
            if seq != self.seq + 1 or seq == 1:
                if 0 < seq <= self.seq:
                    continue
                self._check_place(event)
            elif (its_id := frame.id).removeprefix(self._of_run) == its_id and its_id:
                self._check_id(its_id)
            self.seq = seq
            self.tried = 0
            if type(event) is RunFinished:
                self.finished = True
            received.append(Received(event, data))

    def begin_anew(self) -> None:
        """The server no longer has what follows ``seq``."""
        self.anew, self._gap_after = True, None

    def _heed(self, event: StreamBye | StreamSnapshot, data: str) -> Sequence[Received]:
        if isinstance(event, StreamSnapshot):
            return (self._snapshot(event, data),) if self.anew else ()
        self.bye, self.retry_ms = _BYES.get(event.reason, "the server ended the stream"), max(0, event.retry_ms)
        if event.reason == "too_old":
            self.begin_anew()
        return ()

    def _check_id(self, event_id: str) -> None:
        self._of_run = f"{self.run}."
        if not event_id.startswith(self._of_run):
            raise ProtocolViolation(f"an event of another run ({clean(event_id)}) is in the stream of {self.run}")

    def _check_place(self, event: LogEvent) -> None:
        if event.seq != self.seq + 1:
            self._missing(event.seq)
        self._check_first(event)

    def _missing(self, seq: int) -> None:
        said = f"event {seq} came after event {self.seq}: what is between is missing"
        if self._gap_after == self.seq:
            hint = "ask again; if it happens again the server, or a proxy before it, drops events"
            raise ProtocolViolation(said, hint=hint)
        self._gap_after = self.seq
        raise Gap(said)

    def _check_first(self, event: LogEvent) -> None:
        if not isinstance(event, RunStarted):
            raise ProtocolViolation("the stream doesn't begin with run.started", hint=NOT_OURS)
        if self.run is not None and event.run != self.run:
            raise ProtocolViolation(f"the stream of {self.run} is that of another run ({event.run})", hint=NOT_OURS)
        self.run = event.run
        if event.v != PROTOCOL_VERSION:
            raise ProtocolViolation(
                f"the server speaks version {event.v} of the protocol, this client version {PROTOCOL_VERSION}",
                hint="update the older of the two",
            )

    def _snapshot(self, snapshot: StreamSnapshot, data: str) -> Received:
        try:
            view = msgspec.convert(snapshot.view, RunView)
        except msgspec.ValidationError as error:
            raise MalformedEvent(f"stream.snapshot: {error}") from None
        if view.run and self.run and view.run != self.run:
            raise ProtocolViolation(f"a snapshot of another run ({view.run}) is in the stream of {self.run}")
        self.anew, self.tried, self.seq = False, 0, snapshot.upto
        self.finished = view.finished
        return Received(StreamSnapshot(upto=snapshot.upto, view=view), data)

    def _from_the_start(self) -> Received:
        # A server that knows no snapshots replays all: what was known is void, which an empty snapshot says.
        nothing = StreamSnapshot(upto=0, view=EMPTY)
        self.anew, self.seq = False, 0
        return Received(nothing, encode_event(nothing).decode())
