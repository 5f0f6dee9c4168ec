"""Widgets of one line that draw it themselves, without Textual's layers for whatever a widget may look like.

Textual looks for borders, outlines, hatches, tints, links and opacities around each line, anew at each change: most of
what a frame costs, in which two or three such lines change. Here it is looked at once, until a style changes; where
there is any of it, where text is selected, and whatever else isn't one plain line, Textual draws. Private parts of
Textual, which is pinned (8.2.8); a test compares the two.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.widget import Widget

from tui.widgets.coloured import Coloured
from tui.widgets.fitting import cells

if TYPE_CHECKING:
    _Base = Widget
else:
    _Base = object  # Textual takes styles from the first base that is a widget: that must be its own

Part: TypeAlias = tuple[str, str]
"""A text and the name of its style: a component class, OWN or AROUND."""
OWN = ""
"""The style of the widget itself."""
AROUND = "\0"
"""That of the space around its text."""


class Repaints:
    """A screen that can be told that a widget is to be drawn. Textual's way goes through the queues of both, which cost
    more than the widget."""

    def repaint(self, widget: Widget) -> None:
        raise NotImplementedError


class Look(NamedTuple):
    """What the line looks like whatever is written on it. ``left`` and ``right``: cells around the text; ``styles``:
    those of parts by name, and what they come from, as they are needed."""

    width: int
    left: int
    right: int
    background: Color
    around: Style
    filters: Sequence[LineFilter]
    styles: dict[str, tuple[object, Style]]

    @property
    def room(self) -> int:
        """Cells that the text has."""
        return self.width - self.left - self.right


class Drawn(Coloured, _Base):
    """One line that draws itself. To be inherited from before Textual's class; ``parts`` is what stands on it."""

    _look: tuple[object, Look | None] | None = None
    _line: tuple[object, Strip] | None = None

    def parts(self, width: int) -> Sequence[Part] | None:
        """Texts that are ``width`` cells together, or None where Textual is to draw."""
        raise NotImplementedError

    def render_lines(self, crop: Region) -> list[Strip]:
        look = self._as_it_looks() if not crop.y and crop.height == 1 else None
        strip = self._whole(look) if look is not None else None
        if strip is None:
            return super().render_lines(crop)
        return [strip if crop.column_span == (0, strip.cell_length) else strip.crop(*crop.column_span)]

    def _whole(self, look: Look) -> Strip | None:
        """All of it, as it is drawn; None where Textual is to draw."""
        parts = self.parts(look.room)
        if parts is None:
            return None
        shown = look, parts, [self._styled(look, name) for _, name in parts]
        if self._line is None or self._line[0] != shown:
            self._line = shown, _drawn(*shown, self._styled(look, OWN))
        return self._line[1]

    def _set_line_dirty(self) -> None:
        """All of it, as Textual's ``_set_dirty``, which looks up where it stands to know its size."""
        self._styles_cache.clear()
        self._dirty_regions.add(self._size.region)
        self._repaint_regions.add(self._size.region)

    def _as_it_looks(self) -> Look | None:
        """None where there is something around the line that Textual knows how to draw."""
        filters = self.get_line_filters()
        of = self._changes(), self._size, filters
        if self._look is None or self._look[0] != of:
            gutter = self.styles.gutter
            look = None
            if self._size.height == 1 and _is_plain(self) and not gutter.height and gutter.width < self._size.width:
                before, background = self.background_colors
                around = _filtered(VisualStyle(before + background).rich_style, filters, background)
                look = Look(self._size.width, gutter.left, gutter.right, background, around, filters, {})
            self._look = of, look
        return self._look[1]

    def _styled(self, look: Look, name: str) -> Style:
        if name == AROUND:
            return look.around
        component = self._component_styles.get(name)
        found = look.styles.get(name)
        if name and component is None:  # Textual has taken the widget away, and draws it for the last time
            return found[1] if found is not None else self._styled(look, OWN)
        if found is None or found[0] is not component:
            found = component, _filtered(self._named(name), look.filters, look.background)
            look.styles[name] = found
        return found[1]

    def _named(self, name: str) -> Style:
        return self.get_component_rich_style(name) if name else self.rich_style


class OneLine(Drawn):
    """It is never more than one line, and made of parts alone; and where it changes it tells the screen itself."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1

    def render_line(self, y: int) -> Strip:
        """For Textual."""
        width = self.size.width
        parts = self.parts(width) if y == 0 and width > 0 else None
        if parts is None:
            return Strip.blank(width, self.rich_style)
        segments = [Segment(text, self._named(name)) for text, name in parts]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As Textual's; where the line alone is to be drawn anew, the screen is told."""
        screen = None if layout or recompose or not repaint or not self._size else self._screen()
        if screen is None:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        self._layout_cache.clear()
        if regions:
            self._set_dirty(*regions)
        else:
            self._set_line_dirty()
        screen.repaint(self)
        return self

    def _screen(self) -> Repaints | None:
        """That which it stands on, if it can be told; None also before it does, and when it is gone."""
        node: MessagePump | None = self
        while node is not None and not isinstance(node, Repaints):
            node = node._parent
        return node


class Words(OneLine, Widget):
    """A line of plain text, never markup; where it is selected, or too long, Textual draws it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.text = ""

    def show(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.refresh()

    def render(self) -> Content:
        return Content(self.text)

    def render_line(self, y: int) -> Strip:
        """With the places of the letters, by which they are selected."""
        return Widget.render_line(self, y)

    def _named(self, name: str) -> Style:
        """As Textual styles a text, with the place of its first letter."""
        self._visual_style = None  # it remembers the one before also where what this stands in looks otherwise now
        return self.visual_style.rich_style_with_offset(0, 0)

    def parts(self, width: int) -> Sequence[Part] | None:
        space = width - cells(self.text)
        if space < 0 or not self.text.isprintable() or self._is_selected():
            return None
        around = [(" " * space, AROUND)] if space else []
        return [*around, (self.text, OWN)] if self.styles.text_align == "right" else [(self.text, OWN), *around]

    def _is_selected(self) -> bool:
        """As ``text_selection``, which fails where the widget has just been taken away."""
        screen = self._screen()
        return isinstance(screen, Screen) and self in screen.selections


def _is_plain(widget: Widget) -> bool:
    """Whether nothing of what Textual may draw around a text, or do to it, is wanted."""
    styles = widget.styles
    return (
        not any(kind for kind, _ in (*styles.border, *styles.outline))
        and (styles.hatch == "none" or not styles.has_rule("hatch"))
        and not styles.tint.a
        and widget.opacity == styles.text_opacity == 1.0
        and styles.content_align == ("left", "top")
    )


def _drawn(look: Look, parts: Sequence[Part], styles: Sequence[Style], own: Style) -> Strip:
    segments = [Segment(text, style) for (text, _), style in zip(parts, styles, strict=True)]
    strip = Strip(segments, sum([cells(text) for text, _ in parts]))
    strip = strip.adjust_cell_length(look.room, own)
    if not look.left and not look.right:
        return strip
    left, right = Segment(" " * look.left, look.around), Segment(" " * look.right, look.around)
    return Strip([one for one in (left, *strip, right) if one.text], look.width)


def _filtered(style: Style, filters: Sequence[LineFilter], background: Color) -> Style:
    """As Textual's filters leave a style: they look at each piece of a line by itself."""
    strip = Strip([Segment(" ", style)], 1)
    for one in filters:
        strip = strip.apply_filter(one, background)
    return strip._segments[0].style or style
