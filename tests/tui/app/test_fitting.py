from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.fitting import APART, between, cells, fit, shorten, shorten_middle

TEXTS = st.text(
    alphabet=st.one_of(st.characters(blacklist_categories=["Cs", "Cc"]), st.sampled_from("東京 é\n"))
) | st.text("大", max_size=20)


@given(TEXTS, st.integers(0, 60))
def test_fitted_text_takes_exactly_its_cells(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


@given(TEXTS, st.integers(1, 60))
def test_shortened_text_takes_at_most_its_cells_on_one_line(text: str, width: int) -> None:
    for short in (shorten(text, width), shorten_middle(text, width)):
        assert cell_len(short) <= width
        assert "\n" not in short


def test_letters_that_are_counted_without_rich_are_as_wide_as_it_says() -> None:
    for letter in filter(APART.fullmatch, map(chr, range(0x20, 0x3_0000))):
        assert cells(letter) == cell_len(letter), hex(ord(letter))


@given(st.text("ab 漢カ한→é", max_size=30))
def test_cells_of_a_text_and_what_lies_between_two_of_them(text: str) -> None:
    assert cells(text) == cell_len(text)
    for begin in range(len(text)):
        for end in range(begin, len(text) + 1):
            assert between(text, cell_len(text[:begin]), cell_len(text[:end])) == text[begin:end]


def test_what_is_cut_is_seen() -> None:
    assert fit("Look up non-stops", 10) == "Look up n…"
    assert shorten("東京国際空港", 6) == "東京…"


def test_the_middle_goes_first_so_that_beginning_and_end_stay() -> None:
    short = shorten_middle("Look up the non-stops from Valencia", 20)
    assert short.startswith("Look up the")
    assert short.endswith("lencia")
    assert "…" in short
