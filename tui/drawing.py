"""Drawing with braille: each terminal cell is two dots wide and four high, and none of its characters is ambiguous."""

from collections.abc import Sequence

_BLANK = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
DOTS_WIDE, DOTS_HIGH = 2, 4


class Canvas:
    """``width`` x ``height`` cells; dots are counted from the left and from the top. What lies outside is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._cells = [bytearray(width) for _ in range(height)]

    def dot(self, x: int, y: int) -> None:
        if 0 <= x < self.width * DOTS_WIDE and 0 <= y < self.height * DOTS_HIGH:
            self._cells[y >> 2][x >> 1] |= _DOTS[y & 3][x & 1]

    def line(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """Bresenham's."""
        dx, dy = abs(x1 - x0), -abs(y1 - y0)
        step_x, step_y = 1 if x0 < x1 else -1, 1 if y0 < y1 else -1
        error = dx + dy
        while True:
            self.dot(x0, y0)
            if x0 == x1 and y0 == y1:
                return
            doubled = 2 * error
            if doubled >= dy:
                error += dy
                x0 += step_x
            if doubled <= dx:
                error += dx
                y0 += step_y

    def row(self, y: int) -> str:
        """The characters of a row of cells; a space where nothing is drawn."""
        return "".join(chr(_BLANK + dots) if dots else " " for dots in self._cells[y])


def sparkline(values: Sequence[float], width: int, height: int = 2) -> list[str]:
    """``values`` from left to right as filled columns in ``width`` x ``height`` cells, the lowest one dot high."""
    if not values or width < 1:
        return []
    canvas = Canvas(width, height)
    low, high = min(values), max(values)
    dots, tall = width * DOTS_WIDE, height * DOTS_HIGH
    for x in range(dots):
        value = values[x * len(values) // dots]
        share = (value - low) / (high - low) if high > low else 0.5
        top = tall - 1 - round(share * (tall - 1))
        for y in range(top, tall):
            canvas.dot(x, y)
    return [canvas.row(y) for y in range(height)]
