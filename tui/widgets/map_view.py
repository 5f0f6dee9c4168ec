"""The map as a widget: the scene in braille, one row chosen, closer or farther, moved by the keys of its screen."""

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.drawing import DOTS_HIGH, DOTS_WIDE
from tui.map.drawing import Picture, runs
from tui.map.scene import Scene, Spot
from tui.map.viewport import Viewport, fitted, world
from tui.widgets.coloured import Coloured

ZOOM = 1.6
CLOSEST = 60.0
"""Dots per degree: beyond it the outlines have no more to tell."""
_STYLES = ("land", "way", "chosen-way", "cool", "mild", "warm", "plain", "label", "chosen", "start")


class MapView(Coloured, Widget, can_focus=True):
    """``show`` takes a scene and the id of the chosen row."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"map--{name}" for name in _STYLES}

    class Chosen(Message):
        """Somebody clicked at this row."""

        def __init__(self, row_id: str) -> None:
            super().__init__()
            self.row_id = row_id

    def __init__(self) -> None:
        super().__init__()
        self._scene = Scene((), None, "", (), "")
        self._chosen: str | None = None
        self._view: Viewport | None = None
        self._is_free = False
        self._picture: Picture | None = None

    def show(self, scene: Scene, chosen: str | None) -> None:
        """As long as nobody zoomed, all of the scene is in sight; the chosen row always is."""
        self._scene, self._chosen = scene, chosen
        self._look()

    def zoom(self, by: int) -> None:
        """Closer (1) or farther (-1), around the chosen row."""
        if self._view is None:
            return
        spot = self._spot(self._chosen)
        lon, lat = spot.position if spot is not None else (self._view.lon, self._view.lat)
        least = world(self._view.width, self._view.height).scale
        scale = min(CLOSEST, max(least, self._view.scale * ZOOM**by))
        self._is_free = True
        self._view = self._view.centred(lon, lat, scale) if scale > least else world(*self.size)
        self._look()

    def fit(self) -> None:
        self._is_free = False
        self._look()

    def see_world(self) -> None:
        self._is_free, self._view = True, world(*self.size)
        self._look()

    def towards(self, right: int, down: int) -> str | None:
        """The row nearest to the chosen one in this direction, None where there is none."""
        here = self._spot(self._chosen)
        if here is None or self._view is None:
            return self._scene.spots[0].row_id if self._scene.spots else None
        x0, y0 = self._view.dot(*here.position)
        found: list[tuple[bool, int, str]] = []
        for spot in self._scene.spots:
            x, y = self._view.dot(*spot.position)
            ahead, aside = (x - x0) * right + (y - y0) * down, abs((x - x0) * down) + abs((y - y0) * right)
            if spot is not here and ahead > 0:
                # What lies rather beside than ahead is taken only where there is nothing else.
                found.append((aside > ahead, ahead + 2 * aside, spot.row_id))
        return min(found)[2] if found else None

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._picture is None or y >= len(self._picture.rows):
            return Strip.blank(width, self.rich_style)
        pieces = runs(self._picture.rows[y])
        strip = Strip(Segment(text, self.get_component_rich_style(f"map--{name or 'land'}")) for text, name in pieces)
        return strip.adjust_cell_length(width, self.rich_style)

    def on_resize(self) -> None:
        self._view, self._picture = None, None
        self._look()

    def on_click(self, event: events.Click) -> None:
        """The row nearest to where it was clicked, if it is near."""
        if self._view is None:
            return
        near = [
            (max(abs(x // DOTS_WIDE - event.x), abs(y // DOTS_HIGH - event.y)), spot.row_id)
            for spot in self._scene.spots
            for x, y in (self._view.dot(*spot.position),)
        ]
        if near and min(near)[0] <= 2:
            self.post_message(self.Chosen(min(near)[1]))

    def _look(self) -> None:
        width, height = self.size
        if width < 1 or height < 1:
            return
        view = self._view
        if view is None or not self._is_free:
            start = [self._scene.start] if self._scene.start is not None else []
            view = fitted([*start, *(spot.position for spot in self._scene.spots)], width, height)
        chosen = self._spot(self._chosen)
        if chosen is not None and not view.holds(*chosen.position):
            view = view.centred(*chosen.position)
        if self._picture is None or self._picture.view != view:
            self._picture = Picture(view)
        self._view = view
        self._picture.draw(self._scene, self._chosen)
        self.refresh()

    def _spot(self, row_id: str | None) -> Spot | None:
        return next((spot for spot in self._scene.spots if spot.row_id == row_id), None)
