"""Prints a run step by step, one line each as it ends: narration, on stderr, never data.

Lines only ever follow each other, so that a pipe, a log file and a screen reader get the same. Only on a terminal,
and only if asked, one more line tells what is going on now; it is wiped before anything else is written.
"""

import shutil
from dataclasses import dataclass
from typing import Final, TextIO

from shared.events import LogEvent, RunNotice, RunStarted, StepFinished, StreamSnapshot
from shared.view import RunView, StepState, StepView, step_numbers
from tui import narration
from tui.cells import one_line
from tui.table import shorten

_COLORS: Final[dict[StepState, str]] = {
    "ok": "32",
    "degraded": "33",
    "retrying": "33",
    "failed": "31",
    "skipped": "2",
    "cancelled": "2",
}

# Of the others nothing is said: what a run's end means comes after the rows. A look by type, since most events are no
# more than tokens, and each case of a match that is passed costs one.
_TOLD: Final = frozenset({RunStarted, StreamSnapshot, StepFinished, RunNotice})

_WIPE: Final = "\r\x1b[2K"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """``glyphs``: ✓ and ✗ for words; ``color``: ANSI colours; ``live``: the line of what goes on now; ``moving``: with
    a spinner; ``quiet``: nothing but warnings and errors; ``expand``: as the setting of that name.
    """

    glyphs: bool = False
    color: bool = False
    live: bool = False
    moving: bool = False
    quiet: bool = False
    expand: str = "failed"


class Narrator:
    """Writes to ``stream``. A stream that nobody reads any more silences it and is no error."""

    def __init__(self, stream: TextIO, style: Style = Style()) -> None:  # frozen
        self.style = style
        self._stream: TextIO | None = stream
        self._drawn = False
        self._frame = 0
        self._numbers: dict[str, str] = {}

    def event(self, event: LogEvent | StreamSnapshot, view: RunView) -> None:
        """Tell what ``event`` brought; ``view`` is the run after it."""
        if self.style.quiet or type(event) not in _TOLD:
            return
        match event:
            case RunStarted():
                self._begin(view)
            case StreamSnapshot():
                self.note(
                    f"the server no longer has what came next: going on from what it all came to by event {event.upto}"
                    if event.upto
                    else "the server no longer has what came next: told from the beginning again"
                )
                if view.run:
                    self._begin(view)
            case StepFinished():
                step = view.step(event.step)
                if step is not None:
                    self._step(step, view)
            case RunNotice():
                self.note(one_line(event.text))

    def ending(self, view: RunView) -> None:
        """After the rows: how the run ended, how many rows, what is missing and why."""
        if self.style.quiet:
            pass
        elif view.state in ("ok", "partial"):
            took = narration.elapsed(view.ms or view.t)
            said = one_line(view.say)
            known = {one_line(step.say) for step in view.steps}  # the last step often says it already
            self.line("1", f"{said + ': ' if said and said not in known else ''}{narration.counts(view)}  {took}")
        elif view.rows:
            self.line("2", narration.counts(view))
        for warning in narration.warnings(view):
            self.warning(warning)
        failed = narration.failure(view)
        if failed:
            self.error(*failed)

    def error(self, message: str, hint: str | None = None) -> None:
        """What went wrong, and what to try."""
        self.line("31", f"error: {message}")
        if hint:
            self.line("", f"hint: {hint}")

    def warning(self, text: str) -> None:
        self.line("33", f"warning: {text}")

    def note(self, text: str) -> None:
        """Something about the connection or the run that is no trouble yet."""
        if not self.style.quiet:
            self.line("2", f"note: {text}")

    def line(self, color: str, text: str) -> None:
        """One line; ``color`` is an SGR parameter, used if colours are on."""
        self._write(self._painted(color, text) + "\n")

    def now(self, view: RunView, now_ms: int, instead: str | None = None) -> None:
        """On a terminal, tell in a line that the next call replaces what goes on ``now_ms`` after the run began.

        ``instead`` is said where nobody knows what goes on.
        """
        running = [step for step in view.steps if step.state in ("running", "retrying")]
        if not self.style.live or view.finished or not (running or instead):
            return
        self._frame = (self._frame + 1) % len(narration.SPINNER)
        mark = narration.SPINNER[self._frame] if self.style.moving else narration.GLYPHS["running"]
        if instead:
            said, tail = f"{mark} {instead}", ""
        else:
            step = running[0]
            more = f"  +{len(running) - 1} more" if len(running) > 1 else ""
            said = f"{mark} {self._numbers.get(step.id, '')} {narration.outcome(step, now_ms)}"
            tail = f"{more}  {narration.step_time(step, now_ms)}"
        width = shutil.get_terminal_size().columns - 1 - len(tail)
        self._write(self._painted("36", shorten(said, max(width, 0)) + tail), wiped_later=True)

    def wipe(self) -> None:
        """Take the line of ``now`` away, so that somebody else can write."""
        if self._drawn:
            self._write("")

    def _write(self, text: str, *, wiped_later: bool = False) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write((_WIPE if self._drawn else "") + text)
            self._stream.flush()
        except (BrokenPipeError, ValueError):  # ValueError: closed by whoever embeds us
            self._stream = None
        self._drawn = wiped_later

    def _begin(self, view: RunView) -> None:
        self._numbers = dict(zip((step.id for step in view.steps), step_numbers(view.steps), strict=True))
        self.line("2", f"{one_line(view.title)}  (run {one_line(view.run)})")

    def _step(self, step: StepView, view: RunView) -> None:
        mark = narration.GLYPHS[step.state] if self.style.glyphs else f"{narration.WORDS[step.state]:<4}"
        said = narration.outcome(step, view.t)
        time = narration.step_time(step, view.t)
        number = self._numbers.get(step.id, "")
        text = f" {number:<2} {one_line(step.title)}{': ' + said if said else ''}{'  ' + time if time else ''}"
        self.line("", self._painted(_COLORS.get(step.state, ""), mark) + text)
        if step.error is not None and step.error.hint and step.state != "retrying":
            self.line("", f"        hint: {one_line(step.error.hint)}")
        inside_of_trouble = self.style.expand == "failed" and step.state in ("failed", "degraded", "retrying")
        if self.style.expand == "always" or inside_of_trouble:
            for line in step.log:
                if line.attempt == step.attempt:
                    self.line(
                        "2", f"        {line.level + ': ' if line.level != 'info' else ''}{narration.log_line(line)}"
                    )

    def _painted(self, color: str, text: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self.style.color and color else text
