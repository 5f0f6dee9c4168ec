"""A terminal's screen, as far as Textual's frames need one: cells with their styles, from the bytes that were sent."""

import re

from rich.cells import get_character_cell_size

_PARTS = re.compile(r"\x1b\[(?P<row>\d+);(?P<column>\d+)H|\x1b\[(?P<style>[\d;]*)m|\x1b\[\?\d+[hl]|(?P<text>[^\x1b]+)")

Cell = tuple[str, str]
"""A character, and the SGR parameters that it is drawn with. Of a wide one the second cell is ("", …)."""


class ScreenOf:
    """``feed`` draws; ``cells`` is what stands there."""

    def __init__(self, width: int, height: int) -> None:
        self.cells: list[list[Cell]] = [[(" ", "")] * width for _ in range(height)]
        self._x = self._y = 0
        self._style = ""

    def feed(self, sequences: str) -> None:
        """Raises ValueError for what no frame may contain."""
        place = 0
        for part in _PARTS.finditer(sequences):
            if part.start() != place:
                raise ValueError(f"not understood: {sequences[place : part.start()]!r}")
            place = part.end()
            if part["row"]:
                self._y, self._x = int(part["row"]) - 1, int(part["column"]) - 1
            elif part["style"] is not None:
                self._style = "" if part["style"] == "0" else part["style"]
            elif part["text"]:
                self._write(part["text"])
        if place != len(sequences):
            raise ValueError(f"not understood: {sequences[place:]!r}")

    def _write(self, text: str) -> None:
        for char in text:
            if char == "\n":
                continue  # between the lines of a whole frame, each of which is gone to anyway
            width = get_character_cell_size(char)
            if width == 0:
                before = self.cells[self._y][self._x - 1]
                self.cells[self._y][self._x - 1] = before[0] + char, before[1]
                continue
            for cell in range(width):
                self.cells[self._y][self._x + cell] = (char if cell == 0 else "", self._style)
            self._x += width

    def text(self) -> list[str]:
        return ["".join(char for char, _ in line) for line in self.cells]
