"""The one line of a step that is always there: fold arrow, state, number, title, outcome; and beside it the time.

The line is drawn into fixed columns. Textual repaints a widget from its left edge to the last cell that changed, so the
spinner stands far left and the time is a widget of its own: a second costs some twenty bytes. Never markup.
"""

from collections.abc import Callable
from typing import ClassVar

from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from shared.view import StepState, StepView
from tui.narration import GLYPHS, SPINNER, outcome, step_time
from tui.widgets.fitting import fit, shorten_middle
from tui.widgets.one_line import OneLine, Words
from tui.widgets.pressed import Pressed
from tui.widgets.steady import Settled

_COLOURS: dict[StepState, str] = {
    "waiting": "step--muted",
    "running": "step--running",
    "retrying": "step--warning",
    "ok": "step--ok",
    "degraded": "step--warning",
    "failed": "step--failed",
    "skipped": "step--muted",
    "cancelled": "step--muted",
}
_SAID: dict[StepState, str] = {
    "failed": "step--failed",
    "degraded": "step--warning",
    "skipped": "step--muted",
    "cancelled": "step--muted",
}
_FOLD, _GLYPH, _NUMBER = 2, 2, 3
_TIME = 8
_NARROW = 52


class StepHeader(OneLine, Pressed, Settled, Widget):
    """One step, one line. ``now_ms`` tells how long the run has been going, for the time of a running step."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "step--muted",
        "step--running",
        "step--ok",
        "step--warning",
        "step--failed",
        "step--title",
        "step--outcome",
    }

    class Clicked(Message):
        """The header was clicked, and not merely let go of after dragging."""

        def __init__(self, header: "StepHeader") -> None:
            super().__init__()
            self.header = header

    def __init__(self, step: StepView, number: str, title_width: int, now_ms: Callable[[], int]) -> None:
        super().__init__()
        self.step = step
        self.number = number
        self.title_width = title_width
        self.arrow = " "
        self._now_ms = now_ms
        self._frame = 0
        self._shown = self._content()

    def show(self, step: StepView, arrow: str) -> None:
        """Repainted only where the line changes: a step may say a thousand words that only its body shows."""
        if step is self.step and arrow == self.arrow:
            return
        self.step, self.arrow = step, arrow
        content = self._content()
        if content != self._shown:
            self._shown = content
            self.refresh()

    def tick(self) -> None:
        """A second has passed: a retry comes nearer."""
        if self.step.state == "retrying":
            self.refresh()

    def spin(self, frame: int) -> None:
        """Turn the spinner of a running step; anything else stays as it is."""
        if self.step.state == "running":
            self._frame = frame
            self.refresh(Region(_FOLD, 0, 1, 1))

    def parts(self, width: int) -> list[tuple[str, str]]:
        """The texts of the line, each padded to its place, and the names of their styles."""
        colour = _COLOURS[self.step.state]
        waiting = self.step.state in ("waiting", "skipped")
        title_style = "step--muted" if waiting else "step--title"
        said = outcome(self.step, self._now_ms())
        said_style = _SAID.get(self.step.state, "step--outcome")
        parts = [
            (fit(self.arrow, _FOLD), "step--muted"),
            (fit(self._glyph(), _GLYPH), colour),
            (fit(self.number, _NUMBER), "step--muted"),
        ]
        room = width - _FOLD - _GLYPH - _NUMBER
        if room < 8:
            return [*parts[1:], (fit(said or self.step.title, max(1, width - _GLYPH - _NUMBER)), said_style)]
        if width < _NARROW:
            text, style = (said, said_style) if said else (self.step.title, title_style)
            parts.append((fit(text, room), style))
        else:
            title = min(self.title_width, room // 2)
            parts.append((fit(shorten_middle(self.step.title, title), title + 2), title_style))
            parts.append((fit(said, room - title - 2), said_style))
        return parts

    def _content(self) -> tuple[str, ...]:
        """All that the line is made of, but for the spinner and the clock."""
        return self.arrow, self.step.state, self.step.title, outcome(self.step, 0)

    def _glyph(self) -> str:
        if self.step.state == "running":
            return SPINNER[self._frame % len(SPINNER)] if self._frame else GLYPHS["running"]
        return GLYPHS[self.step.state]

    def pressed(self) -> None:
        self.post_message(self.Clicked(self))


class StepTime(Pressed, Settled, Words):
    """How long the step has been running, in whole seconds, or how long it took. A click on it is one on its header."""

    ALLOW_SELECT = False

    def __init__(self, header: StepHeader, now_ms: Callable[[], int]) -> None:
        super().__init__()
        self._header = header
        self._now_ms = now_ms

    def tick(self) -> None:
        self.show(f"{step_time(self._header.step, self._now_ms())} ".rjust(_TIME))

    def pressed(self) -> None:
        self._header.pressed()
