"""The open part of a step: all that it did; while it runs, the newest of it."""

from textual.content import Content
from textual.widgets import Static

from shared.view import StepView
from tui.widgets.steady import Settled
from tui.widgets.step_tail import StepTail, window
from tui.widgets.step_text import describe

_MARGIN = 12


class StepBody(Settled, Static):
    """Repainted only when the step is another value than before, and laid out only when it has another height."""

    def __init__(self, step: StepView) -> None:
        super().__init__(markup=False)
        self._step = step
        self._width = 0
        self._tail: StepTail | None = None
        self._lines = 0

    def show(self, step: StepView) -> None:
        if step is not self._step:
            self._step = step
            self._describe()

    def on_mount(self) -> None:
        self._describe()

    def on_resize(self) -> None:
        if self.size.width != self._width:
            self._describe()

    def _describe(self) -> None:
        self._width = self.size.width
        width = self._width or self.app.size.width - _MARGIN
        if self._step.state in ("running", "retrying"):
            inside = self._newest(width)
            height = self._lines
        else:
            self._tail, self._lines = None, 0
            inside = describe(self._step, width=width)
            height = inside.get_height({}, width)
        # As long as it has the old height nothing else moves: laying the screen out is most of what a painting costs.
        self.update(inside, layout=not self._width or height != self.size.height)

    def _newest(self, width: int) -> Content:
        """It becomes longer by several lines at once, and not shorter: what is below is to be read too."""
        self._tail = self._tail or StepTail()
        most = window(self.app.size.height)
        lines = self._tail.lines(self._step, width, most)
        if len(lines) > self._lines:
            self._lines = min(most, len(lines) + len(lines) // 2)
        return Content("\n").join([*lines, *[Content("")] * (self._lines - len(lines))])
