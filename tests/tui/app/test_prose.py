import pytest

from tests.tui.app.hostile import STRINGS
from tui.widgets.prose import LONGEST, is_prose, prose


def styled(text: str, style: str) -> list[str]:
    content = prose(text)
    return [content.plain[span.start : span.end] for span in content.spans if style in str(span.style).split()]


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# Where to go\nRome, *or*  **Oslo**.", "Where to go\n\nRome, or  Oslo."),
        ("one\ntwo  \nthree\n\nfour", "one\ntwo\nthree\n\nfour"),
        ("Go to:\n- Rome\n  - by day\n    or night\n- Oslo", "Go to:\n- Rome\n  - by day\n    or night\n- Oslo"),
        ("- Rome\n\n- Oslo\n\nThen home.", "- Rome\n\n- Oslo\n\nThen home."),
        ("9. nine\n10. ten\n   more\n-\n- - deep", "9. nine\n10. ten\n    more\n- \n- - deep"),
        ("> said\n> so\n>\n> twice\n\nand", "▏ said\n▏ so\n▏\n▏ twice\n\nand"),
        ("so:\n\n> said\n> - it", "so:\n\n▏ said\n▏ - it"),
        ("```python\nif x:\n    y\n```\nafter", "  if x:\n      y\n\nafter"),
        ("| city | °C |\n|---|--:|\n| Rome | **21** |\n| 東京 | 9 |", "city  °C\nRome  21\n東京  9 "),
        ("see [the map](https://a.example/m) or <https://b.example>",
         "see the map (https://a.example/m) or https://b.example"),
        ("![a beach](https://a.example/x.png)", "[image: a beach]"),
        ("a\n\n---\n\n<b>b</b>", "a\n\n" + "─" * 12 + "\n\n<b>b</b>"),
        ("", ""),
    ],
)  # fmt: skip
def test_markdown_is_told_as_it_is_meant(markdown: str, shown: str) -> None:
    assert prose(markdown).plain == shown


def test_what_is_marked_has_a_style() -> None:
    assert styled("**Hot** and *dry* and `x_y`", "bold") == ["Hot"]
    assert styled("**Hot** and *dry* and `x_y`", "italic") == ["dry"]
    assert styled("**Hot** and *dry* and `x_y`", "$text-primary") == ["x_y"]
    assert styled("# Rome *now*", "bold") == ["Rome now"]


@pytest.mark.parametrize("text", ['{"weather": "hot"}', '{"weather": ', "[1, 2]", "x" * (LONGEST + 1), "", " \n"])
def test_json_and_what_has_no_end_stay_as_they_are(text: str) -> None:
    assert not is_prose(text)


@pytest.mark.parametrize("text", ["Rome.", "[Rome](https://a.example) it is", "1. Rome"])
def test_words_are_prose(text: str) -> None:
    assert is_prose(text)


@pytest.mark.parametrize(
    "text", ["&#x202e;evil", "&#27;[2J", "&#x9b;31m", "[a](<\u202e>)", "[&#x202e;](&#x2066;)", *STRINGS]
)
def test_no_spelling_brings_back_what_was_cleaned_and_nothing_can_be_clicked(text: str) -> None:
    content = prose(text)
    assert not set(content.plain) & {"\x1b", "\x9b", "\u202e", "\u2066"} - set(text)
    assert not any("click" in str(span.style) for span in content.spans)
