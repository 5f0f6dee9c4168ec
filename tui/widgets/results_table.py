"""The rows of a run, growing. The state has all of them; the table shows one part of at most PART rows.

Cells are ``Text``, never ``str`` (which Textual reads as markup). A change is applied in place where rows only changed
or came at the end; else the table is filled anew, with the cursor and the scroll position kept by row id.
"""

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.coordinate import Coordinate
from textual.geometry import Size
from textual.message import Message
from textual.widgets import DataTable

from shared.events import Column
from shared.view import RowView, RunView
from tui.arrange import Sort, arrange
from tui.bindings import bindings
from tui.cells import format_cell, heading, is_right_aligned, one_line, visible_columns
from tui.widgets.fitting import shorten
from tui.widgets.one_line_table import OneLineTable

PART = 500
"""Rows that the table holds at once: filling 500 costs about a quarter of a second, 10,000 some seconds."""
AT_ONCE = 100
"""Rows added in one go: more would stop everything else for longer than a person overlooks."""
_MARK = 0
"""The leading column: the rank of a final row, or a sign that a row is still unchecked."""
_UNCHECKED, _CHECKED, _OUT = "·", "✓", "–"
_WIDEST = {"text": 28, "list": 44}
_WHY = Column(key="\0why", label="Why it is out", kind="text")


class ResultsTable(OneLineTable):
    """``show`` takes a view; everything else is the user's: cursor, order, filter, part, whether those out are shown.

    ``incomplete`` says that rows of the view are still to be added: call ``show`` again.
    """

    BINDINGS = [*bindings("in the results")]  # noqa: RUF012  # Textual declares it so

    class Arranged(Message):
        """Order, filter or part changed by the user's hand."""

    class RowOpened(Message):
        """All that is known of this row is wanted."""

        def __init__(self, row_id: str) -> None:
            super().__init__()
            self.row_id = row_id

    def __init__(self) -> None:
        super().__init__(cursor_type="cell", zebra_stripes=True, header_height=1)
        self.order: Sort | None = None
        self.filter_text = ""
        self.left_out = False
        self.first = 0
        self.total = 0
        self.incomplete = False
        self._view: RunView | None = None
        self._run = ""
        self._columns: tuple[Column, ...] = ()
        self._shown: dict[str, RowView] = {}
        self._marks: dict[str, str] = {}

    # --- what is shown ----------------------------------------------------------------------------------------------

    def show(self, view: RunView) -> None:
        """Bring the table up to this view; does nothing when no row and no order changed."""
        before, self._view = self._view, view
        if view.run != self._run or before is None or view.columns != before.columns:
            self.order, self.filter_text, self.left_out = None, "", False
            self._begin(view)
        elif before.rows is view.rows and before.state == view.state and not self.incomplete:
            return
        self._update()

    @property
    def cursor_row_id(self) -> str | None:
        """The id of the row under the cursor."""
        ids = list(self._shown)
        return ids[self.cursor_row] if self.cursor_row < len(ids) else None

    def arranged(self) -> list[RowView]:
        """All rows that pass the filter, in the order shown; the table may hold but a part of them."""
        if self._view is None:
            return []
        return arrange(self._view, sort=self.order, filter_text=self.filter_text, left_out=self.left_out)

    def find(self, text: str) -> None:
        """Show only the rows that pass this filter; "" shows all."""
        if text != self.filter_text:
            self.filter_text, self.first = text, 0
            self._rearranged()

    def show_left_out(self, wanted: bool) -> None:
        """The rows that are out, with the reasons, in place of those that are in; or those again."""
        if wanted != self.left_out and self._view is not None:
            self.left_out, self.first = wanted, 0
            self._begin(self._view)
            self._rearranged()

    def go_to(self, row_id: str) -> None:
        """Put the cursor on this row, in whichever part it is; nothing if it isn't among those shown."""
        place = next((place for place, row in enumerate(self.arranged()) if row.id == row_id), None)
        if place is None:
            return
        if not self.first <= place < self.first + PART:
            self.first = place // PART * PART
            self._update()
        while self.incomplete and row_id not in self._shown:
            self._update()
        self.move_cursor(row=place - self.first, scroll=True)

    # --- what the user does -----------------------------------------------------------------------------------------

    def action_sort(self) -> None:
        """By the column under the cursor: ascending, descending, and then the run's own order again."""
        index = self.cursor_column - 1
        column = self._columns[index] if 0 <= index < len(self._columns) else None
        if column is None or column is _WHY:
            self.order = None
        elif self.order is None or self.order.column != column:
            self.order = Sort(column)
        else:
            self.order = None if self.order.descending else Sort(column, descending=True)
        self._rearranged()

    def action_part(self, by: int) -> None:
        """Show the next or the previous part of a result that is longer than one."""
        first = self.first + by * PART
        if not 0 <= first < self.total:
            self.app.bell()
            return
        self.first = first
        self._rearranged()
        self.move_cursor(row=0, scroll=True)

    def action_open(self) -> None:
        """All that is known of the row under the cursor."""
        row_id = self.cursor_row_id
        if row_id is None:
            self.app.bell()
        else:
            self.post_message(self.RowOpened(row_id))

    def action_half_page(self, by: int) -> None:
        self.move_cursor(row=max(0, self.cursor_row + by * max(1, self.size.height // 2)), scroll=True)

    def on_data_table_cell_selected(self, event: "DataTable.CellSelected") -> None:
        event.stop()
        self.action_open()

    def on_data_table_header_selected(self, event: "DataTable.HeaderSelected") -> None:
        event.stop()
        self._place_cursor(self.cursor_row, event.column_index)
        self.action_sort()

    def _rearranged(self) -> None:
        self._update()
        self.post_message(self.Arranged())

    # --- filling the table ------------------------------------------------------------------------------------------

    def _begin(self, view: RunView) -> None:
        """Other columns, and no row kept."""
        self._run, self.first = view.run, 0
        columns = visible_columns(view.columns)
        self._columns = (*columns[:1], _WHY, *columns[1:]) if self.left_out and columns else tuple(columns)
        self._shown, self._marks = {}, {}
        self.clear(columns=True)
        self.fixed_columns = 0
        if not self._columns:
            return
        labels = [Text(shorten(heading(column), 24), justify=_justify(column)) for column in self._columns]
        # Keyed by place: the keys of the wire may be anything, even twice the same.
        for place, label in enumerate([Text(""), *labels]):
            self.add_column(label, key=str(place))
        self._place_cursor(0, 1)
        self.fixed_columns = 2 if self.app.size.width >= 60 else 0

    def _update(self) -> None:
        ordered = self.arranged()
        self.total = len(ordered)
        if not self._columns or self._view is None:
            return
        if self.first >= len(ordered):
            self.first = 0
        part = ordered[self.first : self.first + PART]
        ranks = {row.id: rank for rank, row in enumerate(self._view.shown_rows(), start=1)}
        grows = [row.id for row in part[: len(self._shown)]] == list(self._shown)
        at_once = (len(self._shown) if grows else self._in_sight(part)) + AT_ONCE
        self.incomplete = len(part) > at_once
        part = part[:at_once]
        marks = {row.id: self._mark(row, ranks.get(row.id, 0)) for row in part}
        if grows:
            self._change(part, marks)
        else:
            self._refill(part, marks)
            self._shown, self._marks = {row.id: row for row in part}, marks

    def _change(self, part: Sequence[RowView], marks: dict[str, str]) -> None:
        """The same rows in the same order, and perhaps more at the end. At most AT_ONCE of them change in one go."""
        changed = 0
        for row in part[: len(self._shown)]:
            before = self._shown[row.id]
            if before is row and marks[row.id] == self._marks[row.id]:
                continue
            changed += 1
            if changed > AT_ONCE:
                self.incomplete = True
                return
            restyled = before.state != row.state
            for place, cell in enumerate(self._cells(row, marks[row.id])):
                key = self._columns[place - 1].key if place != _MARK else ""
                if restyled or place == _MARK or before.cells.get(key) != row.cells.get(key):
                    self.update_cell(row.id, str(place), cell, update_width=True)
            self._shown[row.id], self._marks[row.id] = row, marks[row.id]
        for row in part[len(self._shown) :]:
            self.add_row(*self._cells(row, marks[row.id]), key=row.id)
            self._shown[row.id], self._marks[row.id] = row, marks[row.id]

    def _refill(self, part: Sequence[RowView], marks: dict[str, str]) -> None:
        """Other rows or another order: cursor and topmost row stay with their ids where those are still there."""
        top_id, cursor_id = self._held()
        top, column = round(self.scroll_y), self.cursor_column
        x, width = self.scroll_x, self.virtual_size.width
        self._place_cursor(0, 0)
        self.clear()
        for row in part:
            self.add_row(*self._cells(row, marks[row.id]), key=row.id)
        place = {row.id: index for index, row in enumerate(part)}
        cursor = place.get(cursor_id, min(self.cursor_row, len(part) - 1)) if cursor_id else 0
        self._place_cursor(max(0, cursor), column)
        y = place.get(top_id, min(top, max(0, len(part) - 1))) if top_id else top if top < len(part) else 0
        # Known to Textual only when idle, and by then a frame with the first row on top would have been seen.
        self.virtual_size = Size(width, self.header_height + len(part))
        self.scroll_to(x=x, y=y, animate=False, force=True, immediate=True)

    def _held(self) -> tuple[str | None, str | None]:
        """The ids of the topmost row and of the cursor's, where somebody scrolled or put the cursor."""
        old, top = list(self._shown), round(self.scroll_y)
        top_id = old[top] if 0 < top < len(old) else None
        return top_id, old[self.cursor_row] if self.cursor_row < len(old) and self._is_used else None

    def _in_sight(self, part: Sequence[RowView]) -> int:
        """How many rows there must be for those that hold their place to find it again."""
        held = self._held()
        return max((place for place, row in enumerate(part) if row.id in held), default=0) + self.size.height

    def _place_cursor(self, row: int, column: int) -> None:
        # Without Textual's watcher, which would scroll to the cursor later: where the reader looks is theirs.
        self.set_reactive(DataTable.cursor_coordinate, Coordinate(row, column))

    @property
    def _is_used(self) -> bool:
        """Whether the cursor is where somebody put it."""
        return self.has_focus or self.cursor_row > 0

    def _mark(self, row: RowView, rank: int) -> str:
        if row.state == "removed":
            return _OUT
        if row.state == "provisional":
            return _UNCHECKED
        return str(rank) if self._view is not None and self._view.finished else _CHECKED

    def _cells(self, row: RowView, mark: str) -> list[Text]:
        style = "dim" if row.state == "provisional" else ""
        cells = [Text(mark, style="dim", justify="right", no_wrap=True)]
        for column in self._columns:
            if column is _WHY:
                cells.append(Text(shorten(one_line(row.why or "no reason given"), 60), no_wrap=True))
                continue
            text = shorten(format_cell(row.cells.get(column.key), column), _WIDEST.get(column.kind, 20))
            cells.append(Text(text, style=style, justify=_justify(column), no_wrap=True))
        return cells


def _justify(column: Column) -> Any:
    return "right" if is_right_aligned(column) else "left"


def title(table: ResultsTable, view: RunView | None) -> str:
    """The line above the table: how many rows, how many are out or unchecked, which part, order and filter."""
    if view is None:
        return ""
    out = len(view.left_out())
    unchecked = sum(row.state == "provisional" for row in view.rows)
    order = table.order
    parts = [
        _counted(table, view),
        f"{out:,} left out" if out and not table.left_out else "",
        f"{unchecked:,} unchecked" if unchecked and not table.left_out else "",
        "[ ] other parts" if table.total > PART else "",
        f"sorted by {order.column.label} {'↓' if order.descending else '↑'}" if order is not None else "",
        f"filter: {one_line(table.filter_text)}" if table.filter_text else "",
        "more columns →" if table.max_scroll_x else "",
    ]
    return " · ".join(part for part in parts if part)


def _counted(table: ResultsTable, view: RunView) -> str:
    shown = table.total
    what = "left out" if table.left_out else "row" if shown == 1 else "rows"
    if table.filter_text:
        of = len(view.left_out() if table.left_out else view.shown_rows())
        return f"{shown:,} of {of:,} {'left out' if table.left_out else 'row' if of == 1 else 'rows'}"
    if shown > PART:
        return f"{table.first + 1:,}–{min(table.first + PART, shown):,} of {shown:,} {what}"
    return f"{shown:,} {what}" if shown or view.finished else "no rows yet"
