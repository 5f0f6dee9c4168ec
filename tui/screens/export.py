"""Where the rows shall go: a file, in the form that its ending names; or the clipboard."""

from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from shared.view import RunView
from tui.export import FORMS, export_rows

_HOW = "All {rows} rows that are in. The ending says the form: .csv, .json or .md."
_COPIED = "All {rows} rows that are in, to your clipboard. Which form: csv, json or md?"


class ExportScreen(ModalScreen[None]):
    """Writes what ``windowseat show RUN --csv`` prints. A file that is there is replaced only after a second enter."""

    BINDINGS = [  # noqa: RUF012  # Textual declares it so
        Binding("escape,ctrl+c", "dismiss", show=False, priority=True),
    ]

    def __init__(self, view: RunView, can_save: bool, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._view = view
        self._can_save = can_save
        self._copy = copy
        self._replaces: Path | None = None
        self._input = Input(f"windowseat-{view.run[:8]}.csv" if can_save else "csv", compact=True)
        self._input.cursor_blink = False
        rows = f"{len(view.shown_rows()):,}"
        self._told = Static((_HOW if can_save else _COPIED).format(rows=rows), markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="export", classes="sheet"):
            yield Static("Export", classes="heading", markup=False)
            yield self._told
            yield self._input
            yield Static("enter exports · esc goes back", classes="muted", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        form = text.rpartition(".")[2].lower()
        if form not in FORMS:
            self._told.update("The ending must be one of .csv, .json, .md.")
        elif not self._can_save:
            self._copy(export_rows(self._view, form))
            self.dismiss()
        else:
            self._save(Path(text).expanduser(), form)

    def _save(self, path: Path, form: str) -> None:
        try:
            if path.exists() and self._replaces != path:
                self._replaces = path
                self._told.update(f"{path} is there already: enter once more to replace it.")
                return
            path.write_text(export_rows(self._view, form), encoding="utf-8")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            self._told.update(f"{path} can't be written: {why}.")
            return
        self.app.notify(f"{len(self._view.shown_rows()):,} rows written to {path.resolve()}", markup=False)
        self.dismiss()
