"""Blocks of lines to frames: text in, frames out. ``frames`` cuts the blocks out of bytes."""

import re
from typing import Final

import msgspec

MAX_RETRY_MS: Final = 2**53 - 1  # the largest integer that every reader, JavaScript's too, holds exactly

# A block in our own form, as its id and its data, or another one whole. Possessive: what fails isn't tried shorter.
_BLOCKS: Final = re.compile(r"id: (.*+)\ndata: (.*+)(?:\n\n|\Z)|(.+(?:\n.+)*+)").findall
_NAMED: Final = re.compile(
    r"id: (.*+)\n(?:event: (.*+)\ndata: |data: )(.*+)(?:\n\n|\Z)|(.+(?:\n.+)*+)",
).findall


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One dispatched event of a stream.

    ``data`` is the lines of the block joined by LF; ``event`` is ``"message"`` where none was named; ``id``
    is the last event ID at dispatch, which an earlier block may have set, ``""`` if none; ``retry`` is the
    last valid one inside this block in milliseconds, at most ``MAX_RETRY_MS``, else ``None``.
    """

    data: str
    event: str = "message"
    id: str = ""
    retry: int | None = None


class BlockReader:
    """Reads whole blocks; keeps what the next ones need: the last id, and the last valid ``retry``."""

    # Blocks in our own form are split at "\n\nid: " or "\n\ndata: ", so that a frame costs three slices and one object;
    # all else goes line by line. rsplit() finds these in a third of split()'s time: searching from the right compares
    # the rare LF first, from the left the common space. One regular expression is faster where each search has to widen
    # what it looks for, since not all is ASCII, and where events have names, which are one search more.
    __slots__ = ("_named", "_retry", "_wide", "last_event_id")

    def __init__(self) -> None:
        self.last_event_id = ""
        self._retry: int | None = None
        # What came last was in our own form and not all ASCII, or its events had names: so will be what comes next.
        self._wide = self._named = False

    def _read_one(self, text: str) -> list[Frame]:
        """The frame of a block in our own form, if ``text`` is that and nothing else."""
        event, last_id = "", self.last_event_id
        if text and text[0] == "d":
            data = text.removeprefix("data: ")
            if data == text:
                return []
        else:
            head, found, data = text.partition("\ndata: ")
            last_id = head.removeprefix("id: ")
            if not found or last_id == head:
                return []
            if "\n" in last_id:
                last_id, _, event = last_id.partition("\nevent: ")
                if "\n" in last_id or "\n" in event:
                    return []
                self._named = True
        if "\n" in data:
            return []
        self.last_event_id = last_id
        return [Frame(data, event or "message", last_id)]

    def _read(self, text: str, frames: list[Frame]) -> list[Frame]:
        """Blocks in our own form, or another one before them; what is different line by line."""
        if not text.isascii() and text[:4] == "id: ":
            if self._named:
                return self._read_named(text, frames)
            self._wide = True
            return self._read_wide(text, frames)
        own = text.removeprefix("id: ")
        if own != text:
            return self._read_identified(own, frames)
        own = text.removeprefix("data: ")
        if own != text:
            return self._read_data(own, frames)
        first, _, others = text.partition("\n\n")
        if others.startswith(("id: ", "data: ")):
            return self._read(others, self._read_lines(first, frames))
        return self._read_lines(text, frames)

    def _read_identified(self, text: str, frames: list[Frame]) -> list[Frame]:
        last_id = ""
        for block in text.rsplit("\n\nid: "):
            last_id, found, data = block.partition("\ndata: ")
            if "\n" in data:
                data, _, heartbeat = data.partition("\n\n: ")
                found = "" if "\n" in data or "\n" in heartbeat else found
            if "\n" not in last_id and found:
                frames.append(Frame(data, "message", last_id))
                continue
            last_id, _, event = last_id.partition("\nevent: ")
            if "\n" not in event and "\n" not in last_id and found:
                self._named = True
                frames.append(Frame(data, event or "message", last_id))
                continue
            self._read_lines("id: " + block, frames)
            last_id = self.last_event_id
        self.last_event_id = last_id
        return frames

    def _read_wide(self, text: str, frames: list[Frame]) -> list[Frame]:
        """``_read`` for our own form where not all is ASCII: there each search in a text widens what it looks for anew.
        Of what is in another form it is slow."""
        last_id = self.last_event_id
        for its_id, data, other in _BLOCKS(text):
            if other:
                last_id = self._read_other(other, last_id, frames)
            else:
                last_id = its_id
                frames.append(Frame(data, "message", its_id))
        self.last_event_id = last_id
        return frames

    def _read_named(self, text: str, frames: list[Frame]) -> list[Frame]:
        """The same where events have names: those are a search more."""
        last_id = self.last_event_id
        for its_id, event, data, other in _NAMED(text):
            if other:
                last_id = self._read_other(other, last_id, frames)
            else:
                last_id = its_id
                frames.append(Frame(data, event or "message", its_id))
        self.last_event_id = last_id
        return frames

    def _read_other(self, block: str, last_id: str, frames: list[Frame]) -> str:
        """Return what is the last id then."""
        if block[0] == ":" and "\n" not in block:  # a heartbeat
            return last_id
        self.last_event_id = last_id
        self._wide = False
        if block[0] != "i":  # no id
            self._named = False
        frames += self._read_one(block) or self._read_lines(block, [])
        return self.last_event_id

    def _read_data(self, text: str, frames: list[Frame]) -> list[Frame]:
        last_id = self.last_event_id
        for data in text.rsplit("\n\ndata: "):
            if "\n" in data:
                self._read_lines("data: " + data, frames)
                last_id = self.last_event_id
            else:
                frames.append(Frame(data, "message", last_id))
        return frames

    def _read_lines(self, blocks: str, frames: list[Frame]) -> list[Frame]:
        data: list[str] = []
        event = ""
        retry: int | None = None
        for line in (blocks + "\n").split("\n"):
            field, _, value = line.partition(":")
            if value.startswith(" "):
                value = value[1:]
            if not line:
                if data:
                    frames.append(Frame("\n".join(data), event or "message", self.last_event_id, retry))
                data, event, retry = [], "", None
            elif field == "data":
                data.append(value)
            elif field == "event":
                event = value
            elif field == "id" and "\0" not in value:
                self.last_event_id = value
            elif field == "retry":
                retry = milliseconds(value, retry)
                self._retry = milliseconds(value, self._retry)
        return frames


def milliseconds(value: str, otherwise: int | None) -> int | None:
    if not (value.isascii() and value.isdigit()):
        return otherwise
    digits = value.lstrip("0")
    # int() refuses more than 4,300 digits and is quadratic in them.
    return min(int(digits or "0"), MAX_RETRY_MS) if len(digits) <= 16 else MAX_RETRY_MS
