"""Errors of the wire.

WireError              the bytes that arrived are not what the protocol allows
├─ FrameTooLarge       a line or a frame passed the reader's cap; the stream can't go on
├─ MalformedEvent      a frame's data is not an event (not JSON, or a known type with wrong fields)
└─ BrokenLog           events in an order, or with a content, that no run can have
"""


class WireError(Exception):
    """What arrived breaks the protocol; the sender is at fault."""


class FrameTooLarge(WireError):
    """A frame passed ``limit`` bytes before it was complete."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the server sent a frame larger than {limit:,} bytes")
        self.limit = limit


class MalformedEvent(WireError):
    """A frame's ``data`` can't be read as an event; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the server sent an event that can't be read: {reason}")
        self.reason = reason


class BrokenLog(WireError):
    """A log breaks a rule of the wire: which (PROTOCOL.md, invariants), at which event, and how."""

    def __init__(self, seq: int, rule: int, text: str) -> None:
        super().__init__(f"event {seq} breaks rule {rule}: {text}")
        self.seq, self.rule, self.text = seq, rule, text
