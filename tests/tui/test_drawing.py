import pytest

from tui.drawing import Canvas, sparkline


def test_dots_fill_a_cell_as_braille_has_them() -> None:
    canvas = Canvas(1, 1)
    for x in range(2):
        for y in range(4):
            canvas.dot(x, y)
    assert canvas.row(0) == "⣿"


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (4, 0), (0, 8), (10**9, -(10**9))])
def test_what_lies_outside_is_not_drawn(place: tuple[int, int]) -> None:
    canvas = Canvas(2, 2)
    canvas.dot(*place)
    assert [canvas.row(0), canvas.row(1)] == ["  ", "  "]


def test_a_line_reaches_both_its_ends() -> None:
    canvas = Canvas(2, 1)
    canvas.line(0, 0, 3, 3)
    assert canvas.row(0) == "⠑⢄"
    back = Canvas(2, 1)
    back.line(3, 3, 0, 0)
    assert back.row(0) == "⠑⢄"


def test_a_sparkline_rises_with_its_values() -> None:
    assert sparkline([0, 1, 2, 3], 2, 1) == ["⣀⣾"] or sparkline([0, 1, 2, 3], 2, 1) == ["⣠⣾"]
    assert sparkline([5, 5, 5], 3, 1)[0] == sparkline([7, 7, 7], 3, 1)[0]
    assert sparkline([], 3) == []
    assert len(sparkline(list(range(24)), 12, 2)) == 2
