"""clean and clean_tree: what goes, what stays, and that both are idempotent, bounded and linear."""

import re
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.text import MAX_MARKS, clean, clean_tree

ESCAPES = {
    "colour": "\x1b[31m",
    "many parameters": "\x1b[38;2;1;2;3m",
    "private mode": "\x1b[?1049h",
    "clear": "\x1b[2J",
    "intermediate": "\x1b[1 q",
    "CSI, 8 bit": "\x9b2J",
    "clipboard, BEL": "\x1b]52;c;b3duZWQ=\x07",
    "clipboard, ST": "\x1b]52;c;b3duZWQ=\x1b\\",
    "clipboard, 8 bit": "\x9d52;c;b3duZWQ=\x9c",
    "clipboard, 8 bit start, 7 bit end": "\x9d52;c;b3duZWQ=\x1b\\",
    "string over two lines": "\x1b]52;c;b3du\nZWQ=\x07",
    "string over two lines, ST": "\x1b]52;c;b3du\nZWQ=\x1b\\",
    "string cancelled": "\x1b]52;c;b3du\x18",
    "string substituted": "\x1bPq\x1a",
    "title": "\x1b]0;owned\x07",
    "hyperlink": "\x1b]8;;http://x.example\x1b\\",
    "DCS": "\x1bP$q m\x1b\\",
    "DCS, 8 bit": "\x90$q m\x9c",
    "APC": "\x1b_Gf=100;AAAA\x1b\\",
    "APC, 8 bit": "\x9fGf=100\x9c",
    "PM": "\x1b^hidden\x1b\\",
    "PM, 8 bit": "\x9ehidden\x9c",
    "SOS": "\x1bXhidden\x1b\\",
    "SOS, 8 bit": "\x98hidden\x9c",
    "reset": "\x1bc",
    "character set": "\x1b(0",
    "screen test": "\x1b#8",
    "shift": "\x1bN",
    "escape twice": "\x1b\x1b[2J",
    "escape in a sequence": "\x1b[\x1b[2J",
    "sequence in a string": "\x1b]0;a\x1b[2J",
    "string in a string": "\x1b]0;\x1b]0;a\x07",
    "8 bit string in a string": "\x9d0;\x9d0;a\x9c",
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_escape_sequences_go_whole(escape: str) -> None:
    assert clean(f"Oslo{escape}Rome") == "OsloRome"
    assert clean(escape) == ""


UNTERMINATED = ["\x1b]0;x", "\x1b]x\x1b", "\x1b]52;c;b3duZWQ=", "\x1bPx", "\x1b_x", "\x1b^x", "\x1bXx"]
UNTERMINATED += ["\x1b", "\x1b(", "\x1b[", "\x1b[3", "\x1b[3;", "\x1b[3 ", "\x9b", "\x9b3"]
UNTERMINATED += ["\x9dx", "\x90x", "\x9fx", "\x9ex", "\x98x"]


@pytest.mark.parametrize("start", UNTERMINATED)
def test_unterminated_sequences_go_up_to_the_end(start: str) -> None:
    assert clean(f"Oslo{start}") == "Oslo"


def test_an_unterminated_string_takes_its_line_and_no_more() -> None:
    assert clean("a\x1b]0;b\nc", keep_newlines=True) == "a\nc"
    assert clean("a\x9d0;b\r\nc\x9d", keep_newlines=True) == "a\nc"


INTRODUCERS = {0x1B, 0x90, 0x98, 0x9B, 0x9D, 0x9E, 0x9F}  # these take what follows with them
BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
SPACES = {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85}


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)], ids=hex)
def test_no_control_character_stays(code: int) -> None:
    follows = "" if code in INTRODUCERS else " b" if code in SPACES else "b"
    assert clean(f"a{chr(code)}b") == f"a{follows}"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_every_line_end_becomes_a_space_or_where_kept_a_line_feed(end: str) -> None:
    assert clean(f"a{end}b") == "a b"
    assert clean(f"a{end}b", keep_newlines=True) == "a\nb"


def test_of_all_format_characters_only_those_with_a_shape_and_the_two_joiners_stay() -> None:
    codes = (
        *range(0xA0, 0xE100),
        *range(0xF800, 0x32400),
        *range(0xE0000, 0xE0200),
        *range(0x10FFF0, 0x110000),
    )
    everything = "".join(map(chr, codes))
    kept = set(clean(everything, max_chars=len(everything)))
    visible = {
        *range(0x600, 0x606),
        0x6DD,
        0x70F,
        0x890,
        0x891,
        0x8E2,
        0x110BD,
        0x110CD,
        *range(0x13430, 0x13440),
    }
    formats = {ord(character) for character in kept if unicodedata.category(character) == "Cf"}
    assert formats <= visible | {0x200C, 0x200D}
    assert not {unicodedata.bidirectional(character) for character in kept} & BIDI_CONTROLS
    assert not {unicodedata.category(character) for character in kept} & {"Cc", "Cs", "Zl", "Zp"}
    letters = {character for character in everything if unicodedata.category(character)[0] in "LNPS"}
    assert letters <= kept


def test_tabs_become_spaces_or_stay_with_newlines() -> None:
    assert clean("a\tb") == "a b"
    assert clean("a\tb", keep_newlines=True) == "a\tb"


HIDDEN = [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
INVISIBLE = [
    0xAD,
    0x180E,
    0x200B,
    *range(0x2060, 0x2065),
    *range(0x206A, 0x2070),
    0xFEFF,
    0xFFF9,
    0xE0001,
    0xE0041,
]


@pytest.mark.parametrize("code", HIDDEN + INVISIBLE, ids=hex)
def test_bidi_controls_and_invisible_characters_go(code: int) -> None:
    assert clean(f"a{chr(code)}b") == "ab"


@pytest.mark.parametrize("code", [0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF])
def test_surrogates_and_noncharacters_become_replacement_characters(code: int) -> None:
    cleaned = clean(f"a{chr(code)}b")
    assert cleaned == "a\ufffdb"
    assert cleaned.encode()


LEGITIMATE = {
    "plain": "VLC → OSL, 4h05, 21 °C (typical)",
    "Latin with accents": "Málaga, Tromsø, Gdańsk, İstanbul, Łódź, Nîmes",
    "decomposed accents": unicodedata.normalize("NFD", "Hà Nội, Đà Nẵng, São Paulo"),
    "Greek and Cyrillic": "Αθήνα Москва Київ",
    "Arabic with vowels": "مُحَمَّدٌ مَطَار",
    "Persian with non-joiner": "می\u200cخواهم",
    "Hebrew with points": "בְּרֵאשִׁ֖ית בָּרָ֣א",
    "Devanagari": "नमस्ते क्षत्रिय दिल्ली त्र्यम्बकम्",
    "Devanagari with joiner": "क्\u200dष",
    "Bengali, Tamil": "কলকাতা சென்னை",
    "Sinhala with joiner": "ශ්\u200dරී",
    "Thai, Khmer, Burmese": "กรุงเทพฯ ทื่ ភ្នំពេញ ရန်ကုန်မြို့",
    "Tibetan stack": "བསྒྲུབས ཧཱུྃ",
    "Chinese, Japanese, Korean": "東京 北京 がぎ 서울 　",
    "decomposed Hangul": unicodedata.normalize("NFD", "서울"),
    "emoji family": "👩‍👩‍👧‍👦 👨🏽‍🚀 🏳️‍🌈 ❤️‍🔥",
    "emoji kiss": "👩🏽‍❤️‍💋‍👨🏾",
    "flags": "🇪🇸 🇳🇴",
    "flag of Scotland": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "keycap": "1️⃣ #️⃣",
    "ideographic variation": "葛\U000e0100城",
    "mathematics": "√2 ≈ 1.414 ∑ ⊕ 𝔸",
    "boxes and blocks": "━━━━━━━━━━━━━━━━ ▁▂▃▄▅▆▇█▇▆▅▄▃▂▁ ────────────",
    "private use": "\ue0b0\uf015",
    "markup": "[/] [@click=app.quit]x[/] <b>&amp;",
}


@pytest.mark.parametrize("text", LEGITIMATE.values(), ids=LEGITIMATE)
def test_real_writing_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("mark", ["\u0301", "\u0489", "\u20dd", "\u0e49", "\u093e", "\ufe0f", "\u200d", "\u200c"])
def test_floods_of_marks_are_cut_for_each_base_character(mark: str) -> None:
    some = mark * MAX_MARKS
    assert clean("a" + mark * 1000 + "b" + mark * 1000) == "a" + some + "b" + some
    assert clean("☀" + mark * 1000 + "☀") == "☀" + some + "☀"
    assert clean(mark * 1000) == some
    assert clean("a" + some + mark) == "a" + some


def test_joiners_and_marks_count_together_and_what_is_taken_out_between_them_does_not_help() -> None:
    assert clean("a" + "\u0301\u200d" * 500) == "a" + "\u0301\u200d" * (MAX_MARKS // 2)
    assert clean("a" + "\u0301\x00\u200b\x1b[m" * 500) == "a" + "\u0301" * MAX_MARKS


def test_text_past_the_cap_is_cut_and_says_so() -> None:
    assert clean("abcdef", max_chars=6) == "abcdef"
    assert clean("abcdefg", max_chars=6) == "abcde…"
    assert clean("ab", max_chars=1) == "…"
    assert len(clean("x" * 10_000)) == 4096
    assert clean("\x1b[31mabc", max_chars=3) == "abc"


def test_a_cut_leaves_no_half_flag_and_no_dangling_joiner() -> None:
    assert clean("ab\u200dcd", max_chars=4) == "ab…"
    flag = LEGITIMATE["flag of Scotland"]
    assert clean(flag + "abc", max_chars=5) == "\U0001f3f4…"


def test_a_cap_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        clean("a", max_chars=0)


nasty = st.lists(
    st.one_of(
        st.sampled_from([*ESCAPES.values(), *LEGITIMATE.values()]),
        st.sampled_from([chr(code) for code in (*HIDDEN, *INVISIBLE, 0x1B, 0x9B, 0x9C, 0x9D, 0x200D, 0x301, 0xD800)]),
        st.sampled_from(
            ["\x1b", "[", "]", "\\", "\r", "\n", "\t", "\U0001f3f4", "\U000e0067", "\U000e007f", "\u0301" * 9]
        ),
        st.text(max_size=5),
        st.text(st.characters(), max_size=3),
    ),
    max_size=20,
).map("".join)


@settings(deadline=None)
@given(nasty, st.integers(1, 60), st.booleans())
@example("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007fabc", 4, False)
@example("\x1b\x1b]\x07[2J", 60, False)
def test_cleaning_twice_is_cleaning_once_and_what_comes_out_is_safe(text: str, cap: int, newlines: bool) -> None:
    once = clean(text, max_chars=cap, keep_newlines=newlines)
    assert clean(once, max_chars=cap, keep_newlines=newlines) == once
    assert len(once) <= cap
    once.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]", once)
    assert newlines or not re.search("[\t\n]", once)


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200))
def test_printable_ascii_is_untouched(text: str) -> None:
    assert clean(text) == text


HOSTILE = {
    "introducers": "\x1b]",
    "8 bit introducers": "\x9d",
    "8 bit introducers on lines": "\x9d\n",
    "introducers on lines": "\x1b]a\n",
    "escapes": "\x1b",
    "open CSI": "\x1b[1;1;1",
    "spaces after escape": "\x1b ",
    "marks": "\u0301",
    "joiners": "\u200d",
    "symbols": "☀",
    "black flags": "\U0001f3f4\U000e0067",
    "carriage returns": "\r",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_costs_no_more_than_linear_time(unit: str) -> None:
    def cpu(length: int) -> float:
        text = unit * (length // len(unit))
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            clean(text, keep_newlines=True)
            best = min(best, time.process_time() - start)
        return best

    # Linear gives 16, quadratic 256: noise stays far from the middle.
    assert cpu(320_000) < 64 * max(cpu(20_000), 1e-4)


def test_trees_are_cleaned_keys_too_and_everything_else_stays() -> None:
    tree = {"a\x1b[2J": ["\x9b2Jb", 1, 2.5, True, None, ("c\x00", {"d": "e\nf"})], "g": {}}
    assert clean_tree(tree) == {"a": ["b", 1, 2.5, True, None, ["c", {"d": "e f"}]], "g": {}}
    assert clean_tree("a\nb", keep_newlines=True) == "a\nb"
    assert clean_tree({"a\nb": "c\nd"}, keep_newlines=True) == {"a b": "c\nd"}


def test_trees_are_bounded_in_depth_length_and_text() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert clean_tree(deep, max_depth=2) == [["…"]]
    assert clean_tree({"a": {"b": {}}}, max_depth=1) == {"a": "…"}
    assert clean_tree(list(range(10)), max_items=3) == [0, 1, "…"]
    assert clean_tree(list(range(3)), max_items=3) == [0, 1, 2]
    assert clean_tree({str(n): n for n in range(10)}, max_items=3) == {"0": 0, "1": 1, "…": "…"}
    assert clean_tree({"…": 0, "a": 1, "b": 2, "c": 3}, max_items=3) == {"…": 0, "a": 1}
    assert clean_tree(["abcd"], max_chars=3) == ["ab…"]


def test_of_keys_that_become_equal_the_first_stays() -> None:
    assert clean_tree({"a": 1, "a\x00": 2, "b": 3}) == {"a": 1, "b": 3}


@pytest.mark.parametrize("value", [b"bytes", {1}, object(), {1: 2}])
def test_what_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="JSON has no"):
        clean_tree([value])


@pytest.mark.parametrize("limits", [{"max_items": 0}, {"max_depth": 0}, {"max_chars": 0}])
def test_limits_of_trees_below_one_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        clean_tree(["a"], **limits)  # type: ignore[arg-type]  # mypy can't see that none of these is keep_newlines


trees = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), nasty),
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(nasty, inner, max_size=6)),
    max_leaves=20,
)


@settings(deadline=None)
@given(trees, st.integers(1, 4), st.integers(1, 4))
def test_cleaning_a_tree_twice_is_cleaning_it_once(tree: object, items: int, depth: int) -> None:
    once = clean_tree(tree, max_items=items, max_depth=depth, max_chars=20)
    assert clean_tree(once, max_items=items, max_depth=depth, max_chars=20) == once
