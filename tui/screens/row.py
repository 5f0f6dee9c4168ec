"""All that is known of one row: every field with its source, what each step made of it, the calls that it rests on."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui import copying
from tui.row_facts import describe_row
from tui.screens.text import TextScreen
from tui.watch import Watch

LOOK_S = 0.25


class RowScreen(TextScreen[str | None]):
    """Follows the run while it is open. ``enter`` closes it too; its result is the row's id."""

    BINDINGS = [  # noqa: RUF012  # Textual declares it so
        Binding("enter,space", "close", show=False, priority=True),
        Binding("y", "copy", show=False),
        Binding("Y", "copy(True)", show=False),
    ]

    def __init__(self, watch: Watch, row_id: str, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._watch = watch
        self._row_id = row_id
        self._copy = copy
        self._facts = Static(markup=False)
        self._painted = -1

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="row", classes="sheet"):
            yield self._facts

    def on_mount(self) -> None:
        self._look()
        self.set_interval(LOOK_S, self._look)

    def action_close(self) -> None:
        self.dismiss(self._row_id)

    def action_copy(self, as_json: bool = False) -> None:
        row = next((row for row in self._watch.view.rows if row.id == self._row_id), None)
        if row is not None:
            self._copy(copying.row_json(row) if as_json else copying.row_text(row, self._watch.view.columns))

    def _look(self) -> None:
        if self._watch.version != self._painted:
            self._painted = self._watch.version
            self._facts.update(describe_row(self._watch.view, self._row_id, self.size.width))
