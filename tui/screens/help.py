"""The keys, by place, from the same table that binds them. Any of the keys that close things closes it."""

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from shared.view import StepState
from tui.keys import help_sections
from tui.narration import GLYPHS, SPINNER
from tui.screens.text import TextScreen

_STATES: dict[StepState, str] = {
    "waiting": "waiting",
    "retrying": "about to try again",
    "ok": "done",
    "degraded": "done, but a part is missing or a fallback was used",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "cancelled",
}
_COLUMN = 9
_NOTES = (
    "Letters act outside the prompt; every action is in the palette too.",
    "In the prompt ↑ and ↓ go through the questions asked before, and end,",
    "where its end is reached, follows the run again.",
    "To select text as your terminal does it, hold shift. esc closes this.",
)


class HelpScreen(TextScreen[None]):
    """Scrolls where it doesn't fit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark,enter", "close", show=False, priority=True),
    ]

    def __init__(self, rebound: Mapping[str, str]) -> None:
        super().__init__()
        self._rebound = rebound

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help", classes="sheet"):
            yield Static(_help_text(self._rebound), markup=False)


def _help_text(rebound: Mapping[str, str]) -> Content:
    lines: list[Content] = []
    for place, keys in help_sections(rebound):
        lines += [Content.styled(place.capitalize(), "bold $text-accent")]
        lines += [_line(shown, text) for shown, text in keys]
        lines.append(Content(""))
    lines.append(Content.styled("Steps", "bold $text-accent"))
    lines.append(_line(f"{SPINNER[0]} or >", "running"))
    lines += [_line(GLYPHS[state], text) for state, text in _STATES.items()]
    lines.append(Content(""))
    lines += [Content.styled(note, "dim") for note in _NOTES]
    return Content("\n").join(lines)


def _line(shown: str, text: str) -> Content:
    return Content.styled("  " + shown + " " * max(1, _COLUMN - cell_len(shown)), "bold") + Content(text)
