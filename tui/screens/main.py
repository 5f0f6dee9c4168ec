"""The screen: header, steps, results, how it ended, prompt.

Events never touch a widget. One timer looks whether something is new and paints it; another lets the seconds pass.
Each surface is painted at most so often, the table in proportion to what its last painting cost.
"""

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from shared.view import RunView, StepView
from tui.cells import one_line
from tui.desk import Desk
from tui.keys import bindings
from tui.messages import QuestionAsked, SortChanged
from tui.screens.help import HelpScreen
from tui.watch import Watch, planned
from tui.widgets.banner import Banner
from tui.widgets.examples import Examples
from tui.widgets.prompt import Prompt
from tui.widgets.results_table import ResultsTable, title
from tui.widgets.run_header import RunHeader
from tui.widgets.step_list import StepList
from tui.widgets.step_row import Expand

TABLE_S = 0.25
"""Shortest time between two paintings of the table; and it takes at most a fifth of the time."""
SPINNER_S = 0.1
QUIT_WITHIN_S = 1.0
_HINTS = {
    Prompt: "enter ask · tab steps, results · esc cancel · F1 help · ctrl+q quit",
    StepList: "space open · ctrl+o all · esc cancel · p prompt · ? help · q quit",
    ResultsTable: "s sort · ← → column · [ ] part · esc cancel · p prompt · ? help · q quit",
    Examples: "enter ask this · p prompt · ? help · q quit",
}


class MainScreen(Screen[None]):
    """``frames_per_second`` bounds all painting; ``motion`` False stands still where a spinner would turn."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("anywhere", "outside the prompt")]
    AUTO_FOCUS = "Prompt"

    def __init__(self, desk: Desk, *, expand: Expand, motion: bool, frames_per_second: float) -> None:
        super().__init__()
        self._desk = desk
        self._motion = motion
        self._period = 1 / frames_per_second
        self._header = RunHeader()
        self._question = Static(id="question", markup=False)
        self._steps = StepList(expand, self._now_ms)
        self._title = Static(id="title", markup=False)
        self._table = ResultsTable()
        self._examples = Examples()
        self._banner = Banner()
        self._prompt = Prompt()
        self._hints = Static(id="hints", markup=False)
        self._painted: object = None
        self._table_view: RunView | None = None
        self._table_due = 0.0
        self._quit_until = 0.0

    def compose(self) -> ComposeResult:
        yield self._header
        yield self._question
        yield self._steps
        yield self._title
        yield self._examples
        yield self._table
        yield self._banner
        with Horizontal(id="prompt-row"):
            yield Static("> ", id="prompt-mark", markup=False)
            yield self._prompt
        yield self._hints

    def on_mount(self) -> None:
        self.set_interval(self._period, self._paint)
        self.set_interval(1.0, self._tick)
        if self._motion:
            self.set_interval(max(SPINNER_S, self._period), self._steps.spin)
        self._paint()

    def _now_ms(self) -> int:
        return self._desk.watch.now_ms() if self._desk.watch is not None else 0

    # --- painting ---------------------------------------------------------------------------------------------------

    def _paint(self) -> None:
        if self._desk.version != self._painted:
            self._painted = self._desk.version
            watch = self._desk.watch
            self._header.show(self._desk.server, self._desk.link, watch)
            self._show_question(watch)
            self._steps.show(watch, self._planned_steps())
            self._banner.show(watch)
            self._show_trouble()
            if watch is None:
                self._show_examples()
        self._paint_table()

    def _tick(self) -> None:
        self._header.show(self._desk.server, self._desk.link, self._desk.watch)
        self._steps.tick()

    def _planned_steps(self) -> tuple[StepView, ...]:
        if self._desk.watch is not None and self._desk.watch.view.steps:
            return self._desk.watch.view.steps
        pipeline = self._desk.pipeline
        return planned(pipeline.plan) if pipeline is not None else ()

    def _paint_table(self) -> None:
        watch = self._desk.watch
        if watch is None or (watch.view is self._table_view and not self._table.incomplete):
            return
        began = time.monotonic()
        if began < self._table_due and not watch.view.finished:
            return
        self._table_view = watch.view
        self._table.show(watch.view)
        self.call_after_refresh(self._show_title)  # once the table knows whether all its columns fit
        spent = time.monotonic() - began
        self._table_due = began + max(TABLE_S, self._period, 5 * spent)

    def _show_title(self) -> None:
        if self._desk.watch is not None:
            self._say(self._title, Content(title(self._table, self._desk.watch.view)))

    def _show_question(self, watch: Watch | None) -> None:
        """The question that is being answered; before any, what the server is for."""
        pipeline = self._desk.pipeline
        self.set_class(watch is not None, "-asked")
        if watch is not None:
            self._say(self._question, Content.assemble(("› ", "$text-accent"), (one_line(watch.question), "bold")))
        elif pipeline is not None:
            self._say(self._question, Content.styled(one_line(pipeline.title), "bold"))

    def _say(self, line: Static, text: Content) -> None:
        """Change a line of fixed height, and only if it is another text: each repaint is bytes on the wire."""
        if line.content != text:
            line.update(text, layout=False)

    def _show_examples(self) -> None:
        pipeline = self._desk.pipeline
        if pipeline is not None and not self._examples.option_count:
            self._examples.offer(self._desk.pipelines)
            self._prompt.teach(pipeline.examples)
            self._say(self._title, Content("Try one of these, or ask your own"))

    def _show_trouble(self) -> None:
        """Trouble of the connection before any run, or of a request beside it."""
        trouble = self._desk.trouble
        if trouble is None:
            return
        if self._desk.watch is None:
            self._banner.show_trouble(trouble)
        else:
            self._desk.trouble = None if self._desk.link.state != "unreachable" else trouble
            if self._desk.trouble is None:
                self.notify(trouble.message, severity="warning", markup=False)

    # --- what the user does -----------------------------------------------------------------------------------------

    def on_question_asked(self, message: QuestionAsked) -> None:
        self.ask(message.question, message.pipeline)

    def ask(self, question: str, pipeline: str | None = None) -> None:
        """Start this question. One that is still going is cancelled first, and said so."""
        watch = self._desk.watch
        if watch is not None and watch.live:
            self.notify("Cancelling the question before.", markup=False)
        self._prompt.follow_up()
        self._prompt.focus()
        self.run_worker(self._desk.ask(question, pipeline), group="run", exclusive=True)

    def on_sort_changed(self, message: SortChanged) -> None:
        self._show_title()

    def on_descendant_focus(self) -> None:
        if self.focused is not None:
            self._say(self._hints, Content(_HINTS.get(type(self.focused), "")))
            self.set_class(isinstance(self.focused, ResultsTable | Examples), "-results")

    def action_back(self) -> None:
        watch = self._desk.watch
        if watch is not None and watch.live:
            self.run_worker(self._desk.cancel(), group="cancel")
        elif self.focused is not self._prompt:
            self._prompt.focus()

    def action_copy_or_cancel(self) -> None:
        selected = self._selection()
        if selected:
            self.app.copy_to_clipboard(selected)
            self.notify("Sent to your terminal's clipboard (OSC 52).", markup=False)
            return
        now = time.monotonic()
        if now < self._quit_until:
            self.app.exit()
            return
        self._quit_until = now + QUIT_WITHIN_S
        watch = self._desk.watch
        if watch is not None and watch.live:
            self.run_worker(self._desk.cancel(), group="cancel")
        self.notify("Press ctrl+c again to quit.", timeout=QUIT_WITHIN_S, markup=False)

    def _selection(self) -> str:
        if isinstance(self.focused, Input) and self.focused.selected_text:
            return self.focused.selected_text
        return self.get_selected_text() or ""

    def action_step_cursor(self, by: int) -> None:
        self._steps.move_cursor(by)

    def action_toggle_all(self) -> None:
        self._steps.toggle_all()

    def action_toggle_number(self, number: int) -> None:
        if not self._steps.toggle_number(number):
            self.app.bell()

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen())

    def action_focus_prompt(self) -> None:
        self._prompt.focus()

    def action_focus_results(self) -> None:
        self.add_class("-results")  # in a tiny window that is what makes room for them
        self.call_after_refresh((self._examples if self._desk.watch is None else self._table).focus)
