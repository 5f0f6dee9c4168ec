"""Many lines, of which only those in sight are drawn: frames, JSON, timings. With a cursor, and following the end.

Lines are keyed, so that the cursor stays where it is when others come. Text is never markup, and never wrapped: what
is wider than the window is scrolled to.
"""

from collections.abc import Hashable, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

WIDEST = 2_000
"""Cells of a line that can be scrolled to; what is cut ends with an ellipsis. The whole can be copied."""


class Line(NamedTuple):
    """``parts`` are (text, style), the style one of "", "muted", "accent", "ok", "warning", "error"."""

    key: Hashable
    parts: tuple[tuple[str, str], ...]
    arrow: str = ""


class LineView(ScrollView, can_focus=True):
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

    def show(self, lines: Sequence[Line]) -> None:
        """The cursor stays on the line of the same key, or at the end when following."""
        key = self.lines[self.cursor].key if self.cursor < len(self.lines) else None
        self.lines = list(lines)
        widest = max((sum(_at_most(text) for text, _ in line.parts) + 2 for line in self.lines), default=0)
        self.virtual_size = Size(min(WIDEST, widest), len(self.lines))
        if self.following:
            self.cursor = max(0, len(self.lines) - 1)
        else:
            place = next((place for place, line in enumerate(self.lines) if line.key == key), self.cursor)
            self.cursor = min(place, max(0, len(self.lines) - 1))
        self.refresh()
        self._scroll_to_cursor(only_if=self.following)

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
        place = y + round(self.scroll_offset.y)
        if place >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        line = self.lines[place]
        is_cursor = place == self.cursor and self.has_focus
        cursor = self.get_component_rich_style("line--cursor")
        segments = [Segment(f"{line.arrow or ' '} ", self.get_component_rich_style("line--muted"))]
        left = WIDEST
        for text, name in line.parts:
            shown = text if len(text) <= left else text[: max(0, left - 1)] + "…"
            left -= len(shown)
            segments.append(Segment(shown, self.get_component_rich_style(f"line--{name or 'plain'}")))
        if is_cursor:
            segments = [Segment(text, style + cursor if style else cursor) for text, style, _ in segments]
        x = round(self.scroll_offset.x)
        strip = Strip(segments).crop(x, x + width)
        return strip.adjust_cell_length(width, cursor if is_cursor else self.rich_style)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.following = False

    def on_click(self, event: events.Click) -> None:
        self.move(event.y + round(self.scroll_offset.y) - self.cursor)

    def _scroll_to_cursor(self, *, only_if: bool = True) -> None:
        if only_if:
            self.scroll_to_region(Region(round(self.scroll_offset.x), self.cursor, 1, 1), animate=False, force=True)


def _at_most(text: str) -> int:
    """Cells that a text takes at most: exactly measured, thousands of long frames would stop the app for seconds."""
    return len(text) if text.isascii() else 2 * len(text)
