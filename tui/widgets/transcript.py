"""All runs of the session, one after the other, the newest last: each a line, and its steps while it is open.

The steps of a run are drawn from the first moment and never appear, move, merge or vanish. The transcript has the
cursor and follows what is running until the user moves away; ``end`` follows again. Widgets are changed only by
``show``, which the screen calls from its painting timer, never once per event.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType

from shared.view import StepView
from tui.bindings import bindings
from tui.session import Expand
from tui.watch import Watch
from tui.widgets.run_block import RunBlock
from tui.widgets.run_blocks import Item, RunBlocks
from tui.widgets.run_line import RunLine
from tui.widgets.step_header import StepHeader
from tui.widgets.step_row import StepRow


class Transcript(RunBlocks):
    """``planned`` tells the steps that the next run will have, and what they are for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("in the steps")]

    def __init__(self, expand: Expand, planned: Callable[[], tuple[Sequence[StepView], str]]) -> None:
        super().__init__(expand)
        self._planned = planned
        self._revealed: RunBlock | StepRow | None = None

    # --- what the screen asks ---------------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """Which of ``rows`` the cursor is on; -1 on a run's own line."""
        return next((place for place, row in enumerate(self.rows) if row is self._cursor), -1)

    @property
    def chosen(self) -> tuple[Watch | None, StepView | None]:
        """What the cursor is on: a run, and one of its steps unless it is the run's own line."""
        block = self._block_of(self._cursor) or self._current
        step = self._cursor.step if isinstance(self._cursor, StepRow) else None
        return (block.run if block is not None else None), step

    def show(self, runs: Sequence[Watch], *, asked: bool) -> None:
        """Draw these runs, the newest last and open. Before anything was ``asked``, the plan of what can be."""
        wanted: list[Watch | None] = [*runs] if asked else [*runs, None]
        if [block.run for block in self.blocks] != wanted:
            self._rearrange(wanted)
        steps, title = self._planned()
        for block in self.blocks:
            block.show(steps, title)
        if self._cursor is None or self._block_of(self._cursor) is None:
            self._put_cursor_on(self._first_of_current())
        self._follow()

    def focus_run(self, watch: Watch) -> None:
        """Open this run and put the cursor on it."""
        block = next((block for block in self.blocks if block.run is watch), None)
        if block is not None:
            self._stop_following()
            self._open(block, True)
            self._put_cursor_on(block.line)
            self._reveal(block)

    def toggle_all(self) -> None:
        if self._current is not None:
            self._current.toggle_all()

    def toggle_number(self, number: int) -> bool:
        """Open or close the step with this number of the current run; False where nothing is inside."""
        rows = self._current.numbered(number) if self._current is not None else []
        if not any(row.header.arrow != " " for row in rows):
            return False
        wants_open = not all(row.is_open for row in rows if row.header.arrow != " ")
        self._stop_following()
        for row in rows:
            row.choose(wants_open)
        self._put_cursor_on(rows[0])
        self._reveal(rows[0])
        return True

    def next_trouble(self, by: int) -> bool:
        """Put the cursor on the next (or previous) step that failed or is degraded; False where there is none."""
        items = list(self._items())
        place = items.index(self._cursor) if self._cursor in items else -1
        ahead = items[place + 1 :] if by > 0 else list(reversed(items[: max(0, place)]))
        found = next((item for item in ahead if isinstance(item, StepRow) and item.is_trouble), None)
        if found is None:
            return False
        self._stop_following()
        self._put_cursor_on(found)
        return True

    # --- the cursor -------------------------------------------------------------------------------------------------

    def move_cursor(self, by: int) -> None:
        """Move from wherever the focus is; the line stays marked, so that it can be seen from the prompt too."""
        self.add_class("-touched")
        self._stop_following()
        items = list(self._items())
        place = items.index(self._cursor) if self._cursor in items else 0
        if items:
            self._put_cursor_on(items[min(max(0, place + by), len(items) - 1)])

    def action_move(self, by: int) -> None:
        self.move_cursor(by)

    def action_move_to_first(self) -> None:
        self.move_cursor(-len(list(self._items())))

    def action_half_page(self, by: int) -> None:
        self.move_cursor(by * max(1, self.size.height // 2))

    def action_follow(self) -> None:
        if self.blocks:
            if not self.blocks[-1].is_open:
                self._open(self.blocks[-1], True)
            self._make_current(self.blocks[-1])
            self._put_cursor_on(next(reversed(list(self._items())), None))
        self._revealed, self.following = None, True
        self.scroll_end(animate=False)

    def action_fold(self) -> None:
        item = self._cursor
        if isinstance(item, RunLine):
            self._fold_run(item)
        elif item is not None and item.toggle():
            self._stop_following()
            self._reveal(item)
        else:
            self.app.bell()

    def action_fold_run(self) -> None:
        """Close or open the run that the cursor is in."""
        block = self._block_of(self._cursor)
        if block is not None:
            self._fold_run(block.line)

    def on_step_header_clicked(self, message: StepHeader.Clicked) -> None:
        row = next((row for block in self.blocks for row in block.rows if row.header is message.header), None)
        if row is not None:
            self._stop_following()
            self._put_cursor_on(row)
            row.toggle()
            self._reveal(row)

    def on_run_line_clicked(self, message: RunLine.Clicked) -> None:
        self._fold_run(message.line)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _items(self) -> Iterator[Item]:
        for block in self.blocks:
            if block.run is not None:
                yield block.line
            if block.is_open:
                yield from block.rows

    def _block_of(self, item: Item | None) -> RunBlock | None:
        return next((block for block in self.blocks if item is block.line or item in block.rows), None)

    def _first_of_current(self) -> Item | None:
        block = self._current
        return (block.rows[0] if block.rows else block.line) if block is not None else None

    def _fold_run(self, line: RunLine) -> None:
        block = self._block_of(line)
        if block is None or block.run is None:
            return
        self._stop_following()
        block.by_hand = True
        self._open(block, not block.is_open)
        self._put_cursor_on(line)
        if block.is_open:
            self._reveal(block)

    def _put_cursor_on(self, item: Item | None) -> None:
        for other in self._items():
            _mark(other, other is item)
        self._cursor = item
        block = self._block_of(item)
        if block is not None and block.is_open:
            self._make_current(block)
        if item is not None and self.is_mounted and not self.following:
            (item.header if isinstance(item, StepRow) else item).scroll_visible(animate=False)

    def _stop_following(self) -> None:
        """Whatever the user does; what they opened before needs no more to be brought into sight."""
        self._revealed = None
        super()._stop_following()

    def on_step_row_grown(self, message: StepRow.Grown) -> None:
        if message.by_hand and self._revealed is not None:
            self._reveal(self._revealed)

    def _reveal(self, widget: RunBlock | StepRow) -> None:
        """Scroll so that the inside is seen, as much as fits below its line: now, and when its height is known."""
        self._revealed = widget

        def reveal() -> None:
            if widget is self._revealed and widget.is_attached:
                self.scroll_to_widget(widget, animate=False, top=widget.size.height >= self.size.height)

        self.call_after_refresh(reveal)


def _mark(item: Item, is_cursor: bool) -> None:
    if isinstance(item, StepRow):
        item.mark(is_cursor)
    else:
        item.set_class(is_cursor, "-cursor")
