"""Server-Sent Events frames: bytes in, frames out (WHATWG HTML, section 9.2.6). ``encoding`` has the way back.

No I/O, no clock, no JSON. The reader never fails on bad content, only on size; it never holds more than
one unfinished frame; what it costs is linear in the bytes, however they are cut.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from shared.errors import FrameTooLarge

MAX_RETRY_MS: Final = 2**53 - 1  # the largest integer that every reader, JavaScript's too, holds exactly

_BOM: Final = b"\xef\xbb\xbf"
_NUL: Final = 0x00
_LF: Final = 0x0A
_CR: Final = 0x0D
_SMALL: Final = 512  # bytes: parts of a frame that are no larger are joined later, and no more than so many
# A block in our own form, as its id and its data, or another one whole. Possessive: what doesn't fit is given up at once.
_BLOCKS: Final = re.compile(r"id: (.*+)\ndata: (.*+)(?:\n\n|\Z)|(.+(?:\n.+)*+)").findall
_LONE_CR: Final = re.compile(rb"\r[^\n]")


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


class FrameParser:
    """Reads one event stream after another, cut into chunks in any way.

    ``max_frame_bytes`` bounds one block of lines: the bytes before its blank line, comments counted, a CRLF
    counted as one. Past it, ``feed`` raises ``FrameTooLarge``; frames that the same chunk had completed are
    returned first, and the error comes with the next ``feed`` or ``flush``. Then only ``flush`` makes the
    parser usable again.

    ``last_event_id`` is what a reader that reconnects sends: the id of the last finished block that had one.
    """

    # Whole blocks are cut out of what has gathered at its last blank line, decoded once and split at "\n\nid: " or
    # "\n\ndata: ", so that a frame in our own form costs three slices and one object; all else goes line by
    # line. rsplit() finds these in a third of split()'s time: searching from the right compares the rare LF
    # first, from the left the common space. In text that isn't ASCII one regular expression is faster. Chunks without a blank line are only kept, and joined by the hundred: each
    # copy of a long line more costs its pages anew. Against httpx-sse 0.4.3 in docs/performance.md, with what was
    # slower: counting the line ends first, decoding frame by frame, the regular expression for ASCII too.
    __slots__ = (
        "_after_cr",
        "_head",
        "_joined",
        "_joined_bytes",
        "_limit",
        "_overflow",
        "_parts",
        "_retry",
        "_room",
        "_small",
        "_special",
        "_told",
        "_usual_room",
        "last_event_id",
    )

    def __init__(self, max_frame_bytes: int = 1 << 20) -> None:
        if max_frame_bytes < 1:
            raise ValueError(f"max_frame_bytes must be at least 1, not {max_frame_bytes}")
        self.last_event_id = ""
        self._limit = max_frame_bytes
        self._small = min(_SMALL, max_frame_bytes)
        self._usual_room = min(_SMALL, max_frame_bytes // _SMALL)
        self._retry: int | None = None
        self._begin()

    def _begin(self) -> None:
        # The unfinished block as it came, LF only: never starts with LF, never holds LF LF, so that only new bytes
        # are searched.
        self._parts: list[bytes] = []
        self._joined = self._joined_bytes = 0  # how many of the parts were joined from smaller ones; their length
        self._room = self._usual_room  # how many parts there can be, none of them larger than _SMALL, within the limit
        self._head: bytes | None = b""  # what may be the start of a BOM, until that is known
        self._after_cr = False
        self._overflow = False
        self._told = False  # the overflow was raised
        self._special = True  # the next chunk needs _enter

    @property
    def retry(self) -> int | None:
        """The last valid ``retry`` in ms, from when its line is complete.

        Each access reads through the unfinished frame: ask when a connection ends, not after every chunk.
        """
        retry = self._retry
        lines, _, _ = b"".join(self._parts).rpartition(b"\n")
        for line in lines.split(b"\n"):
            if line.startswith(b"retry:"):
                retry = _milliseconds(str(line[6:].removeprefix(b" "), "utf-8", "replace"), retry)
        return retry

    def feed(self, chunk: bytes) -> Sequence[Frame]:
        """Return the frames that ``chunk`` completes, at once, in order.

        Raises ``FrameTooLarge`` when a block is larger than the cap (see the class for when).
        """
        if self._special:
            chunk = self._enter(chunk)
        if 13 in chunk:  # CR
            chunk = self._without_cr(chunk)
        parts = self._parts
        if 10 in chunk:  # LF; a name for it would be looked up for every chunk
            blocks, found, rest = chunk.rpartition(b"\n\n")
            if found:
                return self._take(blocks, rest)
            if chunk[0] == _LF:
                return self._begin_with_lf(chunk)
        parts.append(chunk)
        if len(parts) + len(chunk) > self._room:  # neither many nor large
            self._gather()
        return ()  # a new list for each chunk would be a tenth of the time at 1 B

    def flush(self) -> int:
        """End this stream and begin the next; return how many bytes of an unfinished frame were dropped.

        ``last_event_id`` and ``retry`` stay: they are what a reconnecting reader needs. Raises
        ``FrameTooLarge`` if that error is still owed; the next stream may begin then too.
        """
        self._retry = self.retry
        dropped = sum(map(len, self._parts)) + len(self._head or b"")
        owed = self._overflow and not self._told
        self._begin()
        if owed:
            raise FrameTooLarge(self._limit)
        return dropped

    def _enter(self, chunk: bytes) -> bytes:
        if self._overflow:
            raise self._too_large()
        if self._head is not None:
            chunk = self._head + chunk
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._head = chunk
                return b""
            self._head = None
            chunk = chunk.removeprefix(_BOM)
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        self._special = self._after_cr
        return chunk

    def _without_cr(self, chunk: bytes) -> bytes:
        if chunk[-1] == _CR:
            self._special = self._after_cr = True
        # To drop every CR takes a fifth of the time of replacing CRLF, the search for a lone one a third.
        elif len(chunk) > _SMALL and _LONE_CR.search(chunk) is None:
            return chunk.replace(b"\r", b"")
        chunk = chunk.replace(b"\r\n", b"\n")
        return chunk.replace(b"\r", b"\n") if _CR in chunk else chunk

    def _begin_with_lf(self, chunk: bytes) -> Sequence[Frame]:
        parts = self._parts
        while parts and not parts[-1]:  # chunks may be empty
            parts.pop()
        if parts and parts[-1][-1] == _LF:
            parts[-1] = parts[-1][:-1]
            return self._take(b"", chunk[1:])
        parts.append(chunk if parts else chunk[1:])
        if len(parts) + len(chunk) > self._room:
            self._gather()
        return ()

    def _take(self, blocks: bytes, rest: bytes) -> list[Frame]:
        parts = self._parts
        if parts:
            parts.append(blocks)
            blocks = b"".join(parts)
            self._parts = [rest] if rest else []
            self._joined = self._joined_bytes = 0
            self._room = self._usual_room
        elif rest:
            parts.append(rest)
        if len(blocks) > self._limit or len(rest) > self._small:
            blocks = self._within_limit(blocks, rest)
        # Line ends are ASCII, so decoding many lines at once gives the same U+FFFD as decoding each.
        try:
            text = blocks.decode()
        except UnicodeDecodeError:
            text = blocks.decode("utf-8", "replace")
        if _NUL in blocks:  # in the bytes: a text with wide characters is full of zeros
            frames = self._read_lines(text, [])
        else:
            # What is short, or took three chunks to come, is one frame mostly.
            alone = (len(parts) > 2 or len(text) < 300) and self._read_one(text)
            frames = alone or self._read(text, [])
        if not frames and self._overflow:
            raise self._too_large()
        return frames

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
        if "\n" in data or "\n" in last_id or "\n" in event:
            return []
        self.last_event_id = last_id
        return [Frame(data, event or "message", last_id)]

    def _read(self, text: str, frames: list[Frame]) -> list[Frame]:
        """Blocks in our own form, or another one before them; what is different line by line."""
        if not text.isascii() and text[:4] == "id: ":
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
                frames.append(Frame(data, event or "message", last_id))
                continue
            self._read_lines("id: " + block, frames)
            last_id = self.last_event_id
        self.last_event_id = last_id
        return frames

    def _read_wide(self, text: str, frames: list[Frame]) -> list[Frame]:
        """``_read_identified`` where not all is ASCII: there each search in a text widens what it looks for anew."""
        last_id = self.last_event_id
        for its_id, data, other in _BLOCKS(text):
            if not other:
                last_id = its_id
                frames.append(Frame(data, "message", its_id))
            elif other[0] != ":" or "\n" in other:  # no heartbeat
                self.last_event_id = last_id
                frames += self._read_one(other) or self._read_lines(other, [])
                last_id = self.last_event_id
        self.last_event_id = last_id
        return frames

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
                retry = _milliseconds(value, retry)
                self._retry = _milliseconds(value, self._retry)
        return frames

    def _within_limit(self, blocks: bytes, rest: bytes) -> bytes:
        self._room = 0
        if len(rest.removesuffix(b"\n")) > self._limit:
            self._give_up()
        if len(blocks) <= self._limit:
            return blocks
        kept = []
        for block in blocks.split(b"\n\n"):
            if len(block.strip(b"\n")) > self._limit:
                self._give_up()
                break
            kept.append(block)
        return b"\n\n".join(kept)

    def _gather(self) -> None:
        """Join the parts that came since the last time, and see how much more there may be."""
        parts = self._parts
        new = b"".join(parts[self._joined :])
        parts[self._joined :] = [new] if new else []
        self._joined_bytes += len(new)
        # The LF of a last line isn't counted, so that the cut of the bytes doesn't decide.
        ends_in_lf = bool(parts) and parts[-1][-1] == _LF
        if self._joined_bytes - ends_in_lf > self._limit:
            self._give_up()
            raise self._too_large()
        self._joined = len(parts)
        self._room = self._joined + min(_SMALL, (self._limit - self._joined_bytes) // _SMALL)

    def _give_up(self) -> None:
        self._overflow = self._special = True
        self._parts = []

    def _too_large(self) -> FrameTooLarge:
        self._told = True
        return FrameTooLarge(self._limit)


def _milliseconds(value: str, otherwise: int | None) -> int | None:
    if not (value.isascii() and value.isdigit()):
        return otherwise
    digits = value.lstrip("0")
    # int() refuses more than 4,300 digits and is quadratic in them.
    return min(int(digits or "0"), MAX_RETRY_MS) if len(digits) <= 16 else MAX_RETRY_MS
