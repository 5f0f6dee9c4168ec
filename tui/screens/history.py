"""What was asked before: the runs that the server keeps and the questions typed here, newest first, found by typing."""

from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from tui.arrange import folded
from tui.cells import one_line
from tui.connection import ClientError, RunSummary
from tui.moments import moment
from tui.narration import elapsed

SHOWN = 200
_MARKS = {"ok": "✓", "partial": "!", "failed": "✗", "cancelled": "■", "interrupted": "✗", "running": ">"}


class HistoryScreen(ModalScreen[RunSummary | str | None]):
    """The result is the run to open, or a question to ask again."""

    BINDINGS = [  # noqa: RUF012  # Textual declares it so
        Binding("escape,ctrl+c,ctrl+r", "dismiss", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("enter", "choose", show=False, priority=True),
        Binding("tab", "choose(True)", show=False, priority=True),
    ]

    def __init__(self, fetch: Callable[[], Awaitable[Sequence[RunSummary]]], questions: Sequence[str]) -> None:
        super().__init__()
        self._fetch = fetch
        self._known: list[RunSummary | str] = list(reversed(questions))
        self._shown: list[RunSummary | str] = []
        self._search = Input(placeholder="words of the question", compact=True)
        self._search.cursor_blink = False
        self._list = OptionList(markup=False)
        self._told = Static("asking the server…", classes="muted", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="history", classes="sheet"):
            yield Static("Asked before", classes="heading", markup=False)
            yield self._search
            yield self._list
            yield self._told

    def on_mount(self) -> None:
        self._list.can_focus = False
        self._find()
        self._search.focus()
        self.run_worker(self._learn(), group="history")

    async def _learn(self) -> None:
        try:
            runs = await self._fetch()
        except ClientError as error:
            self._told.update(f"The server's history can't be read: {error}")
            return
        answered = {run.question for run in runs}
        self._known = [*runs, *(one for one in self._known if one not in answered)]
        self._told.update("enter opens the run · tab takes the question · esc goes back")
        self._find()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._find()

    def action_move(self, by: int) -> None:
        (self._list.action_cursor_down if by > 0 else self._list.action_cursor_up)()

    def action_choose(self, question: bool = False) -> None:
        place = self._list.highlighted
        if place is None:
            self.app.bell()
            return
        chosen = self._shown[place]
        self.dismiss(chosen if isinstance(chosen, str) or not question else chosen.question)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_choose()

    def _find(self) -> None:
        words = folded(self._search.value).split()
        self._shown = [one for one in self._known if all(word in folded(_question(one)) for word in words)][:SHOWN]
        self._list.clear_options()
        self._list.add_options([_line(one) for one in self._shown])
        self._list.highlighted = 0 if self._shown else None


def _question(one: RunSummary | str) -> str:
    return one_line(one if isinstance(one, str) else one.question)


def _line(one: RunSummary | str) -> Content:
    if isinstance(one, str):
        return Content(f"  {_question(one)}")
    took = f" · {elapsed(one.ms)}" if one.ms is not None else ""
    when = moment(one.started_at)
    return Content(f"{_MARKS.get(one.status, '?')} {_question(one)}") + Content.styled(f"  {when}{took}", "dim")
