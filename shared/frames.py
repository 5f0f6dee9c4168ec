"""Server-Sent Events frames: bytes in, frames out (WHATWG HTML, section 9.2.6). ``encoding`` has the way back.

No I/O, no clock, no JSON. The reader never fails on bad content, only on size; it never holds more than
one unfinished frame; what it costs is linear in the bytes, however they are cut.
"""

import re
from collections.abc import Sequence
from typing import Final

from shared.blocks import BlockReader, milliseconds
from shared.blocks import Frame as Frame
from shared.errors import FrameTooLarge

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 0x0A
_CR: Final = 0x0D
_SMALL: Final = 512  # bytes: parts of a frame that are no larger are joined later, and no more than so many
_LONE_CR: Final = re.compile(rb"\r[^\n]")


class FrameParser(BlockReader):
    """Reads one event stream after another, cut into chunks in any way.

    ``max_frame_bytes`` bounds one block of lines: the bytes before its blank line, comments counted, a CRLF
    counted as one. Past it, ``feed`` raises ``FrameTooLarge``; frames that the same chunk had completed are
    returned first, and the error comes with the next ``feed`` or ``flush``. Then only ``flush`` makes the
    parser usable again.

    ``last_event_id`` is what a reader that reconnects sends: the id of the last finished block that had one.
    """

    # Whole blocks are cut out of what has gathered at its last blank line, and decoded once. Chunks without a blank
    # line are only kept, and joined by the hundred: each copy of a long line more costs its pages anew. Against
    # httpx-sse 0.4.3 in docs/performance.md, with what was slower: counting line ends first, decoding frame by frame.
    __slots__ = (
        "_after_cr",
        "_head",
        "_joined",
        "_joined_bytes",
        "_limit",
        "_overflow",
        "_parts",
        "_room",
        "_small",
        "_special",
        "_told",
        "_usual_room",
    )

    def __init__(self, max_frame_bytes: int = 1 << 20) -> None:
        if max_frame_bytes < 1:
            raise ValueError(f"max_frame_bytes must be at least 1, not {max_frame_bytes}")
        super().__init__()
        self._limit = max_frame_bytes
        self._small = min(_SMALL, max_frame_bytes)
        self._usual_room = min(_SMALL, max_frame_bytes // _SMALL)
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
                retry = milliseconds(str(line[6:].removeprefix(b" "), "utf-8", "replace"), retry)
        return retry

    def feed(self, chunk: bytes) -> Sequence[Frame]:
        """Return the frames that ``chunk`` completes, at once, in order.

        Raises ``FrameTooLarge`` when a block is larger than the cap (see the class for when).
        """
        if self._special:
            chunk = self._enter(chunk)
        if 13 in chunk:  # CR
            # Without CR, if putting one before each LF gives the chunk again: in two fifths of the time of replacing
            # CRLF, since one byte is found by memchr(), two are looked for byte by byte.
            lines = chunk.replace(b"\r", b"")
            chunk = lines if lines.replace(b"\n", b"\r\n") == chunk else self._without_cr(chunk)
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
        elif len(chunk) > _SMALL and _LONE_CR.search(chunk) is None:  # but LF without CR
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
        if len(parts) == 1:
            blocks = parts[0] + blocks
            parts[0] = rest
        else:
            parts.append(blocks)
            blocks = b"".join(parts)
            self._parts = [rest]
        size = len(blocks)
        if self._joined or size > self._limit or len(rest) > self._small:
            blocks = self._within_limit(blocks, rest)
        # Line ends are ASCII, so decoding many lines at once gives the same U+FFFD as decoding each.
        try:
            text = blocks.decode()
        except UnicodeDecodeError:
            text = blocks.decode("utf-8", "replace")
        if 0 in blocks:  # NUL; in the bytes: a text with wide characters is full of zeros
            frames = self._read_lines(text, [])
        # What is short, or took three chunks to come, is one frame mostly.
        elif (size < 400 or len(parts) > 2) and (alone := self._read_one(text)):
            return alone
        elif self._wide:
            frames = self._read_wide(text, [])
        elif self._named and size < 32_768:  # of more, what one search finds leaves the caches
            frames = self._read_named(text, [])
        else:
            frames = self._read(text, [])
        if not frames and self._overflow:
            raise self._too_large()
        return frames

    def _within_limit(self, blocks: bytes, rest: bytes) -> bytes:
        self._joined = self._joined_bytes = 0
        self._room = self._usual_room if len(rest) <= self._small else 0
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
