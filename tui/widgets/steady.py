"""Widgets that don't have the whole screen laid out for what is inside them.

Textual lays it out whenever the inside of a widget has another size than before, whoever found that out.
"""

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.reactive import Reactive

if TYPE_CHECKING:
    from textual.scroll_view import ScrollView as _Base
    from textual.widget import Widget as _Inside
else:
    _Base = _Inside = object  # Textual takes styles from the first base that is a widget: that must be its own


class Steady(_Base):
    """Scrolls, and its place doesn't depend on what is in it: its height and width must not be ``auto``.

    To be inherited from before Textual's class.

    At each row of a table, at each key in a prompt the inside becomes longer. All that comes of it is a scrollbar,
    whose appearing does lay the screen out.
    """

    virtual_size = Reactive(Size(0, 0), layout=False, repaint=False)

    def watch_virtual_size(self, before: Size, after: Size) -> None:
        self._scroll_update(after)
        if before.width != after.width or min(before.height, after.height) < self.scroll_y + self.size.height:
            self.refresh()


class Settled(_Inside):
    """Has no size inside but that which Textual's layout found: to be inherited from before Textual's class.

    Textual lays the screen out once more for what it has just found: each change cost two. A scrollbar that comes of it
    still lays it out.
    """

    virtual_size = Reactive(Size(0, 0), layout=False, repaint=False)
