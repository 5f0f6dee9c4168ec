"""A question that was left before its answer: whether to go on watching it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.cells import one_line


class OfferScreen(ModalScreen[bool]):
    """``lost``: why the session before ended, "" if nobody knows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", show=False, priority=True),
        Binding("escape,n,ctrl+c", "dismiss(False)", show=False, priority=True),
    ]

    def __init__(self, question: str, lost: str = "") -> None:
        super().__init__()
        self._question = question
        self._lost = lost

    def compose(self) -> ComposeResult:
        with Vertical(id="offer", classes="sheet"):
            yield Static("You left before the end", classes="heading", markup=False)
            yield Static(f"“{one_line(self._question)}”", markup=False)
            if self._lost:
                yield Static(f"Your last session ended: {one_line(self._lost)}.", classes="muted", markup=False)
            yield Static("enter goes on watching it · esc leaves it", classes="muted", markup=False)
