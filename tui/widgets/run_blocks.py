"""The runs of a session as blocks in one scrolling column: which there are, which are open, what is followed.

``Transcript`` adds the cursor and the keys.
"""

from collections.abc import Sequence
from typing import TypeAlias

from textual.containers import VerticalScroll

from tui.messages import RunOpened
from tui.session import Expand
from tui.watch import Watch
from tui.widgets.run_block import RunBlock
from tui.widgets.run_line import RunLine
from tui.widgets.steady import Settled
from tui.widgets.step_row import StepRow

MAX_STEPS = 50
"""Steps that are widgets at the same time: opening one more run closes the one that was opened first."""

Item: TypeAlias = RunLine | StepRow


class RunBlocks(Settled, VerticalScroll, can_focus=True):
    """Follows what is running, to the end of what is open of it, until the user moves away."""

    def __init__(self, expand: Expand) -> None:
        super().__init__()
        self.blocks: list[RunBlock] = []
        self.following = True
        self._expand = expand
        self._cursor: Item | None = None
        self._current: RunBlock | None = None
        self._opened: list[RunBlock] = []
        self._left_at = 0
        self._top: tuple[RunBlock | StepRow, int] | None = None
        """What the first line in sight is part of, and where that begins."""
        self._frame = 0

    @property
    def current(self) -> Watch | None:
        """The run whose rows are shown: the newest, or an older one that the user is looking into."""
        return self._current.run if self._current is not None else None

    @property
    def rows(self) -> list[StepRow]:
        """The steps of the current run."""
        return self._current.rows if self._current is not None else []

    def unseen(self) -> int:
        """Events that came below since the user left the end; 0 while it is in sight."""
        watch = self.blocks[-1].run if self.blocks else None
        if self.following or watch is None or self.scroll_y >= self.max_scroll_y:
            return 0
        return max(0, watch.view.upto - self._left_at)

    def tick(self) -> None:
        """A second has passed."""
        for block in self.blocks:
            block.tick()

    def spin(self) -> None:
        self._frame += 1
        for block in self.blocks:
            block.spin(self._frame)

    def stand_still(self) -> None:
        """No spinner turns any more: what runs is marked as where nothing moves."""
        self._frame = 0
        for block in self.blocks:
            block.spin(0)

    def set_expand(self, expand: Expand) -> None:
        """Other steps open by themselves, as long as the user has not said otherwise of one."""
        self._expand = expand
        for block in self.blocks:
            block.set_expand(expand)

    def on_resize(self) -> None:
        self.call_after_refresh(self._follow)

    def on_step_row_grown(self, message: StepRow.Grown) -> None:
        self._follow()

    def watch_virtual_size(self) -> None:
        """A step that grew may have gone out of sight, or have moved what somebody reads."""
        self.call_after_refresh(self._follow if self.following else self._stay)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._top = None if self.following else self._first_in_sight()

    def on_mouse_scroll_up(self) -> None:
        self._scrolled()

    def on_mouse_scroll_down(self) -> None:
        self._scrolled()

    def on_scroll_up(self) -> None:
        self._scrolled()

    def on_scroll_down(self) -> None:
        self._scrolled()

    def on_scroll_to(self) -> None:
        self._scrolled()

    def action_page_up(self) -> None:
        self._scrolled()
        super().action_page_up()

    def action_page_down(self) -> None:
        self._scrolled()
        super().action_page_down()

    def _scrolled(self) -> None:
        """By wheel, scrollbar or a page key: where the reader looks is theirs, unless that is the end."""
        self._stop_following()
        # Textual scrolls after the next refresh.
        self.call_after_refresh(self.call_after_refresh, self._follow_at_the_end)

    def _follow_at_the_end(self) -> None:
        if self.scroll_target_y >= self.max_scroll_y:
            self.following = True

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
        self._top = self._first_in_sight()

    def _stay(self) -> None:
        """What is read stays where it is, whatever has become longer above it."""
        if self._top is not None and not self.following and self._top[0].is_attached:
            moved = _place_of(self._top[0]) - self._top[1]
            if moved:  # later it would undo what others have scrolled to meanwhile
                self.scroll_relative(y=moved, animate=False, immediate=True)
        self._top = self._first_in_sight()

    def _first_in_sight(self) -> tuple[RunBlock | StepRow, int] | None:
        found: tuple[RunBlock | StepRow, int] | None = None
        for block in self.blocks:
            parts: list[RunBlock | StepRow] = [block, *block.rows]
            for one in parts:
                place = _place_of(one)
                if place > self.scroll_y:
                    return found
                found = one, place
        return found

    def _follow(self) -> None:
        if not self.following or self.max_scroll_y == 0 or not self.blocks:
            return
        newest = self.blocks[-1]
        begun = [row for row in newest.rows if row.step.state != "waiting"]
        target = begun[-1] if begun else newest.line
        if not target.is_mounted:
            return
        room = self.scrollable_content_region.height
        if target.size.height > room:
            self.scroll_to(y=newest.virtual_region.y + target.virtual_region.bottom - room, animate=False)
        else:
            target.scroll_visible(animate=False)


def _place_of(one: RunBlock | StepRow) -> int:
    """The line of the transcript that it begins at."""
    above = one.parent.virtual_region.y if isinstance(one, StepRow) and isinstance(one.parent, RunBlock) else 0
    return above + one.virtual_region.y
