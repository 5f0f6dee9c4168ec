"""Prints a run step by step, one line each as it ends: narration, on stderr, never data.

Lines only ever follow each other (no cursor movement), so that a pipe, a log file and a screen reader get the same.
"""

from typing import Final, TextIO

from shared.events import LogEvent, RunFinished, RunNotice, RunStarted, StepFinished
from shared.view import RunView, StepState, StepView, step_numbers
from tui import narration
from tui.cells import one_line

_COLORS: Final[dict[StepState, str]] = {
    "ok": "32",
    "degraded": "33",
    "retrying": "33",
    "failed": "31",
    "skipped": "2",
    "cancelled": "2",
}


class Narrator:
    """Writes to ``stream``. ``glyphs``: ✓ and ✗ for words; ``color``: with ANSI colours; ``expand``: as the setting;
    ``quiet``: nothing but warnings and errors.

    A stream that nobody reads any more silences it and is no error.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        glyphs: bool = False,
        color: bool = False,
        expand: str = "failed",
        quiet: bool = False,
    ) -> None:
        self._stream: TextIO | None = stream
        self._glyphs = glyphs
        self._color = color
        self._expand = expand
        self._quiet = quiet
        self._numbers: dict[str, str] = {}

    def event(self, event: LogEvent, view: RunView) -> None:
        """Tell what ``event`` brought; ``view`` is the run after it."""
        if self._quiet:
            return
        match event:
            case RunStarted():
                self._numbers = dict(zip((step.id for step in view.steps), step_numbers(view.steps), strict=True))
                self.line("2", f"{one_line(view.title)}  (run {one_line(view.run)})")
            case StepFinished():
                step = view.step(event.step)
                if step is not None:
                    self._step(step, view)
            case RunNotice():
                self.note(one_line(event.text))
            case RunFinished():
                pass  # what it means is said after the rows: ending()

    def ending(self, view: RunView) -> None:
        """After the rows: how the run ended, how many rows, what is missing and why."""
        if self._quiet:
            pass
        elif view.state in ("ok", "partial"):
            took = narration.elapsed(view.ms or view.t)
            said = one_line(view.say)
            self.line("1", f"{said + ': ' if said else ''}{narration.counts(view)}  {took}")
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
        if not self._quiet:
            self.line("2", f"note: {text}")

    def line(self, color: str, text: str) -> None:
        """One line; ``color`` is an SGR parameter, used if colours are on."""
        if self._stream is None:
            return
        try:
            print(self._painted(color, text), file=self._stream, flush=True)
        except (BrokenPipeError, ValueError):  # ValueError: closed by whoever embeds us
            self._stream = None

    def _step(self, step: StepView, view: RunView) -> None:
        mark = narration.GLYPHS[step.state] if self._glyphs else f"{narration.WORDS[step.state]:<4}"
        said = narration.outcome(step, view.t)
        time = narration.step_time(step, view.t)
        number = self._numbers.get(step.id, "")
        text = f" {number:<2} {one_line(step.title)}{': ' + said if said else ''}{'  ' + time if time else ''}"
        self.line("", self._painted(_COLORS.get(step.state, ""), mark) + text)
        if step.error is not None and step.error.hint and step.state != "retrying":
            self.line("", f"        hint: {one_line(step.error.hint)}")
        inside_of_trouble = self._expand == "failed" and step.state in ("failed", "degraded", "retrying")
        if self._expand == "always" or inside_of_trouble:
            for line in step.log:
                if line.attempt == step.attempt:
                    self.line(
                        "2", f"        {line.level + ': ' if line.level != 'info' else ''}{narration.log_line(line)}"
                    )

    def _painted(self, color: str, text: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._color and color else text
