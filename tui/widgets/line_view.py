"""Many lines, of which only those in sight are drawn: frames, JSON, timings. With a cursor, and following the end.

Lines are keyed, so that the cursor stays where it is when others come. Text is never markup. What is wider than the
window is scrolled to; or wrapped, where the reader wants that: at the edge, not at words, as what is shown is data.
"""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from itertools import accumulate
from typing import ClassVar, NamedTuple

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.coloured import Coloured

WIDEST = 2_000
"""Cells of a line that can be scrolled to; what is cut ends with an ellipsis. The whole can be copied."""
_ARROW = 2


class Line(NamedTuple):
    """``parts`` are (text, style), the style one of "", "muted", "accent", "ok", "warning", "error"."""

    key: Hashable
    parts: tuple[tuple[str, str], ...]
    arrow: str = ""


class LineView(Coloured, ScrollView, can_focus=True):
    """``show`` replaces the lines; the keys of the screen move the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--muted",
        "line--accent",
        "line--ok",
        "line--warning",
        "line--error",
        "line--plain",
        "line--cursor",
    }

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.cursor = 0
        self.following = False
        self.wraps = False
        self._ends: list[int] = []
        """Of each line, the row of the widget after its last one."""
        self._breaks: list[Sequence[int]] = []
        """Of each line that is wrapped, the cells that its rows begin with."""

    def show(self, lines: Sequence[Line]) -> None:
        """The cursor stays on the line of the same key, or at the end when following."""
        key = self.lines[self.cursor].key if self.cursor < len(self.lines) else None
        self.lines = list(lines)
        self._measure()
        if self.following:
            self.cursor = max(0, len(self.lines) - 1)
        else:
            place = next((place for place, line in enumerate(self.lines) if line.key == key), self.cursor)
            self.cursor = min(place, max(0, len(self.lines) - 1))
        self.refresh()
        self._scroll_to_cursor(only_if=self.following)

    def wrap(self, wanted: bool) -> None:
        """Lines as wide as the window, on as many rows as they need; or one row each, to be scrolled sideways."""
        self.wraps = wanted
        self.scroll_to(x=0, animate=False)
        self._measure()
        self._scroll_to_cursor()
        self.refresh()

    def on_resize(self) -> None:
        if self.wraps:
            self._measure()

    def _measure(self) -> None:
        if self.wraps:
            # Room is left for the scrollbar that wrapping may bring.
            room = max(1, self.outer_size.width - self.styles.scrollbar_size_vertical - _ARROW)
            self._breaks = [_breaks("".join(text for text, _ in line.parts)[:WIDEST], room) for line in self.lines]
            self._ends = list(accumulate(len(breaks) for breaks in self._breaks))
            widest = 0
        else:
            self._ends = list(range(1, len(self.lines) + 1))
            widths = [min(WIDEST, sum(_at_most(text) for text, _ in line.parts)) for line in self.lines]
            widest = max(widths, default=0) + _ARROW
        self.virtual_size = Size(widest, self._ends[-1] if self._ends else 0)

    def _rows_of(self, place: int) -> tuple[int, int]:
        """The first row of a line, and how many it has."""
        first = self._ends[place - 1] if place else 0
        return first, self._ends[place] - first

    @property
    def chosen(self) -> Hashable:
        """The key of the line under the cursor, None where there is none."""
        return self.lines[self.cursor].key if self.cursor < len(self.lines) else None

    def move(self, by: int) -> None:
        self.following = False
        self.cursor = min(max(0, self.cursor + by), max(0, len(self.lines) - 1))
        self._scroll_to_cursor()
        self.refresh()

    def follow(self) -> None:
        self.move(len(self.lines))
        self.following = True

    def text(self) -> str:
        """All lines as text."""
        return "\n".join("".join(text for text, _ in line.parts) for line in self.lines)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        row = y + round(self.scroll_offset.y)
        place = bisect_right(self._ends, row)
        if place >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        line = self.lines[place]
        is_cursor = place == self.cursor and self.has_focus
        cursor = self.get_component_rich_style("line--cursor")
        nth = row - self._rows_of(place)[0]
        mark = Segment(
            f"{line.arrow if line.arrow and not nth else ' '} ", self.get_component_rich_style("line--muted")
        )
        text = Strip(self._segments(line))
        if self.wraps:
            breaks = [*self._breaks[place], text.cell_length]
            strip = Strip.join([Strip([mark]), text.crop(breaks[nth], breaks[nth + 1])])
        else:
            x = round(self.scroll_offset.x)
            strip = Strip.join([Strip([mark]), text]).crop(x, x + width)
        if is_cursor:
            strip = Strip([Segment(text, style + cursor if style else cursor) for text, style, _ in strip])
        return strip.adjust_cell_length(width, cursor if is_cursor else self.rich_style)

    def _segments(self, line: Line) -> list[Segment]:
        segments = []
        left = WIDEST
        for text, name in line.parts:
            shown = text if len(text) <= left else text[: max(0, left - 1)] + "…"
            left -= len(shown)
            segments.append(Segment(shown, self.get_component_rich_style(f"line--{name or 'plain'}")))
        return segments

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.following = False

    def on_click(self, event: events.Click) -> None:
        self.move(bisect_right(self._ends, event.y + round(self.scroll_offset.y)) - self.cursor)

    def _scroll_to_cursor(self, *, only_if: bool = True) -> None:
        if only_if and self.lines:
            first, rows = self._rows_of(self.cursor)
            place = Region(round(self.scroll_offset.x), first, 1, min(rows, max(1, self.size.height)))
            self.scroll_to_region(place, animate=False, force=True)


def _breaks(text: str, room: int) -> Sequence[int]:
    """The cells at which rows of at most ``room`` begin: never within a wide character, nor before an accent."""
    if text.isascii():
        return range(0, max(1, len(text)), room)
    breaks, at = [0], 0
    for char in text:
        width = get_character_cell_size(char)
        if at + width - breaks[-1] > room:
            breaks.append(at)
        at += width
    return breaks


def _at_most(text: str) -> int:
    """Cells that a text takes at most: exactly measured, thousands of long frames would stop the app for seconds."""
    return len(text) if text.isascii() else 2 * len(text)
