"""Textual's compositor, asking only those widgets for their lines that have something new to draw.

Textual asks every widget between the first and the last change on the screen for all its lines, and drops those that
aren't wanted: a second that passes in the header and a letter in the prompt are the whole screen. It asks those too
that lie behind others, containers above all. This overrides private methods of Textual, which is pinned (8.2.8); a test
compares what is drawn.
"""

from collections.abc import Iterable

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class ThriftyCompositor(Compositor):
    """Draws as Textual's, with less work."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: tuple[Region, ...] = ()

    def render_partial_update(self) -> ChopsUpdate | None:
        self._wanted = tuple(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._wanted = ()

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if not self._wanted:
            yield from super()._get_renders(crop)
            return
        wanted = self._wanted
        for widget, (region, clip) in self.visible_widgets.items():  # those in front first
            seen = region.intersection(clip)
            touched = [part for dirty in wanted if (part := seen.intersection(dirty))]
            if touched:
                first = min(part.y for part in touched)
                height = max(part.bottom for part in touched) - first
                strips = widget.render_lines(Region(seen.x - region.x, first - region.y, seen.width, height))
                yield Region(seen.x, first, seen.width, height), clip, strips
                wanted = tuple(dirty for dirty in wanted if not seen.contains_region(dirty))
                if not wanted:
                    return
