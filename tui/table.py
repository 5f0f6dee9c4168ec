"""A result as aligned text, measured in terminal cells. Nothing is cut unless a width is given, and then visibly."""

import unicodedata
from collections.abc import Sequence

from shared.events import Column
from shared.view import RowView
from tui.cells import format_cell, heading, is_right_aligned, visible_columns

_GAP = "  "
_NARROWEST = 6  # a column that shrinks keeps so many cells, so that what is left can still be told apart


def cell_width(text: str) -> int:
    """How many terminal cells ``text`` takes: 2 for East Asian wide, 0 for combining and format characters."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, an ellipsis where something is missing."""
    if cell_width(text) <= width:
        return text
    kept, used = [], 1
    for char in text:
        used += _char_width(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…" if width > 0 else ""


def result_lines(columns: Sequence[Column], rows: Sequence[RowView], width: int | None = None) -> list[str]:
    """Heading and rows of a result; no lines when there are no rows. ``width`` is the terminal's, None for whole."""
    shown = visible_columns(columns)
    if not rows or not shown:
        return []
    cells = [[format_cell(row.cells.get(column.key), column) for column in shown] for row in rows]
    right = [is_right_aligned(column) for column in shown]
    return text_lines([heading(column) for column in shown], cells, right=right, width=width)


def text_lines(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[bool] = (),
    width: int | None = None,
) -> list[str]:
    """Texts aligned under their headings; ``right`` says which columns align right."""
    lines = [list(headings), *(list(row) for row in rows)]
    right = [*right, *([False] * (len(headings) - len(right)))]
    widths = [max(cell_width(line[place]) for line in lines) for place in range(len(headings))]
    if width is not None:
        widths = _shrunk(widths, right, width)
    aligned = (
        _GAP.join(_padded(text, size, on_right) for text, size, on_right in zip(line, widths, right, strict=True))
        for line in lines
    )
    return [line.rstrip() if width is None else shorten(line.rstrip(), width) for line in aligned]


def _shrunk(widths: list[int], right: Sequence[bool], width: int) -> list[int]:
    # Numbers never shrink: half a number is a wrong number. The widest text gives first.
    widths = list(widths)
    texts = [place for place in range(len(widths)) if not right[place]]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0 and texts:
        widest = max(texts, key=lambda place: widths[place])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        excess -= 1
    return widths


def _padded(text: str, size: int, on_right: bool) -> str:
    text = shorten(text, size)
    space = " " * (size - cell_width(text))
    return space + text if on_right else text + space


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
