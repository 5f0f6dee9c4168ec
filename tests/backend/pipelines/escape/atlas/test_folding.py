import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.atlas.folding import fold, spellings


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("München", "munchen"),
        ("MÜNCHEN", "munchen"),
        ("Mu\u0308nchen", "munchen"),
        ("Straßburg", "strassburg"),
        ("Łódź", "lodz"),
        ("Tromsø", "tromso"),
        ("Ærøskøbing", "aeroskobing"),
        ("İstanbul", "istanbul"),
        ("Iğdır", "igdir"),
        ("Xi'an", "xian"),
        ("Xi’an", "xian"),
        ("St. Louis", "saint louis"),
        ("St", "st"),
        ("L.A.", "la"),
        ("Stratford-upon-Avon", "stratford upon avon"),
        ("  New\u00a0York ", "new york"),
        ("ﬁne", "fine"),
        ("東京", "東京"),
        ("!?", ""),
        ("", ""),
    ],
)
def test_names_fold_to_one_spelling(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_umlauts_are_found_in_both_spellings() -> None:
    assert set(spellings("Köln")) == {"koln", "koeln"}
    assert set(spellings("Ko\u0308ln")) == {"koln", "koeln"}
    assert list(spellings("Paris")) == ["paris"]


@given(st.text())
def test_folding_twice_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(st.text(alphabet=st.characters(codec="latin-1")))
def test_folding_ignores_case(name: str) -> None:
    assert fold(name.upper()) == fold(name.lower())
