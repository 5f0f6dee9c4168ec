"""The keys, by place, from the same table that binds them. Any of the keys that close things closes it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from shared.view import StepState
from tui.keys import help_sections
from tui.narration import GLYPHS, SPINNER

_STATES: dict[StepState, str] = {
    "waiting": "waiting",
    "retrying": "about to try again",
    "ok": "done",
    "degraded": "done, but a part is missing or a fallback was used",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "cancelled",
}


class HelpScreen(ModalScreen[None]):
    """Scrolls where it doesn't fit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark,enter,ctrl+c", "dismiss", show=False, priority=True),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(_help_text(), markup=False)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def _help_text() -> Content:
    lines: list[Content] = []
    for place, keys in help_sections():
        lines += [Content.styled(place.capitalize(), "bold $text-accent")]
        lines += [Content.styled(f"  {shown:<8}", "bold") + Content(text) for shown, text in keys]
        lines.append(Content(""))
    lines.append(Content.styled("Steps", "bold $text-accent"))
    lines.append(Content.styled(f"  {SPINNER[0]} or >  ", "bold") + Content("running"))
    lines += [Content.styled(f"  {GLYPHS[state]}       ", "bold") + Content(text) for state, text in _STATES.items()]
    lines.append(Content(""))
    lines.append(Content.styled("To select text as your terminal does it, hold shift. esc closes this.", "dim"))
    return Content("\n").join(lines)
