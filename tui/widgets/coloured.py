"""Widgets that work out their colours once, and not again for each line that they draw.

Textual looks through the styles of all ancestors for each of them, and forgets what it found at each refresh: half of
the time that a line takes to be drawn. Private to Textual, which is pinned (8.2.8): the number by which it tells itself
that styles have changed.
"""

from typing import TYPE_CHECKING

from rich.style import Style
from textual.app import App
from textual.css.styles import RenderStyles, Styles

if TYPE_CHECKING:
    from textual.widget import Widget as _Base
else:
    _Base = object  # Textual takes styles from the first base that is a widget: that must be its own


class Coloured(_Base):
    """To be inherited from before Textual's class."""

    _own_colours: tuple[object, Style] | None = None
    _component_colours: dict[tuple[str, ...], tuple[object, Style]]
    _styles_around: tuple[RenderStyles | Styles, ...] = ()

    @property
    def rich_style(self) -> Style:
        changes = self._changes()
        if self._own_colours is None or self._own_colours[0] != changes:
            self._own_colours = changes, super().rich_style
        return self._own_colours[1]

    def get_component_rich_style(self, *names: str, partial: bool = False, default: Style | None = None) -> Style:
        if partial or default is not None:
            return super().get_component_rich_style(*names, partial=partial, default=default)
        if "_component_colours" not in self.__dict__:
            self._component_colours = {}
        found = self._component_colours.get(names)
        changes = self._changes(), *map(self._component_styles.get, names)
        if found is None or found[0] != changes:
            self._rich_style_cache.pop(names, None)
            found = self._component_colours[names] = changes, super().get_component_rich_style(*names)
        return found[1]

    def _changes(self) -> int:
        """Another value than before where the styles of the widget, or of what it stands in, have changed.

        Textual counts the changes of each of them, and never back.
        """
        around = self._styles_around
        if not around:
            nodes = self.ancestors_with_self
            around = tuple(one for node in nodes for one in (node.styles, node.styles.base, node.styles.inline))
            if isinstance(nodes[-1], App):  # from then on it stays where it is
                self._styles_around = around
        return sum([one._updates for one in around])
