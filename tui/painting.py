"""What stands on the terminal, remembered, so that of each frame only the cells that are another are sent.

Textual sends every line that it has drawn anew, whole, whether or not it looks as before: a row that comes into a table
is the table. Here a piece of a line is compared with the piece that was sent last at its place. Everything that Textual
sends to draw goes through one ``Shown``, whichever screen it is of. It uses private parts of Textual, which is pinned
(8.2.8).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from tui.widgets.fitting import APART, between, cells

Piece: TypeAlias = tuple[int, int, Strip]
"""Column, line, what is drawn there."""


class Drawn(CompositorUpdate):
    """A frame that is put together already."""

    def __init__(self, sequences: str) -> None:
        self._sequences = sequences

    def render_segments(self, console: Console) -> str:
        return self._sequences


class Shown:
    """The pieces on the terminal. ``forget`` when something else may have written to it."""

    def __init__(self) -> None:
        self._size = Size(0, 0)
        self._lines: list[dict[int, Strip]] = []

    def forget(self) -> None:
        self._size = Size(0, 0)

    def changes(self, update: CompositorUpdate, size: Size, console: Console) -> str | None:
        """The sequences that bring a terminal of this size up to ``update``, "" for none; None if that isn't known."""
        if isinstance(update, ChopsUpdate):
            pieces = _pieces_of_chops(update)
        elif isinstance(update, LayoutUpdate):
            pieces = _pieces_of_layout(update)
        else:
            self.forget()
            return None
        if size != self._size:
            self._size = size
            self._lines = [{} for _ in range(size.height)]
        return "".join(self._sequences(pieces, console))

    def change(self, piece: Piece, size: Size, console: Console) -> str | None:
        """As ``changes`` of this piece alone; None where it isn't known that a piece as wide stands at its place."""
        x, y, strip = piece
        before = self._lines[y].get(x) if size == self._size and y < size.height else None
        if before is None or before.cell_length != strip.cell_length:
            return None
        return "".join(self._sequences([piece], console))

    def _sequences(self, pieces: Iterable[Piece], console: Console) -> Iterator[str]:
        for x, y, strip in pieces:
            if y >= len(self._lines):
                continue
            line = self._lines[y]
            before = line.get(x)
            if before is strip:
                continue
            if before is None or before.cell_length != strip.cell_length:
                _give_way(line, x, x + strip.cell_length)
                first, last = 0, strip.cell_length
            else:
                first, last = _differing(before._segments, strip._segments, strip.cell_length)
            line[x] = strip
            if first < last:
                yield f"\x1b[{y + 1};{x + first + 1}H"
                if (first, last) == (0, strip.cell_length):
                    yield strip.render(console)
                else:
                    yield from _rendered(_cut(strip._segments, first, last), console)


def _pieces_of_chops(update: ChopsUpdate) -> Iterator[Piece]:
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < x2 and end > x1:
                yield x, y, strip if strip.cell_length == end - x else strip.crop(0, end - x)


def _pieces_of_layout(update: LayoutUpdate) -> Iterator[Piece]:
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            yield x, y, strip
            x += strip.cell_length


def _rendered(segments: Iterable[Segment], console: Console) -> Iterator[str]:
    colors = console._color_system or ColorSystem.TRUECOLOR
    for text, style, _ in segments:
        yield text if style is None else Strip.render_style(style, text, color_system=colors)


def _cut(segments: Iterable[Segment], first: int, last: int) -> Iterator[Segment]:
    """From cell ``first`` to before ``last``. Textual's ``crop`` does the same, dearer."""
    begin = 0
    for segment in segments:
        text, style, _ = segment
        end = begin + cells(text)
        if begin < last and end > first:
            if begin >= first and end <= last:
                yield segment
            elif APART.fullmatch(text):
                yield Segment(between(text, first - begin, last - begin), style)
            else:
                kept = segment.split_cells(min(last, end) - begin)[0]
                yield kept.split_cells(first - begin)[1] if first > begin else kept
        begin = end


def _give_way(line: dict[int, Strip], first: int, last: int) -> None:
    """Other pieces than before: what they cover, even in part, is no longer known."""
    for x in [x for x, strip in line.items() if x < last and x + strip.cell_length > first]:
        del line[x]


def _differing(before: Sequence[Segment], after: Sequence[Segment], width: int) -> tuple[int, int]:
    """The first cell that is another, and the one after the last such; equal if there is none."""
    first = _alike(iter(before), iter(after), from_end=False)
    if first >= width:
        return 0, 0
    alike = _alike(reversed(before), reversed(after), from_end=True)
    return first, max(first, width - alike)


def _alike(before: Iterator[Segment], after: Iterator[Segment], *, from_end: bool) -> int:
    """How many cells are the same, counted from one end. Within a segment only characters that stand by themselves are
    compared one by one: a letter without its accent must not be sent."""
    alike = 0
    for (old, old_style, _), (new, new_style, _) in zip(before, after, strict=False):
        if old_style is not new_style and old_style != new_style:
            break
        if old == new:
            alike += cells(new)
            continue
        if APART.fullmatch(old) and APART.fullmatch(new):
            step = -1 if from_end else 1
            letters = 0
            for one, other in zip(old[::step], new[::step], strict=False):
                if one != other:
                    break
                letters += 1
            alike += cells(new[len(new) - letters :] if from_end else new[:letters])
        break
    return alike
