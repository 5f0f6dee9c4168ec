"""Everything of a step or a run: its inside whole, its JSON, its frames as they came, its timings; live while open.

Four pages of the same thing. What is folded stays folded while more comes.
"""

from collections.abc import Callable, Hashable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from shared.view import StepView, step_numbers
from tui import copying
from tui.bindings import bindings
from tui.cells import one_line
from tui.keys import Place
from tui.narration import plain_state
from tui.pages import frame_lines, json_lines, run_value, step_value, timing_lines
from tui.watch import Watch
from tui.widgets.line_view import LineView
from tui.widgets.step_text import describe, has_body

LOOK_S = 0.25
PAGES = ("all", "json", "frames", "timings")
MAX_LINES = 2_000
MAX_TEXT = 100_000


class InspectorScreen(Screen[None]):
    """``step`` None shows the whole run. ``copy`` copies a text."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("in the inspector")]
    PLACES: ClassVar[tuple[Place, ...]] = ("in the inspector",)
    AUTO_FOCUS = None

    def __init__(self, watch: Watch, step: str | None, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._watch = watch
        self._step = step
        self._step_before = step
        self._copy = copy
        self._page = 0
        self._flipped: set[Hashable] = set()
        self._opened: set[Hashable] = set()
        self._bodies = True
        self._head = Static(id="inspector-head", markup=False)
        self._all = Static(markup=False)
        self._lines = LineView()
        self._painted: object = None
        self._headed: object = None
        self._follows = False
        self._followed_to = 0.0

    def compose(self) -> ComposeResult:
        yield self._head
        with VerticalScroll(id="inspector-all"):
            yield self._all
        yield self._lines
        yield Static("← → pages · s step or run · space fold · w wrap · h l sideways · y copy · G follow · esc back",
                     id="inspector-hints", markup=False)  # fmt: skip

    def on_mount(self) -> None:
        self._turn_to(0)
        self.set_interval(LOOK_S, self._look)
        self.set_interval(1.0, self._tick)

    # --- painting ---------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        now = (self._watch.version, self._page, self._step, self.size.width)
        if now != self._painted:
            self._painted = now
            self._paint()

    def _tick(self) -> None:
        if self._watch.live:
            self._paint_head()
            if PAGES[self._page] == "timings":
                self._paint()

    def _paint(self) -> None:
        self._paint_head()
        page, view = PAGES[self._page], self._watch.view
        step = view.step(self._step) if self._step is not None else None
        if page == "all":
            # Scrolled up since, by wheel, scrollbar or a page key, it is where the reader looks.
            end = min(self._followed_to, self._scroll.max_scroll_y)
            self._follows = self._follows and self._scroll.scroll_y >= end
            self._all.update(self._whole(step))
            if self._follows:
                self._scroll.scroll_end(animate=False, on_complete=self._note_end)
        elif page == "json":
            self._lines.show(json_lines(step_value(step) if step is not None else run_value(view), self._paths()))
        elif page == "frames":
            self._lines.show(frame_lines(self._watch.frames, self._step, self._opened))
        else:
            steps = [step] if step is not None else view.steps
            self._lines.show(timing_lines(view, steps, self._watch.now_ms(), self.size.width))

    def _paths(self) -> set[tuple[Any, ...]]:
        return {key for key in self._flipped if isinstance(key, tuple)}

    def _paint_head(self) -> None:
        view = self._watch.view
        step = view.step(self._step) if self._step is not None else None
        if step is not None:
            said = f"{one_line(step.title)}: {plain_state(step, self._watch.now_ms())}"
        else:
            said = f"{one_line(self._watch.question)}: {view.state}"
        tabs = Content("  ").join(
            Content.styled(f"{place} {name}", "bold reverse" if place - 1 == self._page else "dim")
            for place, name in enumerate(PAGES, start=1)
        )
        if (self._page, said) != self._headed:  # two contents of other styles alone count as the same
            self._headed = (self._page, said)
            self._head.update(Content.assemble(tabs, "   ", (said, "bold")), layout=False)

    def _note_end(self) -> None:
        self._followed_to = self._scroll.scroll_y

    def _whole(self, step: StepView | None) -> Content:
        width = self.size.width - 6
        if step is not None:
            return Content("\n").join([*_said(step), describe(step, MAX_LINES, MAX_TEXT, MAX_LINES, width)])
        view = self._watch.view
        parts: list[Content] = []
        for number, one in zip(step_numbers(view.steps), view.steps, strict=True):
            state = plain_state(one, self._watch.now_ms())
            arrow = " " if not has_body(one) else "▾" if self._bodies else "▸"
            heading = f"{arrow} {number} {one_line(one.title)}: {state}"
            parts += [Content.styled(heading, "bold $text-accent"), *_said(one)]
            if self._bodies:
                if has_body(one):
                    parts.append(describe(one, MAX_LINES // 10, MAX_TEXT // 10, width=width))
                parts.append(Content(""))
        return Content("\n").join(parts)

    # --- what the user does -----------------------------------------------------------------------------------------

    def _turn_to(self, page: int) -> None:
        self._page = page % len(PAGES)
        is_text = PAGES[self._page] == "all"
        self._scroll.display = is_text
        self._lines.display = not is_text
        self._lines.following, self._lines.cursor = False, 0
        (self._scroll if is_text else self._lines).focus()
        self._look()

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#inspector-all", VerticalScroll)

    def action_close(self) -> None:
        self.dismiss()

    def action_tab(self, by: int) -> None:
        self._turn_to(self._page + by)

    def action_page(self, number: int) -> None:
        self._turn_to(number - 1)

    def action_scope(self) -> None:
        """The step alone, or the whole run."""
        if self._step is not None:
            self._step_before, self._step = self._step, None
        elif self._step_before is not None:
            self._step = self._step_before
        else:
            self.app.bell()
        self._look()

    def action_move(self, by: int) -> None:
        if self._scroll.display:
            self._follows = False
            self._scroll.scroll_relative(y=by, animate=False)
        else:
            self._lines.move(by)

    def action_half_page(self, by: int) -> None:
        self.action_move(by * max(1, self._lines.size.height // 2, self._scroll.size.height // 2))

    def action_first(self) -> None:
        self._follows = False
        self._scroll.scroll_home(animate=False)
        self._lines.move(-len(self._lines.lines))

    def action_last(self) -> None:
        """To the end, and stay there while more comes."""
        self._follows, self._followed_to = True, 0.0
        self._scroll.scroll_end(animate=False, on_complete=self._note_end)
        self._lines.follow()

    def action_wrap(self) -> None:
        if self._scroll.display:
            self.app.bell()  # that page is wrapped, at words
        else:
            self._lines.wrap(not self._lines.wraps)

    def action_scroll_sideways(self, by: int) -> None:
        """Half a window; nothing where everything is in sight."""
        self._lines.scroll_relative(x=by * max(1, self._lines.size.width // 2), animate=False)

    def action_fold(self) -> None:
        """A part of the JSON, a frame; of a whole run what its steps have inside."""
        chosen = self._lines.chosen
        if PAGES[self._page] == "all":
            if self._step is not None:
                self.app.bell()  # it is open already: that is what was asked for
            else:
                self._bodies = not self._bodies
        elif PAGES[self._page] == "json" and chosen is not None:
            self._flipped ^= {chosen}
        elif PAGES[self._page] == "frames" and chosen is not None:
            seq = chosen[0] if isinstance(chosen, tuple) else chosen
            self._opened ^= {seq}
        self._paint()

    def action_copy(self) -> None:
        view = self._watch.view
        step = view.step(self._step) if self._step is not None else None
        match PAGES[self._page]:
            case "all" if step is not None:
                self._copy(copying.step_text(step, self._watch.now_ms()))
            case "all":
                self._copy(copying.run_text(view))
            case "json":
                self._copy(copying.json_text(step_value(step) if step is not None else run_value(view)))
            case "frames":
                self._copy("\n".join(frame.data for frame in self._watch.frames.of(self._step)))
            case _:
                self._copy(self._lines.text())


def _said(step: StepView) -> list[Content]:
    """What the step says of itself, where its state, told above, doesn't say it already."""
    tells = step.say and step.state in ("running", "ok")
    return [Content.styled(f"  {one_line(step.say)}", "bold")] if tells else []
