"""All runs of the session, one after the other, the newest last: each a line, and its steps while it is open.

The steps of a run are drawn from the first moment and never appear, move, merge or vanish. The transcript has the
cursor and follows what is running until the user moves away; ``end`` follows again. Widgets are changed only by
``show``, which the screen calls from its painting timer, never once per event.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, TypeAlias

from textual import events
from textual.binding import BindingType
from textual.containers import VerticalScroll

from shared.view import StepView
from tui.bindings import bindings
from tui.messages import RunOpened
from tui.session import Expand
from tui.watch import Watch
from tui.widgets.run_block import RunBlock
from tui.widgets.run_line import RunLine
from tui.widgets.step_header import StepHeader
from tui.widgets.step_row import StepRow

MAX_STEPS = 50
"""Steps that are widgets at the same time: opening one more run closes the one that was opened first."""

Item: TypeAlias = RunLine | StepRow


class Transcript(VerticalScroll, can_focus=True):
    """``planned`` tells the steps that the next run will have, and what they are for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("in the steps")]

    def __init__(self, expand: Expand, planned: Callable[[], tuple[Sequence[StepView], str]]) -> None:
        super().__init__()
        self.blocks: list[RunBlock] = []
        self.following = True
        self._expand = expand
        self._planned = planned
        self._cursor: Item | None = None
        self._current: RunBlock | None = None
        self._opened: list[RunBlock] = []
        self._left_at = 0
        self._frame = 0

    # --- what the screen asks ---------------------------------------------------------------------------------------

    @property
    def current(self) -> Watch | None:
        """The run whose rows are shown: the newest, or an older one that the user is looking into."""
        return self._current.run if self._current is not None else None

    @property
    def rows(self) -> list[StepRow]:
        """The steps of the current run."""
        return self._current.rows if self._current is not None else []

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

    def unseen(self) -> int:
        """Events that came below since the user left the end; 0 while it is in sight."""
        watch = self.blocks[-1].run if self.blocks else None
        if self.following or watch is None or self.scroll_y >= self.max_scroll_y:
            return 0
        return max(0, watch.view.upto - self._left_at)

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

    def tick(self) -> None:
        """A second has passed."""
        for block in self.blocks:
            block.tick()

    def spin(self) -> None:
        self._frame += 1
        for block in self.blocks:
            block.spin(self._frame)

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
        self._reveal(rows[-1])
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
            items = list(self._items())
            self._put_cursor_on(items[-1])
        self.following = True
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

    def on_resize(self) -> None:
        self.call_after_refresh(self._follow)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._stop_following()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        if self.scroll_y >= self.max_scroll_y:
            self.following = True

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

    def _rearrange(self, wanted: Sequence[Watch | None]) -> None:
        """Blocks for runs that are new, none for those that are gone; the newest is opened, those before it close."""
        plan = next((block for block in self.blocks if block.run is None), None)
        by_run = {id(block.run): block for block in self.blocks if block.run is not None}
        newest, last = wanted[-1], self.blocks[-1] if self.blocks else None
        is_new = last is None or last.run is not newest
        if plan is not None and newest is not None and id(newest) not in by_run:
            plan.adopt(newest)
            by_run[id(newest)] = plan
        blocks: list[RunBlock] = []
        for watch in wanted:
            block = plan if watch is None and plan is not None else by_run.get(id(watch))
            if block is None:
                block = RunBlock(watch, self._expand)
                block.is_open = watch is newest
                self.mount(block, before=None if not self.blocks or watch is newest else self._following_one(blocks))
            blocks.append(block)
        for block in self.blocks:
            if block not in blocks:
                block.remove()
        self.blocks = blocks
        if is_new or self._current not in blocks:
            self._begin(blocks[-1])

    def _following_one(self, before: Sequence[RunBlock]) -> RunBlock | None:
        """The block that a new one after ``before`` is mounted in front of."""
        return next((block for block in self.blocks if block not in before), None)

    def _begin(self, newest: RunBlock) -> None:
        for block in self.blocks[:-1]:
            if block.is_open and not block.by_hand:
                block.open(False)
        if newest not in self._opened:
            self._opened.append(newest)
        self._limit(newest)
        self.following = True
        self._left_at = 0
        self._current = newest
        self._cursor = None
        self.call_after_refresh(self._follow)

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

    def _open(self, block: RunBlock, wanted: bool) -> None:
        block.open(wanted)
        if wanted:
            self._opened = [*(one for one in self._opened if one is not block), block]
            self._limit(block)
            self._make_current(block)
            if block.run is not None:
                self.post_message(RunOpened(block.run))
        elif block is self._current and self.blocks:
            self._make_current(self.blocks[-1])

    def _limit(self, kept: RunBlock) -> None:
        """Close the runs that were opened first while there are too many steps."""
        self._opened = [block for block in self._opened if block.is_open and block in self.blocks]
        for block in list(self._opened):
            if sum(len(one.rows) for one in self.blocks) <= MAX_STEPS:
                return
            if block is not kept and block is not self.blocks[-1]:
                block.open(False)

    def _make_current(self, block: RunBlock) -> None:
        self._current = block

    def _stop_following(self) -> None:
        if self.following and self.blocks and self.blocks[-1].run is not None:
            self._left_at = self.blocks[-1].run.view.upto
        self.following = False

    def _put_cursor_on(self, item: Item | None) -> None:
        for other in self._items():
            _mark(other, other is item)
        self._cursor = item
        block = self._block_of(item)
        if block is not None and block.is_open:
            self._make_current(block)
        if item is not None and self.is_mounted and not self.following:
            (item.header if isinstance(item, StepRow) else item).scroll_visible(animate=False)

    def _reveal(self, widget: RunBlock | StepRow) -> None:
        """Scroll so that the inside is seen, as much of it as fits below its line."""

        def reveal() -> None:
            if widget.is_attached:
                self.scroll_to_widget(widget, animate=False, top=widget.size.height >= self.size.height)

        self.call_after_refresh(reveal)

    def _follow(self) -> None:
        if not self.following or self.max_scroll_y == 0 or not self.blocks:
            return
        newest = self.blocks[-1]
        begun = [row for row in newest.rows if row.step.state != "waiting"]
        target = begun[-1].header if begun else newest.line
        if target.is_mounted:
            target.scroll_visible(animate=False)


def _mark(item: Item, is_cursor: bool) -> None:
    if isinstance(item, StepRow):
        item.mark(is_cursor)
    else:
        item.set_class(is_cursor, "-cursor")
