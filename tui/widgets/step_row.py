"""A step of the run: its one line, and its body once somebody, or the policy, has opened it.

What the user folded or unfolded stays so until the next run: later events never override it.
"""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.message import Message

from shared.view import StepView
from tui.session import Expand
from tui.widgets.steady import Settled
from tui.widgets.step_body import StepBody
from tui.widgets.step_header import StepHeader, StepTime
from tui.widgets.step_text import has_body


class _Line(Settled, Horizontal):
    """What is always seen."""


class StepRow(Settled, Vertical):
    """``expand``: which steps open by themselves as long as the user has not spoken; ``chosen``: what they said."""

    class Grown(Message):
        """The inside of an open step has another height; ``by_hand``: its first one, since somebody opened it."""

        def __init__(self, by_hand: bool) -> None:
            super().__init__()
            self.by_hand = by_hand

    def __init__(
        self,
        step: StepView,
        number: str,
        title_width: int,
        expand: Expand,
        now_ms: Callable[[], int],
        chosen: bool | None = None,
    ) -> None:
        super().__init__()
        self.step = step
        self.header = StepHeader(step, number, title_width, now_ms)
        self.time = StepTime(self.header, now_ms)
        self._body: StepBody | None = None
        self._is_drawn = False
        self._is_growing = False
        self._height = 1
        self.chosen = chosen
        self._expand = expand

    def compose(self) -> ComposeResult:
        with _Line():
            yield self.header
            yield self.time

    def on_mount(self) -> None:
        self._is_drawn = True
        self.show(self.step)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A closed one is a line: nothing inside needs to be asked."""
        if self._body is None or not self._body.display:
            return 1
        return super().get_content_height(container, viewport, width)

    @property
    def is_open(self) -> bool:
        """Whether the body shows: the user's choice, else the policy's; never without anything inside."""
        return has_body(self.step) and self.wants_open

    @property
    def is_trouble(self) -> bool:
        """Whether the step failed, or less came of it than should."""
        return self.step.state in ("failed", "degraded", "retrying")

    @property
    def wants_open(self) -> bool:
        if self.chosen is not None:
            return self.chosen
        return self._expand == "always" or (self._expand == "failed" and self.step.state == "failed")

    def show(self, step: StepView) -> None:
        self.step = step
        open_now = self.is_open
        self.header.show(step, ("▾" if open_now else "▸") if has_body(step) else " ")
        self.time.tick()
        if not self._is_drawn:
            return
        if open_now and self._body is None:
            self._body = StepBody(step)
            self.mount(self._body)
        elif self._body is not None:
            if self._body.display != open_now:  # to say what is so already lays out all the same
                self._body.display = open_now
            if open_now:
                self._body.show(step)

    def on_resize(self) -> None:
        if self.size.height != self._height:
            self._height = self.size.height
            if self._height > 1:
                self.post_message(self.Grown(self._is_growing))
                self._is_growing = False

    def tick(self) -> None:
        """A second has passed."""
        self.header.tick()
        self.time.tick()

    def mark(self, is_cursor: bool) -> None:
        self.header.set_class(is_cursor, "-cursor")
        self.time.set_class(is_cursor, "-cursor")

    def choose(self, wants_open: bool) -> None:
        """The user wants it open or closed. A step that has nothing inside yet opens when it has."""
        self.chosen = wants_open
        self._is_growing = wants_open
        self.show(self.step)

    def set_expand(self, expand: Expand) -> None:
        self._expand = expand
        self.show(self.step)

    def toggle(self) -> bool:
        """Fold or unfold; False where there is nothing to open."""
        if not has_body(self.step):
            return False
        self.choose(not self.is_open)
        return True
