"""A DataTable whose cells are single lines, drawn some ten times as fast.

Textual draws a cell with rich's whole machinery, and every cell anew after any change. Here a cell's line is put
together from its text and style, and kept as long as the text is the same; so is a row's, as long as its cells are.
It overrides private methods of Textual, which is pinned (8.2.8); tests compare the outcome with Textual's own.
"""

from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.cache import LRUCache
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import DataTable
from textual.widgets.data_table import CellKey, RowKey

from tui.widgets.coloured import Coloured
from tui.widgets.steady import Steady

KEPT_CELLS = 4_096
KEPT_ROWS = 256


class OneLineTable(Coloured, Steady, DataTable[Text]):
    """Rows are one line high; cells are ``Text`` with a style of their own and a justification, and no spans."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lines: LRUCache[tuple[object, ...], list[list[Segment]]] = LRUCache(KEPT_CELLS)
        self._rows_drawn: dict[RowKey, tuple[tuple[object, ...], Strip]] = {}

    def render_lines(self, crop: Region) -> list[Strip]:
        """As Textual's, without the borders, paddings and opacities that it looks for around each line."""
        if any(self.styles.gutter) or self.opacity != 1.0:
            return super().render_lines(crop)
        self._pseudo_class_state = self.get_pseudo_class_state()
        style, background, filters = self.rich_style, self.background_colors[1], self.get_line_filters()
        strips: list[Strip] = []
        for y in crop.line_range:
            strip = self.render_line(y) if y < self.size.height else Strip.blank(self.size.width, style)
            for one in filters:
                strip = strip.apply_filter(one, background)
            strips.append(strip.crop_extend(*crop.column_span, style))  # wider than a line: below the scrollbar
        return strips

    def _render_line(self, y: int, x1: int, x2: int, base_style: Style) -> Strip:
        """A row of which nothing has changed is the strip that it was, wherever else in the table something has."""
        try:
            row_key, line = self._get_offsets(y)
        except LookupError:
            return super()._render_line(y, x1, x2, base_style)
        columns = self.ordered_columns
        row = self._row_locations.get(row_key) if row_key in self._row_locations else -1
        cursor, hover = self.cursor_coordinate, self.hover_coordinate
        looks = (
            tuple(self._data[row_key][column.key] if row != -1 else column.label for column in columns),
            tuple(column.get_render_width(self) for column in columns),
            row, line, x1, x2, self.size.width, base_style, self.fixed_columns, self.cursor_type,
            None if self.cursor_type == "cell" and cursor.row != row else cursor,
            None if self.cursor_type == "cell" and hover.row != row else hover,
            self._show_hover_cursor, self.show_cursor, self._pseudo_class_state,
        )  # fmt: skip
        kept = self._rows_drawn.get(row_key)
        if kept is None or kept[0] != looks:
            if len(self._rows_drawn) >= KEPT_ROWS:
                self._rows_drawn.clear()
            kept = self._rows_drawn[row_key] = looks, super()._render_line(y, x1, x2, base_style)
        return kept[1]

    def _render_cell(
        self,
        row_index: int,
        column_index: int,
        base_style: Style,
        width: int,
        cursor: bool = False,
        hover: bool = False,
    ) -> list[list[Segment]]:
        is_header = row_index == -1
        cell = self._text_at(row_index, column_index)
        if cell is None:
            return super()._render_cell(row_index, column_index, base_style, width, cursor, hover)
        key = (
            cell.plain, str(cell.style), cell.justify, width, row_index, column_index, base_style, cursor, hover,
            self._show_hover_cursor, self._pseudo_class_state, self.fixed_columns,
        )  # fmt: skip
        lines = self._lines.get(key)
        if lines is None:
            before, after = self._get_styles_to_render_cell(
                is_header,
                False,
                not is_header and (row_index < self.fixed_rows or column_index < self.fixed_columns),
                hover,
                cursor,
                self.show_cursor,
                self._show_hover_cursor,
                self.cursor_foreground_priority == "css",
                self.cursor_background_priority == "css",
            )
            style = base_style + Style.from_meta({"row": row_index, "column": column_index}) + before
            style += self.app.console.get_style(cell.style) + after
            padding = " " * self.cell_padding
            room = max(0, width - 2 * self.cell_padding)
            lines = self._lines[key] = [[Segment(f"{padding}{_fitted(cell, room)}{padding}", style)]]
        return lines

    def _update_column_widths(self, updated_cells: set[CellKey]) -> None:
        """Each column is measured once: Textual measures all of it for each cell that is narrower than it."""
        for key in {column for row, column in updated_cells if row in self.rows and column in self.columns}:
            column = self.columns[key]
            cells = (column.label, *self.get_column(key))
            column.content_width = max(cell_len(cell.plain) for cell in cells)
        self._require_update_dimensions = True

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        # Textual learns the widths of new rows when it is idle. If it painted before, those lines would stay as they
        # were, too narrow, since its caches don't know of widths.
        before = [column.content_width for column in self.columns.values()]
        super()._update_dimensions(new_rows)
        if before != [column.content_width for column in self.columns.values()]:
            self._update_count += 1
            self.refresh()

    def notify_style_update(self) -> None:
        self._lines.clear()
        self._rows_drawn.clear()
        super().notify_style_update()

    def _text_at(self, row_index: int, column_index: int) -> Text | None:
        """The cell if it is of the kind that is drawn here."""
        if column_index < 0:
            return None
        if row_index == -1:
            cell: object = self.ordered_columns[column_index].label if self.header_height == 1 else None
        else:
            row_key = self._row_locations.get_key(row_index)
            column_key = self._column_locations.get_key(column_index)
            if row_key is None or column_key is None or self.rows[row_key].height != 1:
                return None
            cell = self._data[row_key][column_key]
        return cell if isinstance(cell, Text) and not cell.spans else None


def _fitted(cell: Text, room: int) -> str:
    text = cell.plain
    width = cell_len(text)
    if width > room:
        return set_cell_size(set_cell_size(text, max(0, room - 1)) + "…", room) if room else ""
    space = " " * (room - width)
    return space + text if cell.justify == "right" else text + space
