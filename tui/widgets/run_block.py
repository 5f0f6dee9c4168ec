"""A run in the transcript: its line, and its steps while it is open. Closed, it is one widget of one line.

What the user folded stays so, also when the run is closed and opened again.
"""

from collections.abc import Sequence

from textual.await_remove import AwaitRemove
from textual.containers import Vertical
from textual.geometry import Size

from shared.view import StepView, step_numbers
from tui.session import Expand
from tui.watch import Watch
from tui.widgets.run_line import RunLine
from tui.widgets.steady import Settled
from tui.widgets.step_row import StepRow

_TITLE_CAP = 26


class RunBlock(Settled, Vertical):
    """``run`` None: no run yet, the plan of what can be asked."""

    def __init__(self, watch: Watch | None, expand: Expand) -> None:
        super().__init__()
        self.run = watch
        self.line = RunLine()
        self.rows: list[StepRow] = []
        self.is_open = True
        self.by_hand = False
        """Whether the user opened or closed it: then no new question closes it."""
        self._expand = expand
        self._steps: tuple[StepView, ...] = ()
        self._title = ""
        self._choices: dict[str, bool] = {}
        self._was_known = False

    def on_mount(self) -> None:
        self.mount(self.line, *self.rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Its line and its rows, without Textual's arranging all of them to learn it."""
        return 1 + sum(
            row.get_content_height(container, viewport, width - row.styles.gutter.width) for row in self.rows
        )

    def show(self, steps: Sequence[StepView], title: str = "") -> None:
        """Bring the block up to its run; ``steps`` are those planned as long as the run has none."""
        self._title = title
        if self.run is not None and self.run.dormant and self._was_known:
            self._was_known = False
            self.open(False)  # what it had inside was given up: opening it fetches it again
        self._was_known = self._was_known or bool(self.run and self.run.view.steps)
        self.line.show(self.run, is_open=self.is_open, title=title)
        self._steps = tuple(self.run.view.steps if self.run and self.run.view.steps else steps)
        if not self.is_open:
            return
        if [row.step.id for row in self.rows] != [step.id for step in self._steps]:
            self._rebuild()
            return
        for row, step in zip(self.rows, self._steps, strict=True):
            if row.step is not step:
                row.show(step)

    def adopt(self, watch: Watch) -> None:
        """The plan that was shown becomes this run."""
        self.run, self.is_open = watch, True

    def open(self, wanted: bool) -> None:
        """Show the steps, or the line alone."""
        if wanted == self.is_open:
            return
        self.is_open = wanted
        if not wanted:
            self._choices |= {row.step.id: row.chosen for row in self.rows if row.chosen is not None}
            self._take_away()
        self.show(self._steps, self._title)

    def tick(self) -> None:
        """A second has passed."""
        if self.run is not None and self.run.live:
            self.line.show(self.run, is_open=self.is_open)
        for row in self.rows:
            if row.step.state in ("running", "retrying"):
                row.tick()

    def spin(self, frame: int) -> None:
        for row in self.rows:
            row.header.spin(frame)

    def set_expand(self, expand: Expand) -> None:
        self._expand = expand
        for row in self.rows:
            row.set_expand(expand)

    def numbered(self, number: int) -> list[StepRow]:
        """The steps with this number: 2 is 2a and 2b together."""
        return [row for row in self.rows if row.header.number.rstrip("abcdefghijklmnopqrstuvwxyz") == str(number)]

    def toggle_all(self) -> None:
        """Open all steps, those too that have nothing inside yet; when all that can be open are, close all."""
        openable = [row for row in self.rows if row.header.arrow != " "]
        wants_open = not openable or not all(row.is_open for row in openable)
        for row in self.rows:
            row.choose(wants_open)

    def _now_ms(self) -> int:
        return self.run.now_ms() if self.run is not None else 0

    def _take_away(self) -> None:
        going = [row.remove() for row in self.rows]
        self.rows = []
        if going:
            self.call_next(self._forget, going)

    async def _forget(self, going: Sequence[AwaitRemove]) -> None:
        """Textual remembers what was displayed and how, and with that the rows: nearly a megabyte for each run."""
        for one in going:
            await one
        self._arrangement_cache.clear()
        _ = self.displayed_children  # asked for anew, it is another list

    def _rebuild(self) -> None:
        self._take_away()
        title_width = min(_TITLE_CAP, max((len(step.title) for step in self._steps), default=0))
        numbers = step_numbers(self._steps)
        self.rows = [
            StepRow(step, number, title_width, self._expand, self._now_ms, self._choices.get(step.id))
            for step, number in zip(self._steps, numbers, strict=True)
        ]
        if self.is_mounted:
            self.mount_all(self.rows)
