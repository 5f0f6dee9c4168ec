"""Server-Sent Events frames: bytes in, frames out (WHATWG HTML, section 9.2.6). ``encoding`` has the way back.

No I/O, no clock, no JSON. The reader never fails on bad content, only on size; it never holds more than
one unfinished frame; what it costs is linear in the bytes, however they are cut.
"""

from typing import Final

import msgspec

from shared.errors import FrameTooLarge

MAX_RETRY_MS: Final = 2**53 - 1  # the largest integer that every reader, JavaScript's too, holds exactly

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 0x0A
_CR: Final = 0x0D


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

    # Whole blocks are cut out of a chunk at its last blank line, decoded once and split at "\n\nid: " or
    # "\n\ndata: ", so that a frame in our own form costs three slices and one object; all else goes line by
    # line. rsplit() finds these in a third of split()'s time: searching from the right compares the rare LF
    # first, from the left the common space. Against httpx-sse 0.4.3 (Python 3.11, id and data, 250 bytes a
    # frame): 3.6x at 1 B, 2.3x at 64 B, 3.0-3.3x at 1.4 KB, 4.4x at 64 KB (tests/benchmarks/bench_frames.py).
    # Slower in our own form: NamedTuple, decoding frame by frame, going line by line. A regular expression
    # was slower there too, but a tenth quicker than this on id, event and data with CRLF (here 2.0-2.3x).
    __slots__ = (
        "_after_cr",
        "_head",
        "_limit",
        "_overflow",
        "_pending",
        "_retry",
        "_room",
        "_special",
        "_told",
        "last_event_id",
    )

    def __init__(self, max_frame_bytes: int = 1 << 20) -> None:
        if max_frame_bytes < 1:
            raise ValueError(f"max_frame_bytes must be at least 1, not {max_frame_bytes}")
        self.last_event_id = ""
        self._limit = max_frame_bytes
        self._retry: int | None = None
        self._begin()

    def _begin(self) -> None:
        # The unfinished block, LF only: never starts with LF, never holds LF LF, so that only new bytes are
        # searched. What is left of a chunk stays bytes; a bytearray, which grows in place but costs more to
        # make, takes over when more is added (_grow).
        self._pending: bytes | bytearray = b""
        self._room = 0  # how long _pending may get before _grow looks at it
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
        lines, _, _ = self._pending.rpartition(b"\n")
        for line in lines.split(b"\n"):
            if line.startswith(b"retry:"):
                retry = _milliseconds(str(line[6:].removeprefix(b" "), "utf-8", "replace"), retry)
        return retry

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that ``chunk`` completes, at once, in order.

        Raises ``FrameTooLarge`` when a block is larger than the cap (see the class for when).
        """
        if self._special or _CR in chunk:
            chunk = self._enter(chunk)
        pending = self._pending
        if _LF in chunk:
            blocks, found, rest = chunk.rpartition(b"\n\n")
            if found:
                return self._take(pending + blocks if pending else blocks, rest)
            if chunk[0] == _LF:
                if not pending:
                    chunk = chunk[1:]
                elif pending[-1] == _LF:
                    return self._take(pending[:-1], chunk[1:])
        pending += chunk
        self._pending = pending
        if len(pending) > self._room:
            self._grow()
        return []

    def flush(self) -> int:
        """End this stream and begin the next; return how many bytes of an unfinished frame were dropped.

        ``last_event_id`` and ``retry`` stay: they are what a reconnecting reader needs. Raises
        ``FrameTooLarge`` if that error is still owed; the next stream may begin then too.
        """
        self._retry = self.retry
        dropped = len(self._pending) + len(self._head or b"")
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
        if _CR in chunk:
            self._after_cr = chunk[-1] == _CR
            chunk = chunk.replace(b"\r\n", b"\n")
            if _CR in chunk:
                chunk = chunk.replace(b"\r", b"\n")
        self._special = self._after_cr
        return chunk

    def _take(self, blocks: bytes | bytearray, rest: bytes) -> list[Frame]:
        if len(blocks) > self._limit or len(rest) > self._limit:
            blocks = self._within_limit(blocks, rest)
        else:
            self._pending = rest
            self._room = 0
        # Line ends are ASCII, so decoding many lines at once gives the same U+FFFD as decoding each.
        text = blocks.decode("utf-8", "replace")
        frames: list[Frame] = []
        if not text.startswith("id: ") or "\0" in text:
            self._read_blocks(text, frames)
        else:
            self._read_identified(text, frames)
        if not frames and self._overflow:
            raise self._too_large()
        return frames

    def _read_identified(self, text: str, frames: list[Frame]) -> None:
        append = frames.append
        last_id = ""
        blocks = text.rsplit("\n\nid: ")
        blocks[0] = blocks[0].removeprefix("id: ")
        for block in blocks:
            last_id, found, data = block.partition("\ndata: ")
            if "\n" not in data and "\n" not in last_id and found:
                append(Frame(data, "message", last_id))
                continue
            last_id, _, event = last_id.partition("\nevent: ")
            data, _, heartbeat = data.partition("\n\n: ") if "\n" in data else (data, "", "")
            if "\n" in data or "\n" in event or "\n" in last_id or "\n" in heartbeat or not found:
                self._read_lines("id: " + block, frames)
                last_id = self.last_event_id
            else:
                append(Frame(data, event or "message", last_id))
        self.last_event_id = last_id

    def _read_blocks(self, text: str, frames: list[Frame]) -> None:
        if not text.startswith("data: "):
            first, _, text = text.partition("\n\n")
            self._read_lines(first, frames)
        if text.startswith("id: ") and "\0" not in text:
            self._read_identified(text, frames)
            return
        if not text.startswith("data: "):
            self._read_lines(text, frames)
            return
        last_id = self.last_event_id
        for data in text[6:].rsplit("\n\ndata: "):
            if "\n" in data:
                self._read_lines("data: " + data, frames)
                last_id = self.last_event_id
            else:
                frames.append(Frame(data, "message", last_id))

    def _read_lines(self, blocks: str, frames: list[Frame]) -> None:
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

    def _within_limit(self, blocks: bytes | bytearray, rest: bytes) -> bytes:
        self._pending = rest
        self._room = 0
        if len(rest.removesuffix(b"\n")) > self._limit:
            self._give_up()
        kept = []
        for block in bytes(blocks).split(b"\n\n"):
            if len(block.strip(b"\n")) > self._limit:
                self._give_up()
                break
            kept.append(block)
        return b"\n\n".join(kept)

    def _grow(self) -> None:
        # The LF of a last line isn't counted, so that the cut of the bytes doesn't decide.
        if len(self._pending.removesuffix(b"\n")) > self._limit:
            self._give_up()
            raise self._too_large()
        self._pending = bytearray(self._pending)
        self._room = self._limit

    def _give_up(self) -> None:
        self._overflow = self._special = True
        self._pending = b""

    def _too_large(self) -> FrameTooLarge:
        self._told = True
        return FrameTooLarge(self._limit)


def _milliseconds(value: str, otherwise: int | None) -> int | None:
    if not (value.isascii() and value.isdigit()):
        return otherwise
    digits = value.lstrip("0")
    # int() refuses more than 4,300 digits and is quadratic in them.
    return min(int(digits or "0"), MAX_RETRY_MS) if len(digits) <= 16 else MAX_RETRY_MS
