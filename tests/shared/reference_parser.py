"""The WHATWG event-stream interpretation read off the page, one byte and one line at a time; slow and plain.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
It shares no code with ``shared.frames``; it has no size cap.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Event(NamedTuple):
    data: str
    event: str
    id: str
    retry: int | None


@dataclass
class ReferenceParser:
    events: list[Event] = field(default_factory=list)
    last_event_id: str = ""
    reconnection_time: int | None = None
    data_buffer: str = ""
    event_type_buffer: str = ""
    last_event_id_buffer: str = ""
    retry_in_block: int | None = None
    line: bytearray = field(default_factory=bytearray)
    seen: int = 0
    after_cr: bool = False

    def feed(self, chunk: bytes) -> None:
        for byte in chunk:
            self._byte(byte)

    def _byte(self, byte: int) -> None:
        follows_cr, self.after_cr = self.after_cr, byte == 0x0D
        if byte == 0x0A and follows_cr:
            return
        if byte in (0x0A, 0x0D):
            self._line(bytes(self.line))
            self.line.clear()
            self.seen = 3
            return
        self.line.append(byte)
        self.seen += 1
        if self.seen == 3 and self.line == b"\xef\xbb\xbf":
            self.line.clear()

    def _line(self, raw: bytes) -> None:
        line = raw.decode("utf-8", errors="replace")
        if line == "":
            self._dispatch()
        elif line[0] == ":":
            pass
        elif ":" in line:
            colon = line.index(":")
            value = line[colon + 1 :]
            self._field(line[:colon], value[1:] if value[:1] == " " else value)
        else:
            self._field(line, "")

    def _field(self, name: str, value: str) -> None:
        if name == "event":
            self.event_type_buffer = value
        elif name == "data":
            self.data_buffer += value + "\n"
        elif name == "id":
            if "\0" not in value:
                self.last_event_id_buffer = value
        elif name == "retry" and value and all(character in "0123456789" for character in value):
            digits = value.lstrip("0") or "0"
            milliseconds = int(digits) if len(digits) < 17 else 2**53 - 1  # our own limit, not the standard's
            self.reconnection_time = self.retry_in_block = min(milliseconds, 2**53 - 1)

    def _dispatch(self) -> None:
        self.last_event_id = self.last_event_id_buffer
        if self.data_buffer != "":
            self.events.append(
                Event(
                    self.data_buffer[:-1],
                    self.event_type_buffer or "message",
                    self.last_event_id,
                    self.retry_in_block,
                )
            )
        self.data_buffer = self.event_type_buffer = ""
        self.retry_in_block = None


def read_by_the_book(stream: bytes) -> ReferenceParser:
    parser = ReferenceParser()
    parser.feed(stream)
    return parser
