"""What the screens that lie over the main one have in common: the keys that scroll and close them."""

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

T = TypeVar("T")


class TextScreen(ModalScreen[T]):
    """One scrolling text; any of the keys that close things closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "close", show=False, priority=True),
        Binding("j,down", "scroll(1)", show=False, priority=True),
        Binding("k,up", "scroll(-1)", show=False, priority=True),
        Binding("ctrl+d,pagedown", "page(1)", show=False, priority=True),
        Binding("ctrl+u,pageup", "page(-1)", show=False, priority=True),
        Binding("g,home", "to(0)", show=False, priority=True),
        Binding("G,end", "to(1)", show=False, priority=True),
    ]

    def action_close(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self._text.scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        self._text.scroll_relative(y=by * max(1, self._text.size.height // 2), animate=False)

    def action_to(self, end: int) -> None:
        (self._text.scroll_end if end else self._text.scroll_home)(animate=False)

    @property
    def _text(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)
