"""The screen: header, transcript, results, how the run ended, prompt.

Events never touch a widget. One timer looks whether something is new and paints it; another lets the seconds pass.
What the user does is in ``screens.actions``.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.geometry import Offset
from textual.messages import Update
from textual.widget import Widget
from textual.widgets import Static

from shared.view import StepView
from tui import garbage
from tui.bindings import bindings
from tui.config import local_zone
from tui.desk import Desk
from tui.keys import Place, hint, shown
from tui.messages import EndWanted, RunOpened
from tui.painting import Piece
from tui.screens.actions import Actions
from tui.screens.compositor import ThriftyCompositor
from tui.session import Expand, Session
from tui.watch import planned
from tui.widgets.banner import Banner
from tui.widgets.examples import Examples
from tui.widgets.filter_input import FilterInput
from tui.widgets.news import News
from tui.widgets.one_line import Look, Repaints
from tui.widgets.prompt import Prompt
from tui.widgets.results_pane import ResultsPane
from tui.widgets.results_table import ResultsTable
from tui.widgets.run_header import RunHeader
from tui.widgets.steady import Settled
from tui.widgets.transcript import Transcript

SPINNER_S = 0.1
RING_AFTER_S = 10.0
"""A run that took so long rings the bell at its end, if nobody is looking."""
_HINTS: dict[type, tuple[tuple[str, str], ...]] = {
    Prompt: (("app.back", "cancel"), ("history.open", "history"), ("app.help", "help"), ("app.quit", "quit")),
    Transcript: (
        ("steps.toggle", "open"), ("steps.toggle_all", "all"), ("steps.inspect", "inspect"), ("copy.text", "copy"),
        ("prompt.focus", "prompt"), ("app.help_letter", "help"), ("app.quit_letter", "quit"),
    ),
    ResultsTable: (
        ("results.open", "open"), ("results.filter", "filter"), ("results.sort", "sort"), ("results.left_out", "out"),
        ("results.map", "map"), ("results.export", "export"), ("copy.text", "copy"), ("app.help_letter", "help"),
    ),
    Examples: (("results.open", "ask this"), ("prompt.focus", "prompt"), ("app.help_letter", "help")),
    FilterInput: (("results.open", "to the rows"), ("app.back", "no filter")),
}  # fmt: skip
_FIRST = {Prompt: "enter ask · tab steps"}


class _Upper(Settled, Container):
    """The transcript, and what lies over its last line."""


class MainScreen(Repaints, Actions):
    """``frames_per_second`` bounds all painting; ``motion`` False stands still where a spinner would turn."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("anywhere", "outside the prompt")]
    PLACES: ClassVar[tuple[Place, ...]] = ("anywhere", "outside the prompt", "in the steps", "in the results")
    """Whose keys the palette has too, when it is called from here."""
    AUTO_FOCUS = "Prompt"

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__(desk, session)
        self._compositor = ThriftyCompositor()
        self._period = 1 / session.frames_per_second
        self._header = RunHeader()
        self.transcript = Transcript(session.expand, self._planned)
        self.results = ResultsPane(self._period)
        self._banner = Banner()
        self._news = News(shown("steps.last", session.keys).split()[-1])
        self._hints = Static(id="hints", markup=False)
        self._painted: object = None
        self._untold: set[Widget] = set()
        self._plan_of: object = None
        self._plan: Sequence[StepView] = ()
        self._paints_at = 0.0
        self._rung = True
        self._seen_at_tick = self._swept = desk.version

    def compose(self) -> ComposeResult:
        yield self._header
        with _Upper(id="upper"):
            yield self.transcript
            yield self._news
        yield self.results
        yield self._banner
        with Horizontal(id="prompt-row"):
            yield Static("> ", id="prompt-mark", markup=False)
            yield self.prompt
        yield self._hints

    def on_mount(self) -> None:
        self.set_interval(self._period, self._paint_in_time)
        self.set_interval(1.0, self._tick)
        self._spinning = self.set_interval(
            max(SPINNER_S, self._period), self.transcript.spin, pause=not self.session.motion
        )
        self.paint()

    # --- painting ---------------------------------------------------------------------------------------------------

    async def _on_update(self, message: Update) -> None:
        """A letter doesn't wait for Textual's next frame, up to 17 ms away. Private to Textual, which is pinned."""
        if message.widget is self.prompt and not self._layout_required:
            self._dirty_widgets.add(self.prompt)
            self._on_timer_update()
            message.stop()
            message.prevent_default()
        else:
            self._dirty_widgets |= self._untold
            self._untold.clear()

    def repaint(self, widget: Widget) -> None:
        if widget in self._compositor.visible_widgets:
            self._untold.add(widget)
            if len(self._untold) == 1:
                asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        """As late as by Textual's way, so that what has changed with a line is in the same frame."""
        if not self._untold or not self.post_message(Update(next(iter(self._untold)))):
            self._untold.clear()

    def takes(self, letter: str) -> Look | None:
        """What the prompt looks like, if a letter that is typed now changes it, and nothing else on the screen."""
        prompt = self.prompt
        return (
            prompt.room_for(letter) if self.focused is prompt and prompt in self._compositor.visible_widgets else None
        )

    def echo(self, letter: str, look: Look, draw: Callable[[Piece], bool]) -> None:
        """Type it and draw the prompt: it doesn't take a turn through three queues, nor what else is to be painted.

        ``draw`` is offered the line of the prompt, and says whether it has drawn it, and the cursor.
        """
        app, prompt = self.app, self.prompt
        cell, line = prompt.take(letter, look)
        if self.selections or self._select_state is not None:
            app.clear_selection()
        region, _ = self._compositor.visible_widgets[prompt]
        app.cursor_position = Offset(region.x + cell, region.y)
        if line is not None and draw((region.x, region.y, line)):
            return
        prompt._set_line_dirty()
        prompt._repaint_required = False
        self._compositor.update_widgets({prompt})
        app._display(self, self._compositor.render_update(screen_stack=app._background_screens))

    def paints_in_s(self, at_least_s: float) -> float:
        """How long it is until what is new by then is painted: the next time, if not sooner than ``at_least_s``."""
        left_s = self._paints_at - time.monotonic()
        return max(at_least_s, left_s if left_s >= at_least_s else left_s + self._period)

    def _paint_in_time(self) -> None:
        self._paints_at = time.monotonic() + self._period
        self.paint()

    def paint(self) -> None:
        desk = self.desk
        if desk.version != self._painted:
            self._painted = desk.version
            self.set_class(desk.watch is not None or self.transcript.current is not None, "-asked")
            self.transcript.show(desk.runs, asked=desk.watch is not None)
            self._header.show(desk.server, desk.link, desk.watch)
            self._show_trouble()
            self._ring()
            if desk.left is not None or (desk.lost and desk.link.state == "connected"):
                self.offer_left()
            if desk.watch is None:
                self.results.offer(desk.pipelines, is_first_time=self.session.asked.is_new)
                if desk.pipeline is not None:
                    self.prompt.teach(desk.pipeline.examples)
        self._paint_current()
        self._news.show(self.transcript.unseen())

    def _paint_current(self) -> None:
        """Rows and verdict of the run that is looked at, which need not be the newest."""
        current = self.transcript.current
        self.set_class(current is not None, "-asked")
        self.results.show(current, is_newest=current is self.desk.watch)
        if current is not None or self.desk.trouble is None:
            self._banner.show(current)
        self.show_prompt()

    def _tick(self) -> None:
        self._header.show(self.desk.server, self.desk.link, self.desk.watch)
        self.transcript.tick()
        self._sweep()

    def _sweep(self) -> None:
        """Once after all that has happened, when for a second nothing more has."""
        if self.session.is_alone and self.desk.version not in (self._swept, self._seen_at_tick):
            self._seen_at_tick = self.desk.version
        elif self.session.is_alone and self.desk.version != self._swept:
            self._swept = self.desk.version
            garbage.sweep()

    def _planned(self) -> tuple[Sequence[StepView], str]:
        pipeline = self.desk.pipeline
        if pipeline is not self._plan_of:  # each time the same steps, so that none is taken for another
            self._plan_of, self._plan = pipeline, planned(pipeline.plan) if pipeline is not None else ()
        return self._plan, pipeline.title if pipeline is not None else ""

    def _show_trouble(self) -> None:
        """Trouble of the connection before any run, or of a request beside it."""
        trouble = self.desk.trouble
        if trouble is None:
            return
        if self.desk.watch is None:
            self._banner.show_trouble(trouble)
        else:
            self.desk.trouble = None if self.desk.link.state != "unreachable" else trouble
            if self.desk.trouble is None:
                self.notify(trouble.message, severity="warning", markup=False)

    def _ring(self) -> None:
        watch = self.desk.watch
        if watch is None or watch.live:
            self._rung = watch is None
        elif not self._rung:
            self._rung = True
            if (
                self.session.preferences.settings.bell
                and not self.app.app_focus
                and watch.now_ms() > RING_AFTER_S * 1000
            ):
                self.app.bell()

    def apply_setting(self, name: str) -> None:
        """Those of the next question, and those that act from the next start, need nothing here."""
        settings = self.session.preferences.settings
        match name:
            case "theme":
                self.app.theme = self.session.terminal.theme_of(settings.theme)
            case "motion":
                self._move(settings.motion == "full" and not self.session.terminal.remote)
            case "expand":
                self.transcript.set_expand(cast(Expand, settings.expand))
            case "origin":
                self.desk.set_option("from", settings.origin)
            case "tz":
                here = None if self.session.terminal.remote else local_zone()
                self.desk.set_option("tz", settings.tz or here)

    def _move(self, moves: bool) -> None:
        if moves:
            self._spinning.resume()
        else:
            self._spinning.pause()
            self.transcript.stand_still()
        self.app.animation_level = "full" if moves else "none"

    def on_end_wanted(self, message: EndWanted) -> None:
        self.transcript.action_follow()

    def on_run_opened(self, message: RunOpened) -> None:
        if message.watch.dormant:
            self.run_worker(self.desk.load(message.watch), group="load")
        self._paint_current()

    def on_descendant_focus(self) -> None:
        if self.focused is None:
            return
        kind = type(self.focused)
        text = hint(self.session.keys, *_HINTS.get(kind, ()))
        self._hints.update(f"{_FIRST[kind]} · {text}" if kind in _FIRST else text, layout=False)
        self.set_class(isinstance(self.focused, ResultsTable | Examples | FilterInput), "-results")
