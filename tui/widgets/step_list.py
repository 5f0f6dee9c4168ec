"""All steps of the plan, from the first moment, in their order: rows never appear, move, merge or vanish in a run.

The list has the cursor and follows the running step until the user moves; ``end`` follows again. Rows are changed
only by ``show``, which the screen calls from its painting timer, never once per event.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.containers import VerticalScroll

from shared.view import StepView, step_numbers
from tui.keys import bindings
from tui.widgets.step_header import StepHeader
from tui.widgets.step_row import Expand, StepRow

_TITLE_CAP = 26


class StepList(VerticalScroll, can_focus=True):
    """``now_ms`` is asked for the time of running steps, milliseconds since the run began."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("in the steps")]

    def __init__(self, expand: Expand, now_ms: Callable[[], int]) -> None:
        super().__init__()
        self.rows: list[StepRow] = []
        self.cursor = 0
        self.following = True
        self._expand = expand
        self._now_ms = now_ms
        self._run: object = None
        self._frame = 0

    def show(self, run: object, steps: Sequence[StepView]) -> None:
        """Draw these steps. Another ``run`` than before begins with fresh rows, folded by the policy."""
        if run is not self._run or [row.step.id for row in self.rows] != [step.id for step in steps]:
            self._rebuild(run, steps)
            return
        for row, step in zip(self.rows, steps, strict=True):
            if row.step is not step:
                row.show(step)
        self._follow()

    def tick(self) -> None:
        """A second has passed."""
        for row in self.rows:
            row.tick()

    def spin(self) -> None:
        self._frame += 1
        for row in self.rows:
            row.header.spin(self._frame)

    def toggle_all(self) -> None:
        """Open all steps, those too that have nothing inside yet; when all that can be open are, close all."""
        openable = [row for row in self.rows if row.header.arrow != " "]
        wants_open = not openable or not all(row.is_open for row in openable)
        for row in self.rows:
            row.choose(wants_open)

    def toggle_number(self, number: int) -> bool:
        """Open or close the step with this number (2 is 2a and 2b together); False where nothing is inside."""
        rows = [row for row in self.rows if row.header.number.rstrip("abcdefghijklmnopqrstuvwxyz") == str(number)]
        if not any(row.header.arrow != " " for row in rows):
            return False
        wants_open = not all(row.is_open for row in rows if row.header.arrow != " ")
        self.following = False
        for row in rows:
            row.choose(wants_open)
        self._put_cursor(self.rows.index(rows[0]))
        self._reveal(rows[-1])
        self._reveal(rows[0])
        return True

    def move_cursor(self, by: int) -> None:
        """Move from wherever the focus is; the row stays marked, so that it can be seen from the prompt too."""
        self.add_class("-touched")
        self.following = False
        self._put_cursor(self.cursor + by)

    def action_move(self, by: int) -> None:
        self.move_cursor(by)

    def action_move_to(self, index: int) -> None:
        self.following = False
        self._put_cursor(index)

    def action_follow(self) -> None:
        self._put_cursor(len(self.rows) - 1)
        self.following = True

    def action_fold(self) -> None:
        if self.rows and self.rows[self.cursor].toggle():
            self.following = False
            self._reveal(self.rows[self.cursor])
        else:
            self.app.bell()

    def on_step_header_clicked(self, message: StepHeader.Clicked) -> None:
        for index, row in enumerate(self.rows):
            if row.header is message.header:
                self.following = False
                self._put_cursor(index)
                row.toggle()
                self._reveal(row)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.following = False

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        if self.scroll_y >= self.max_scroll_y:
            self.following = True

    def _rebuild(self, run: object, steps: Sequence[StepView]) -> None:
        for row in self.rows:
            row.remove()
        title_width = min(_TITLE_CAP, max((len(step.title) for step in steps), default=0))
        numbers = step_numbers(steps)
        self.rows = [
            StepRow(step, number, title_width, self._expand, self._now_ms)
            for step, number in zip(steps, numbers, strict=True)
        ]
        self._run = run
        self.following = True
        self.mount_all(self.rows)
        self._put_cursor(0)

    def _put_cursor(self, index: int) -> None:
        if not self.rows:
            return
        self.cursor = min(max(0, index), len(self.rows) - 1)
        for place, row in enumerate(self.rows):
            row.mark(place == self.cursor)
        if self.is_mounted:
            self.rows[self.cursor].header.scroll_visible(animate=False)

    def _reveal(self, row: StepRow) -> None:
        """Scroll so that the body is seen, as much of it as fits below its header."""

        def reveal() -> None:
            self.scroll_to_widget(row, animate=False, top=row.size.height >= self.size.height)

        self.call_after_refresh(reveal)

    def _follow(self) -> None:
        if not self.following or self.max_scroll_y == 0:
            return
        begun = [row for row in self.rows if row.step.state != "waiting"]
        if begun:
            begun[-1].header.scroll_visible(animate=False)
