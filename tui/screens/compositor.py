"""Textual's compositor, asking only those widgets for their lines that have something new to draw.

Textual asks every widget between the first and the last change on the screen for all its lines, and drops those that
aren't wanted: a second that passes in the header and a letter in the prompt are the whole screen. It asks those too
that lie behind others, containers above all, and makes ready for every line of the screen where two have changed. This
overrides private methods of Textual, which is pinned (8.2.8); a test compares what is drawn.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias, cast

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Chops: TypeAlias = dict[int, dict[int, Strip | None]]
"""Line, and column where a piece begins: the piece, None as long as nobody has drawn it."""


class _Placed(NamedTuple):
    """A widget and what is seen of it, in columns and lines of the screen; ``x`` and ``y``: where it begins."""

    widget: Widget
    x: int
    y: int
    left: int
    top: int
    right: int
    bottom: int


class ThriftyCompositor(Compositor):
    """Draws as Textual's, with less work."""

    def __init__(self) -> None:
        super().__init__()
        self._placed: list[_Placed] = []
        self._placed_of: object = None

    def render_partial_update(self) -> ChopsUpdate | None:
        screen = self.size.region
        wanted = [part for dirty in self._dirty_regions if (part := dirty.intersection(screen))]
        self._dirty_regions.clear()
        if not wanted:
            return None
        spans = list(self._regions_to_spans(wanted))
        cuts = self.cuts
        chops: Chops = {y: dict.fromkeys(cuts[y][:-1]) for y, _, _ in spans}
        for placed, top, strips in self._drawn(wanted):
            for y, strip in enumerate(strips, top):
                if y in chops:
                    _put(chops[y], [cut for cut in cuts[y] if placed.left <= cut <= placed.right], strip)
        ends = {y: cuts[y][1:] for y in chops}
        return ChopsUpdate(cast("Sequence[dict[int, Strip | None]]", chops), spans, cast("list[list[int]]", ends))

    def _drawn(self, wanted: Sequence[Region]) -> Iterator[tuple[_Placed, int, list[Strip]]]:
        """Lines that cover ``wanted``, those of the widgets in front first; and which line of the screen is the first.

        Of each widget the lines between the first and the last that are wanted of it.
        """
        left = [(region.x, region.y, region.right, region.bottom) for region in wanted]
        first, last = min(y for _, y, _, _ in left), max(bottom for _, _, _, bottom in left)
        for placed in self._places():
            if placed.top >= last or placed.bottom <= first:
                continue
            touched = [
                (max(y, placed.top), min(bottom, placed.bottom))
                for x, y, right, bottom in left
                if y < placed.bottom and bottom > placed.top and x < placed.right and right > placed.left
            ]
            if touched:
                top, bottom = min(y for y, _ in touched), max(end for _, end in touched)
                width = placed.right - placed.left
                crop = Region(placed.left - placed.x, top - placed.y, width, bottom - top)
                yield placed, top, placed.widget.render_lines(crop)
                left = [one for one in left if not _covers(placed, *one)]
                if not left:
                    return

    def _places(self) -> list[_Placed]:
        """Those in front first."""
        visible = self.visible_widgets  # another object once anything has moved
        if self._placed_of is not visible:
            self._placed_of, self._placed = visible, []
            for widget, (region, clip) in visible.items():
                if seen := region.intersection(clip):
                    corners = seen.x, seen.y, seen.right, seen.bottom
                    self._placed.append(_Placed(widget, region.x, region.y, *corners))
        return self._placed


def _covers(placed: _Placed, x: int, y: int, right: int, bottom: int) -> bool:
    return placed.left <= x and placed.top <= y and placed.right >= right and placed.bottom >= bottom


def _put(chops: dict[int, Strip | None], cuts: Sequence[int], strip: Strip) -> None:
    """Cut the strip, where nothing in front of it is there already."""
    is_whole = len(cuts) == 2 and strip.cell_length == cuts[1] - cuts[0]
    parts = [strip] if is_whole else strip.divide([cut - cuts[0] for cut in cuts[1:]])
    for cut, part in zip(cuts, parts, strict=False):
        if chops.get(cut) is None:
            chops[cut] = part
