"""A run as a file: one event a line, as JSON, exactly as the server sent it (NDJSON; ``.ndjson``).

``windowseat show RUN --json`` and ``--record`` write what ``replay`` and ``import`` read. A file is judged whole before
anything is told of it; one that stops before ``run.finished`` is a recording that was cut, and says so.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from shared.errors import WireError
from shared.events import StreamSnapshot, decode_untrusted
from shared.frames import Frame
from shared.view import EMPTY
from tui.connection import ProtocolViolation, Received, RecordingError, StreamCut, view_after
from tui.cursor import Cursor, Gap

LARGEST_FILE = 256 * 1024 * 1024
LARGEST_LINE = 1 << 20

_HOW = "`windowseat show RUN --json > FILE` writes one"
_LINE_ENDS = str.maketrans("\r\n", "  ")


class Recording(NamedTuple):
    """``lines`` are those of the file, without line ends. ``finished``: the last one is ``run.finished``; ``whole``:
    every event before it is there too."""

    name: str
    received: tuple[Received, ...]
    lines: tuple[bytes, ...]
    finished: bool
    whole: bool


class Recorder:
    """Writes what is received to a file, a line each, at once. A context manager. Raises RecordingError and OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("wb", buffering=0)
        except OSError as error:
            raise RecordingError(f"{self._path} can't be written: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, data: str) -> None:
        assert self._file is not None
        line = data.translate(_LINE_ENDS).encode("utf-8", "replace") + b"\n"
        written = self._file.write(line)
        while written < len(line):  # a raw file may take a part
            written += self._file.write(line[written:])


def load(path: str) -> Recording:
    """Read a recording; ``-`` is standard input. Raises RecordingError."""
    name = "standard input" if path == "-" else path
    try:
        if path == "-":
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise RecordingError(f"{name} can't be read: {error.strerror}", _HOW) from error
    return parse(data, name)


def load_whole(path: str) -> Recording:
    """``load``, for who needs a run from its first event to its last. Raises RecordingError."""
    recording = load(path)
    if not recording.finished:
        last = f"{recording.name} ends before its run did, after {len(recording.lines)} events"
        raise RecordingError(last, "it was cut while it was written or copied; the server may have the whole run")
    if not recording.whole:
        raise RecordingError(f"{recording.name} lacks events: a snapshot stands in for them", _HOW)
    return recording


def parse(data: bytes, name: str) -> Recording:
    """The recording in ``data``; ``name`` is what to call it. Raises RecordingError."""
    if len(data) > LARGEST_FILE:
        raise RecordingError(f"{name} is larger than {LARGEST_FILE:,} bytes")
    cursor = Cursor()
    received: list[Received] = []
    lines: list[bytes] = []
    for number, line, ended in _lines(data):
        try:
            received.append(_receive(line, cursor))
        except (WireError, ProtocolViolation, Gap, ValueError) as error:
            if not ended and received and not cursor.finished:
                break  # the writing stopped in the middle of a line
            raise RecordingError(f"{name} is no recording of a run: line {number}: {error}", _hint(line)) from None
        lines.append(line)
    if not received:
        raise RecordingError(f"{name} is empty: there is no run in it", _HOW)
    whole = cursor.finished and len(received) == cursor.seq
    return Recording(name, tuple(received), tuple(lines), cursor.finished, whole)


async def play(
    recording: Recording,
    speed: float,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[Sequence[Received], None]:
    """Its events, one by one, with the pauses that the run had, divided by ``speed``; 0 for none.

    Raises StreamCut at the end of one that isn't finished.
    """
    view, began, first_t = EMPTY, clock(), None
    for received in recording.received:
        view = view_after(view, received)
        first_t = view.t if first_t is None else first_t
        if speed > 0:
            wait_s = (view.t - first_t) / 1000 / speed - (clock() - began)
            if wait_s > 0:
                await sleep(wait_s)
        yield (received,)
    if not recording.finished:
        raise StreamCut(
            f"interrupted: {recording.name} ends after event {view.upto}, before the run did",
            run=view.run or None,
            hint="it was cut while it was written or copied; the server may have the whole run",
        )


def _lines(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes and whether a line end followed, of each line that isn't blank."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    *whole, rest = data.split(b"\n")
    for number, line in enumerate(whole, start=1):
        if line.strip():
            yield number, line.rstrip(b"\r"), True
    if rest.strip():
        yield len(whole) + 1, rest.rstrip(b"\r"), False


def _receive(line: bytes, cursor: Cursor) -> Received:
    if len(line) > LARGEST_LINE:
        raise ValueError(f"it is longer than {LARGEST_LINE:,} bytes")
    if cursor.finished:
        raise ValueError("something follows run.finished")
    frame = Frame(data=line.decode())
    found: list[Received] = []
    cursor.receive([frame], found)
    if not found and isinstance(decode_untrusted(line), StreamSnapshot):
        cursor.begin_anew()  # the recording client had lost its place, and went on from there
        cursor.receive([frame], found)
    if not found:
        raise ValueError("it is there twice, or doesn't belong to a log")
    return found[0]


def _hint(line: bytes) -> str:
    if line.startswith((b"id:", b"data:", b":", b"event:", b"retry:")):
        return f"this is an event stream as it goes over the wire, not one event a line; {_HOW}"
    return _HOW
