"""Scrolling widgets whose place on the screen doesn't depend on what is in them: more in them lays nothing out anew."""

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.reactive import Reactive

if TYPE_CHECKING:
    from textual.scroll_view import ScrollView as _Base
else:
    _Base = object  # Textual takes styles from the first base that is a widget: that must be its own


class Steady(_Base):
    """To be inherited from before Textual's class. Its height and width must not be ``auto``.

    Textual lays the whole screen out when the inside of a widget becomes longer: at each row of a table, at each key in
    a prompt. All that comes of it here is a scrollbar, whose appearing does lay it out.
    """

    virtual_size = Reactive(Size(0, 0), layout=False, repaint=False)

    def watch_virtual_size(self, before: Size, after: Size) -> None:
        self._scroll_update(after)
        if before.width != after.width or min(before.height, after.height) < self.scroll_y + self.size.height:
            self.refresh()
