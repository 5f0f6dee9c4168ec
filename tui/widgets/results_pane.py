"""The lower half: before the first question examples, then the rows of the run that is looked at.

The table is painted at most so often, in proportion to what its last painting cost.
"""

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from shared.view import RowView, RunView
from tui.cells import one_line
from tui.connection import PipelineInfo
from tui.watch import Watch
from tui.widgets.examples import Examples
from tui.widgets.filter_input import FilterInput
from tui.widgets.results_table import ResultsTable, title
from tui.widgets.steady import Settled

TABLE_S = 0.25
"""Shortest time between two paintings of the table; and it takes at most a fifth of the time."""


_WELCOME = "Welcome. Type a question below, or take one of these: tab, r, enter. F1 shows all keys."


class ResultsPane(Settled, Vertical):
    """``period`` is the shortest time between two paintings of anything, in seconds."""

    def __init__(self, period: float) -> None:
        super().__init__()
        self.table = ResultsTable()
        self.examples = Examples()
        self.filter = FilterInput()
        self._title = Static(id="title", markup=False)
        self._period = period
        self._watch: Watch | None = None
        self._painted: RunView | None = None
        self._is_newest = True
        self._due = 0.0

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.filter
        yield self.examples
        yield self.table

    def offer(self, pipelines: Sequence[PipelineInfo], *, is_first_time: bool = False) -> None:
        """Show what can be asked, once it is known; and to who has never asked, how."""
        if pipelines and not self.examples.option_count:
            self.examples.offer(pipelines)
            self._say(_WELCOME if is_first_time else "Try one of these, or ask your own")

    def show(self, watch: Watch | None, *, is_newest: bool = True) -> None:
        """Bring the rows up to this run; does nothing before it is time to."""
        if watch is None:
            self._watch = None
            return
        if watch is not self._watch:
            self._watch, self._painted, self._due = watch, None, 0.0
            self.filter.reset()
        self._is_newest = is_newest
        view = watch.view
        if _has_rows_of(view, self._painted) and not self.table.incomplete:
            return
        began = time.monotonic()
        if began < self._due and not view.finished:
            return
        self._painted = view
        self.table.show(view)
        self.call_after_refresh(self._show_title)  # once the table knows whether all its columns fit
        self._due = began + max(TABLE_S, self._period, 5 * (time.monotonic() - began))

    @property
    def chosen(self) -> RowView | None:
        """The row under the cursor."""
        row_id = self.table.cursor_row_id
        rows = self._watch.view.rows if self._watch is not None else ()
        return next((row for row in rows if row.id == row_id), None)

    @property
    def is_narrowed(self) -> bool:
        """Whether something else than all rows that are in is shown."""
        return bool(self.table.filter_text) or self.table.left_out

    def widen(self) -> None:
        """Take the filter away; without one, show the rows that are in again."""
        if self.table.filter_text:
            self.filter.reset()
            self.table.find("")
        else:
            self.table.show_left_out(False)

    def toggle_left_out(self) -> bool:
        """Rows that are out instead of those in, or back; False where there are none."""
        if self._watch is None or not (self.table.left_out or self._watch.view.left_out()):
            return False
        self.table.show_left_out(not self.table.left_out)
        return True

    def on_filter_input_wanted(self, message: FilterInput.Wanted) -> None:
        message.stop()
        self.table.find(message.text)
        if message.done:
            self.table.focus()

    def on_results_table_arranged(self) -> None:
        self._show_title()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_title)

    def _show_title(self) -> None:
        if self._watch is not None:
            of = "" if self._is_newest else f"“{one_line(self._watch.question)}”: "
            self._say(of + title(self.table, self._watch.view))

    def _say(self, text: str) -> None:
        """Change the line only if it is another text: each repaint is bytes on the wire."""
        if self._title.content != Content(text):
            self._title.update(Content(text), layout=False)


def _has_rows_of(view: RunView, painted: RunView | None) -> bool:
    """Whether all that the table shows of a run is as it was: most events are of its steps."""
    return view is painted or (
        painted is not None
        and view.rows is painted.rows
        and view.columns is painted.columns
        and (view.run, view.state, view.order) == (painted.run, painted.state, painted.order)
    )
