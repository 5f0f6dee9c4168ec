"""The settings that make sense to change while the app runs: each with its value, who says so, and what it does.

A change acts at once and goes into the user's file. What the command line or the environment says wins over the file,
and is shown as such.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from shared.settings import SettingError
from shared.text import clean
from tui.cells import one_line
from tui.config import ClientSettings
from tui.preferences import AT_START, NotKept, Preferences, key_of
from tui.widgets.fitting import fit, shorten
from tui.widgets.line_view import Line, LineView

_NAME, _VALUE = 11, 22
_HINTS = "← → change · enter next, or type · d default · esc back"


class SettingsScreen(ModalScreen[None]):
    """``themes`` are those there are; ``apply`` is told the name of each setting that is to act."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "close", show=False, priority=True),
        Binding("q,comma", "close", show=False),
        Binding("j,down", "move(1)", show=False),
        Binding("k,up", "move(-1)", show=False),
        Binding("right,l,space,enter", "turn(1)", show=False),
        Binding("left,h", "turn(-1)", show=False),
        Binding("d,delete,backspace", "default", show=False),
    ]

    def __init__(self, preferences: Preferences, themes: Sequence[str], apply: Callable[[str], None]) -> None:
        super().__init__()
        self._preferences = preferences
        self._themes = tuple(themes)
        self._apply = apply
        self._lines = LineView()
        self._about = Static(markup=False, id="settings-about")
        self._input = Input(compact=True)
        self._input.cursor_blink = False
        self._input.display = False

    def compose(self) -> ComposeResult:
        with Vertical(id="settings", classes="sheet"):
            yield Static("Settings", classes="heading", markup=False)
            yield self._lines
            yield self._input
            yield self._about
            yield Static(_HINTS, classes="muted", markup=False)

    def on_mount(self) -> None:
        self._lines.focus()
        self._show()

    # --- painting ---------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._lines.show([self._line(name) for name in self._preferences.changeable])
        self._tell()

    def _line(self, name: str) -> Line:
        shown = fit(shorten(_shown(getattr(self._preferences.settings, name)), _VALUE), _VALUE)
        source = self._preferences.source(name)
        over = self._preferences.overruled_by(name) is not None
        return Line(
            name,
            ((fit(key_of(name), _NAME), ""), (shown, "accent"),
             (f" {source}{' wins' if over else ''}", "warning" if over else "muted")),
        )  # fmt: skip

    def _tell(self) -> None:
        name = self._setting
        parts = [ClientSettings.__dataclass_fields__[name].metadata["text"]]
        over = self._preferences.overruled_by(name)
        if over is not None:
            parts.append(f"{over} wins over the file, as long as it is given")
        elif name in AT_START:
            parts.append("acts from the next start on")
        path = self._preferences.path
        where = f"Kept in {path}" if path is not None else "For this session only"
        self._about.update(f"{one_line('; '.join(parts))}.\n{where}.")

    @property
    def _setting(self) -> str:
        return self._preferences.changeable[self._lines.cursor]

    # --- what the user does -----------------------------------------------------------------------------------------

    def action_close(self) -> None:
        if self._input.display:
            self._end_typing()
        else:
            self.dismiss(None)

    def action_move(self, by: int) -> None:
        self._lines.move(by)
        self._tell()

    def on_click(self) -> None:
        self._tell()

    def action_turn(self, by: int) -> None:
        """The next of the values that there are; where there is any, it is typed."""
        values = self._values(self._setting)
        current = getattr(self._preferences.settings, self._setting)
        if not values:
            self._input.value = current or ""
            self._input.display = True
            self._input.focus()
        else:
            place = values.index(current) if current in values else -1
            self._change(values[(place + by) % len(values)])

    def action_default(self) -> None:
        self._change(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._change(one_line(clean(event.value)).strip() or None):
            self._end_typing()

    def _end_typing(self) -> None:
        self._input.display = False
        self._lines.focus()

    def _values(self, name: str) -> tuple[Any, ...]:
        if name == "theme":
            return self._themes
        if isinstance(getattr(ClientSettings(), name), bool):
            return (True, False)
        return tuple(ClientSettings.__dataclass_fields__[name].metadata["choices"])

    def _change(self, value: Any) -> bool:
        """Whether the value was one that can be; what else there is to say is told."""
        name, over = self._setting, self._preferences.overruled_by(self._setting)
        try:
            self._preferences.change(name, value)
        except SettingError as error:
            self.notify(str(error), severity="error", markup=False)
            return False
        except NotKept as error:
            acts = "For this session only" if over is None else f"Nothing has changed, as {over} wins"
            self.notify(f"{acts}: {error}", severity="warning", markup=False)
        else:
            if over is not None:
                self.notify(f"Kept in the file; now {over} wins over it.", markup=False)
        self._apply(name)
        self._show()
        return True


def _shown(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else "–" if value is None else one_line(value)
