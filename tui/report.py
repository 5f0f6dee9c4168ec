"""Where a run is told without an app: narration on stderr, data on stdout in one of four forms, and a recording.

Three states of the connection are told apart, and none of them is success: *reconnecting* (attempt n of m), *connected
again*, and *interrupted*, when it was given up before the run's end.
"""

import re
import shutil
import sys
import time
from collections.abc import Callable
from typing import Literal, TextIO

from shared.view import EMPTY, RunView
from tui.connection import Connection, Received, StreamCut, view_after
from tui.export import to_csv, to_markdown
from tui.narrator import Narrator
from tui.recording import Recorder
from tui.table import result_lines

Form = Literal["table", "json", "csv", "md"]

# Characters that JSON allows raw and a terminal may obey: DEL, C1, bidi controls, line separators. A line end can only
# stand between tokens, so a space there changes nothing.
_RAW = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LINE_ENDS = str.maketrans("\r\n", "  ")


class Report:
    """Where a run is told: narration through ``narrator``, data in ``form`` to ``stdout``.

    ``obituary`` tells how the server died if it is known to be dead, so that nobody waits for its return. ``recorder``
    gets every line as it was received. ``speed``: how much faster than once a run is told again.
    ``event`` and ``finish`` raise BrokenPipeError when nobody reads ``stdout`` any more.
    """

    def __init__(
        self,
        narrator: Narrator,
        form: Form = "table",
        stdout: TextIO | None = None,
        *,
        obituary: Callable[[], str | None] = lambda: None,
        recorder: Recorder | None = None,
        speed: float = 1.0,
    ) -> None:
        self.narrator = narrator
        self.view: RunView = EMPTY
        self.run = ""
        self._obituary = obituary
        self._recorder = recorder
        self._speed = speed
        self._lost: Connection | None = None
        self._form = form
        self._heard = time.monotonic()
        self._stdout = sys.stdout if stdout is None else stdout

    def event(self, received: Received) -> None:
        self.view = view_after(self.view, received)
        self.run = self.view.run or self.run
        self._heard = time.monotonic()
        if self._recorder is not None:
            self._recorder.write(received.data)
        if self._form == "json":
            self.narrator.wipe()
            self._stdout.write(json_line(received.data))
            self._stdout.flush()
        self.narrator.event(received.event, self.view)

    def connection(self, connection: Connection) -> None:
        """Say that a stream was lost, and when it is there again. Raises StreamCut if that can't be."""
        self.run = connection.run or self.run
        if connection.state == "reconnecting":
            died = self._obituary()
            if died is not None:
                raise StreamCut(died, run=self.view.run)
            self._lost = connection
            self.narrator.note(f"reconnecting ({_attempt(connection)}): {connection.why}")
        elif connection.state == "connected" and self._lost is not None:
            self.narrator.note(f"connected again ({_attempt(self._lost)})")
            self._lost = None

    def tick(self) -> None:
        """Tell what goes on now, where that is wanted."""
        gone_ms = (time.monotonic() - self._heard) * 1000 * self._speed
        instead = f"reconnecting ({_attempt(self._lost)})" if self._lost is not None else None
        self.narrator.now(self.view, self.view.t + round(gone_ms), instead)

    def finish(self) -> None:
        """Write the rows as far as they are known, then how it ended."""
        self.narrator.wipe()
        if self._form == "table":
            width = shutil.get_terminal_size().columns if self._stdout.isatty() else None
            text = "".join(line + "\n" for line in result_lines(self.view.columns, self.view.shown_rows(), width))
        elif self._form == "json" or not self.view.run:
            text = ""
        else:
            text = to_csv(self.view) if self._form == "csv" else to_markdown(self.view)
        self._stdout.write(text)
        self._stdout.flush()
        self.narrator.ending(self.view)


def json_line(data: str) -> str:
    """An event's JSON as one line of NDJSON: as received, but for raw characters that a terminal may obey, escaped."""
    if not data.isascii() or "\x7f" in data:
        data = _RAW.sub(lambda match: f"\\u{ord(match[0]):04x}", data)
    return data.translate(_LINE_ENDS) + "\n" if "\n" in data or "\r" in data else data + "\n"


def _attempt(connection: Connection) -> str:
    return f"attempt {connection.attempt}" + (f" of {connection.attempts}" if connection.attempts else "")
