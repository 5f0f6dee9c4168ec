"""Where a filter of the rows is typed. It acts while one types; enter goes back to the rows, esc takes it away."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from shared.text import clean
from tui.cells import one_line
from tui.widgets.coloured import Coloured
from tui.widgets.steady import Steady

PLACEHOLDER = "words that a row must have · !word: must not · high>25 · country=spain"
LATER_S = 0.15
"""Typing goes on for so long before the rows are looked through: with thousands that is not for every key."""


class FilterInput(Coloured, Steady, Input):
    """Hidden until it is wanted, and while there is no filter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(False)", show=False, priority=True),
        Binding("down", "leave(True)", show=False),
    ]

    class Wanted(Message):
        """The rows should be filtered by ``text``; ``done``: typing has ended."""

        def __init__(self, text: str, done: bool) -> None:
            super().__init__()
            self.text = text
            self.done = done

    def __init__(self) -> None:
        super().__init__(placeholder=PLACEHOLDER, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.display = False
        self._told = ""

    def open(self) -> None:
        self.display = True
        self.focus()

    def reset(self) -> None:
        """No filter any more; somebody else said so."""
        self._told = ""
        with self.prevent(Input.Changed):
            self.value = ""
        self.display = False

    def action_leave(self, keep: bool) -> None:
        if not keep:
            self.reset()
        self._tell(done=True)

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(one_line(clean(event.text)))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.set_timer(LATER_S, self._tell_if_changed)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._tell(done=True)

    def _tell_if_changed(self) -> None:
        if self.value.strip() != self._told:
            self._tell(done=False)

    def _tell(self, done: bool) -> None:
        self._told = self.value.strip()
        if done:
            self.display = bool(self._told)
        self.post_message(self.Wanted(self._told, done))
