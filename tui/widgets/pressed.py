"""What a click is, on a line that folds: one press and release, and nothing else that ends with the button going up."""

import time
from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from textual.widget import Widget as _Base
else:
    _Base = object  # Textual takes styles from the first base that is a widget: that must be its own

FRONT_S = 0.3
"""A press so soon after the window came to the front is what brought it there."""


class Pressed(_Base):
    """To be inherited from before a widget's class; ``pressed`` is called for a click.

    Not one is a drag that ends here (it selects text), the second of a double click (it selects a word), and the click
    that only brings the window to the front.
    """

    _pressed_at: tuple[int, int] | None = None

    def pressed(self) -> None:
        raise NotImplementedError

    def on_mouse_down(self, event: events.MouseDown) -> None:
        brought_to_front = time.monotonic() - getattr(self.app, "came_to_front", 0.0) < FRONT_S
        self._pressed_at = None if brought_to_front else (event.screen_x, event.screen_y)

    def on_click(self, event: events.Click) -> None:
        if self._pressed_at == (event.screen_x, event.screen_y) and event.chain == 1:
            self.pressed()
