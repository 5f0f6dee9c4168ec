"""Making text fit a number of terminal cells. Widths are cells, never characters: a CJK character takes two."""

import re

from rich.cells import cell_len, set_cell_size

from tui.cells import one_line

_SINGLE = " -~\u00a0-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u25fc\u2713\u2717\u2800-\u28ff"
"""Latin letters, dashes and dots, arrows, boxes, our marks, braille: none of them combines, each is one cell."""
_DOUBLE = "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
"""Kana, Han, Hangul: none of them combines, each is two cells."""
SINGLE = re.compile(f"[{_SINGLE}]*")
APART = re.compile(f"[{_SINGLE}{_DOUBLE}]*")
"""Text that can be cut between any two of its letters."""
_DOUBLES = re.compile(f"[{_DOUBLE}]+")


def cells(text: str) -> int:
    """How many cells ``text`` takes. rich looks each letter up as soon as there is an ellipsis."""
    if SINGLE.fullmatch(text):
        return len(text)
    return 2 * len(text) - len(_DOUBLES.sub("", text)) if APART.fullmatch(text) else cell_len(text)


def between(text: str, first: int, last: int) -> str:
    """The letters from cell ``first`` to before ``last`` of a text that ``APART`` knows, neither within a letter."""
    if SINGLE.fullmatch(text):
        return text[max(0, first) : last]
    begin, end, cell = 0, 0, 0
    for letter in text:
        if cell >= last:
            break
        cell += 2 if letter >= "\u3041" else 1
        begin += cell <= first
        end += 1
    return text[begin:end]


def fit(text: str, width: int) -> str:
    """``text`` on one line in exactly ``width`` cells: padded with spaces, or cut and ended with an ellipsis."""
    line = one_line(text)
    room = width - cells(line)
    if room >= 0:
        return line + " " * room
    return set_cell_size(set_cell_size(line, max(0, width - 1)).rstrip() + "…", width) if width > 0 else ""


def shorten(text: str, width: int) -> str:
    """``text`` on one line in at most ``width`` cells; what was cut is seen by the ellipsis."""
    line = one_line(text)
    return line if cells(line) <= width else fit(line, width).rstrip()


def shorten_middle(text: str, width: int) -> str:
    """Like ``shorten``, but the end stays readable: titles often differ there."""
    line = one_line(text)
    if cells(line) <= width or width < 9:
        return shorten(line, width)
    tail = (width - 1) // 3
    end = line
    while cell_len(end) > tail:
        end = end[max(1, (cell_len(end) - tail) // 2) :]
    return set_cell_size(line, width - 1 - cell_len(end)).rstrip() + "…" + end
