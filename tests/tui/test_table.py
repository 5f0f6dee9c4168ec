import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import Column
from shared.view import RowView
from tui.table import cell_width, result_lines, shorten, text_lines

COLUMNS = (
    Column(key="city", label="City", kind="text"),
    Column(key="km", label="Distance", kind="integer", unit="km"),
    Column(key="lat", label="Latitude", kind="latitude"),
)


def row(city: object, km: object) -> RowView:
    return RowView(id=str(city), cells={"city": city, "km": km, "lat": 1.0}, state="confirmed", layers=())


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("Málaga", 6), ("Ma\u0301laga", 6), ("東京", 4), ("ｗ", 2), ("ﾜ", 1), ("✈", 1), ("🛫", 2)],
)
def test_width_is_in_terminal_cells(text: str, width: int) -> None:
    assert cell_width(text) == width


def test_columns_align_by_cells_not_characters() -> None:
    assert result_lines(COLUMNS, [row("東京", 10_000), row("Málaga", None)]) == [
        "City    Distance km",
        "東京         10,000",
        "Málaga            –",
    ]


def test_without_a_width_nothing_is_cut() -> None:
    assert len(result_lines(COLUMNS, [row("x" * 500, 1)])[1]) == 513


def test_a_narrow_terminal_shortens_texts_and_never_numbers() -> None:
    lines = result_lines(COLUMNS, [row("Llanfairpwllgwyngyll", 1234), row("Rome", 5)], width=24)
    assert lines == ["City         Distance km", "Llanfairpw…        1,234", "Rome                   5"]


def test_nothing_to_show_is_no_lines() -> None:
    assert result_lines(COLUMNS, []) == []
    assert result_lines((), [row("a", 1)]) == []


@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=4), st.integers(1, 60))
def test_no_line_is_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    for line in text_lines(["one", "two", "three"], rows, right=[False, True], width=width):
        assert cell_width(line) <= width


@given(st.text(), st.integers(0, 30))
def test_a_shortened_text_fits_and_an_untouched_one_is_whole(text: str, width: int) -> None:
    short = shorten(text, width)
    assert cell_width(short) <= width
    assert (short == text) == (cell_width(text) <= width) or short.endswith("…")
