"""What the user does on the main screen: asking, cancelling, folding, looking into things, copying, leaving.

The screen's other half, which only paints, is ``screens.main``.
"""

import time
from functools import partial

from textual.screen import Screen
from textual.widgets import Input

from tui import copying
from tui.clipboard import copy
from tui.connection import RunSummary
from tui.desk import Desk
from tui.messages import QuestionAsked
from tui.screens.help import HelpScreen
from tui.session import Session
from tui.terminal import AUTO
from tui.watch import Watch
from tui.widgets.prompt import Prompt
from tui.widgets.results_pane import ResultsPane
from tui.widgets.results_table import ResultsTable
from tui.widgets.transcript import Transcript

QUIT_WITHIN_S = 1.0


class Actions(Screen[None]):
    """The parts of the screen that the user acts on are made by ``MainScreen``."""

    transcript: Transcript
    results: ResultsPane

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__()
        self.desk = desk
        self.session = session
        self.prompt = Prompt(session.asked)
        self._fresh = False
        self._quit_until = 0.0

    # --- asking and cancelling --------------------------------------------------------------------------------------

    def on_question_asked(self, message: QuestionAsked) -> None:
        self.ask(message.question, message.pipeline)

    def ask(self, question: str, pipeline: str | None = None) -> None:
        """Start this question. One that is still going is cancelled first, and said so."""
        watch = self.desk.watch
        if watch is not None and watch.live:
            self.notify("Cancelling the question before.", markup=False)
        refined = self.refined() if pipeline is None else None
        self._fresh = False
        self.prompt.remember(question)
        self.prompt.focus()
        asking = self.desk.ask(question, pipeline, refines=refined.run if refined is not None else None)
        self.run_worker(asking, group="run", exclusive=True)

    def refined(self) -> Watch | None:
        """The run whose wish the next question changes: the one looked at, where the pipeline can do that."""
        pipeline, current = self.desk.pipeline, self.transcript.current
        if self._fresh or pipeline is None or not pipeline.follow_ups or current is None or not current.run:
            return None
        return current if current.pipeline == pipeline.name and not current.live else None

    def show_prompt(self) -> None:
        """Say in the prompt whether the next question refines the run that is looked at."""
        if self.desk.watch is not None or self.transcript.current is not None:
            self.prompt.follow_up(refines=self.refined() is not None)

    def action_fresh(self) -> None:
        """The next question stands for itself, or refines again."""
        self._fresh = not self._fresh
        self.prompt.focus()
        self.show_prompt()

    def action_back(self) -> None:
        if self.results.is_narrowed:
            self.results.widen()
        elif not self._cancel() and self.focused is not self.prompt:
            self.prompt.focus()

    def _cancel(self) -> bool:
        watch = self.desk.watch
        if watch is None or not watch.live:
            return False
        self.run_worker(self.desk.cancel(), group="cancel")
        return True

    # --- copying ----------------------------------------------------------------------------------------------------

    def action_copy_or_cancel(self) -> None:
        selected = self._selection()
        if selected:
            self.copy(selected)
            return
        now = time.monotonic()
        if now < self._quit_until:
            self.app.exit()
            return
        self._quit_until = now + QUIT_WITHIN_S
        self._cancel()
        self.notify("Press ctrl+c again to quit.", timeout=QUIT_WITHIN_S, markup=False)

    def _selection(self) -> str:
        if isinstance(self.focused, Input) and self.focused.selected_text:
            return self.focused.selected_text
        return self.get_selected_text() or ""

    def copy(self, text: str) -> None:
        """Copy, and say which way the text went."""
        self.run_worker(self._copy(text), group="copy")

    async def _copy(self, text: str) -> None:
        told = await copy(text, self.session.terminal, self.app.copy_to_clipboard)
        self.notify(told, markup=False)

    def action_copy_chosen(self, as_json: bool = False) -> None:
        """The row where the focus is in the results, else the step or run under the cursor."""
        row = self.results.chosen if isinstance(self.focused, ResultsTable) else None
        watch, step = self.transcript.chosen
        if row is not None and self.transcript.current is not None:
            columns = self.transcript.current.view.columns
            self.copy(copying.row_json(row) if as_json else copying.row_text(row, columns))
        elif watch is not None and step is not None:
            self.copy(copying.step_json(step) if as_json else copying.step_text(step, watch.now_ms()))
        elif watch is not None and watch.view.run:
            self.copy(copying.run_json(watch.view) if as_json else copying.run_text(watch.view))
        else:
            self.app.bell()

    # --- steps and rows ---------------------------------------------------------------------------------------------

    def action_step_cursor(self, by: int) -> None:
        self.transcript.move_cursor(by)

    def action_toggle_all(self) -> None:
        self.transcript.toggle_all()

    def action_toggle_number(self, number: int) -> None:
        self._or_bell(self.transcript.toggle_number(number))

    def action_trouble(self, by: int) -> None:
        self._or_bell(self.transcript.next_trouble(by))

    def action_left_out(self) -> None:
        self._or_bell(self.results.toggle_left_out())

    def action_filter(self) -> None:
        if self.transcript.current is None:
            self.app.bell()
        else:
            self.add_class("-results")
            self.results.filter.open()

    def _or_bell(self, done: bool) -> None:
        if not done:
            self.app.bell()

    # --- other screens ----------------------------------------------------------------------------------------------

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.session.keys))

    def action_inspect(self) -> None:
        from tui.screens.inspector import InspectorScreen  # what is rarely wanted is imported when it is

        watch, step = self.transcript.chosen
        if watch is None or not watch.view.run:
            self.app.bell()
            return
        self.app.push_screen(InspectorScreen(watch, step.id if step is not None else None, self.copy))

    def on_results_table_row_opened(self, message: ResultsTable.RowOpened) -> None:
        from tui.screens.row import RowScreen

        current = self.transcript.current
        if current is not None:
            self.app.push_screen(RowScreen(current, message.row_id, self.copy), self._return_to_row)

    def action_map(self) -> None:
        from tui.screens.map import MapScreen, has_map

        current = self.transcript.current
        if current is None or not has_map(current.view):
            self.notify("There is no map: these rows have no coordinates.", markup=False)
            return
        rows = self.results.table.arranged
        self.app.push_screen(MapScreen(current, rows, self.results.table.cursor_row_id, self.copy), self._return_to_row)

    def _return_to_row(self, row_id: str | None) -> None:
        if row_id is not None:
            self.results.table.go_to(row_id)
            self.results.table.focus()

    def action_export(self) -> None:
        from tui.screens.export import ExportScreen

        current = self.transcript.current
        if current is None or not current.view.run:
            self.app.bell()
            return
        self.app.push_screen(ExportScreen(current.view, self.session.terminal.can_save, self.copy))

    def action_history(self) -> None:
        from tui.screens.history import HistoryScreen

        self.app.push_screen(HistoryScreen(self.desk.history, self.session.asked.questions), self._from_history)

    def _from_history(self, chosen: RunSummary | str | None) -> None:
        if isinstance(chosen, str):
            self.prompt.value = chosen
            self.prompt.cursor_position = len(chosen)
            self.prompt.focus()
        elif chosen is not None:
            self.run_worker(self._open_run(chosen), group="load")

    def offer_left(self) -> None:
        """Over SSH a session may be cut off at any time: offer what it was watching, once."""
        left, lost = self.desk.left, self.desk.lost
        self.desk.left, self.desk.lost = None, ""
        if not self.session.terminal.remote or self.desk.watch is not None:
            return
        if left is not None and left.summary is not None:
            from tui.screens.offer import OfferScreen

            summary = left.summary

            def answered(wanted: bool | None) -> None:
                if wanted:
                    self.desk.resumed = self.desk.fetch(summary)
                    self.run_worker(self._open_run(summary), group="load")

            self.app.push_screen(OfferScreen(left.question, lost), answered)
        elif lost:
            self.notify(f"Your last session ended: {lost}.", severity="warning", markup=False)

    async def _open_run(self, summary: RunSummary) -> None:
        watch = self.desk.fetch(summary)
        self.transcript.show(self.desk.runs, asked=self.desk.watch is not None)
        self.transcript.focus()
        self.call_after_refresh(partial(self.transcript.focus_run, watch))

    def action_settings(self) -> None:
        from tui.screens.settings import SettingsScreen

        self.app.push_screen(
            SettingsScreen(self.session.preferences, [AUTO, *sorted(self.app.available_themes)], self.apply_setting)
        )

    def apply_setting(self, name: str) -> None:
        """Something in ``session.preferences`` has changed: act on it."""
        raise NotImplementedError

    def action_debug(self) -> None:
        from tui.screens.debug import DebugScreen

        self.app.push_screen(DebugScreen(self.desk, self.session))

    def action_focus_prompt(self) -> None:
        self.prompt.focus()

    def action_focus_steps(self) -> None:
        self.remove_class("-results")
        self.transcript.focus()

    def action_focus_results(self) -> None:
        self.add_class("-results")  # in a tiny window that is what makes room for them
        self.call_after_refresh(self._focus_rows)

    def _focus_rows(self) -> None:
        if not self.has_class("-results"):  # the focus that came before was told of after the key
            self.action_focus_results()
            return
        (self.results.examples if self.transcript.current is None else self.results.table).focus()
