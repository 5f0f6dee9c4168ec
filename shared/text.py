"""Text from outside made safe to show in a terminal, a page or a log: cleaned once, at the boundary.

It takes out what acts (escape sequences, controls), what hides or turns text around (bidi and invisible
characters), what isn't text (lone surrogates, noncharacters) and what floods (marks, length). It never
interprets, folds or normalises.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

ELLIPSIS: Final = "…"
MAX_MARKS: Final = 8  # in a row; Tibetan stacks come near, living writing needs three or four

_JOINERS: Final = "\u200c\u200d"  # zero-width (non-)joiner: Persian, Indic scripts and emoji families need them
_TAGS: Final = "".join(map(chr, range(0xE0020, 0xE0080)))

# Character classes, for use inside of [].
_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_BIDI: Final = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE: Final = (
    r"\xad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
_NO_TEXT: Final = r"\ud800-\udfff\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
)
_LINE_ENDS: Final = r"\n\r\v\f\x85\u2028\u2029"
_UNSAFE: Final = _CONTROLS + _BIDI + _INVISIBLE + _NO_TEXT + _LINE_ENDS
_STRING_BREAKS: Final = r"\x07\x18\x1a\x1b\x90\x98\x9b-\x9f"

# Tags that follow a black flag spell the one of Scotland; anywhere else they are hidden text.
_FLAG: Final = r"\U0001f3f4(?:[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)?"

# Escape sequences as in ECMA-48, sections 5 and 8.3, and as xterm reads them. A control string ends at ST,
# BEL, CAN or SUB; without an end it goes up to the end of its line. No body reaches into the next introducer:
# that keeps the search linear.
_PIECES: Final = "|".join(
    (
        rf"(?P<kept>[ -~]+|[^{_UNSAFE}\U0001f3f4]+|{_FLAG})",
        rf"(?P<space>\r\n|[\t{_LINE_ENDS}])",
        rf"(?P<no_text>[{_NO_TEXT}])",
        rf"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])"
        rf"(?:[^{_STRING_BREAKS}]*(?:[\x07\x18\x1a\x9c]|\x1b\\)|[^{_STRING_BREAKS}{_LINE_ENDS}]*)",
        r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?",
        r"\x1b[ -/]*[0-~]?",
        rf"[{_UNSAFE}]",
    )
)
# Marks are neither letters, digits, spaces nor ASCII: a cheap first look for what may be too many of them.
_MANY_MARKS: Final = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")


def clean(text: str, *, max_chars: int = 4096, keep_newlines: bool = False) -> str:
    """Return ``text`` without what acts, hides or floods; cleaning again changes nothing.

    Escape sequences go whole (CSI, OSC, DCS, APC, PM, SOS and the rest, 7 and 8 bit, unterminated ones too),
    as do control, bidi and invisible characters; lone surrogates and noncharacters become U+FFFD. A tab or a
    line end of any kind becomes a space; with ``keep_newlines`` a line end becomes LF and tabs stay. At most
    ``MAX_MARKS`` combining marks or joiners stay in a row. What is longer than ``max_chars`` characters is
    cut and ends in "…".

    Raises ``ValueError`` if ``max_chars`` is less than 1. Time is linear in the text.
    """
    if max_chars < 1:
        raise ValueError(f"max_chars must be at least 1, not {max_chars}")
    if not text.isprintable():
        text = _pieces().sub(_with_newlines if keep_newlines else _on_one_line, text)
    if not text.isascii():
        text = _MANY_MARKS.sub(_fewer_marks, text)
    if len(text) > max_chars:
        # Half a flag or a joiner that joins nothing would be hidden characters again.
        text = text[: max_chars - 1].rstrip(_JOINERS + _TAGS) + ELLIPSIS
    return text


@cache
def _pieces() -> re.Pattern[str]:
    """Compiled with the first text that needs it: that takes as long as to import several modules."""
    return re.compile(_PIECES)


def clean_tree(
    value: object,
    *,
    max_chars: int = 4096,
    max_items: int = 1000,
    max_depth: int = 16,
    keep_newlines: bool = False,
) -> Json:
    """Return a copy of a JSON-like value in which every string, keys too, is ``clean``.

    A list or an object keeps at most ``max_items`` entries, the last of them "…" where some were left out;
    what lies deeper than ``max_depth`` containers becomes "…". Of keys that become equal the first stays.
    Tuples become lists.

    Raises ``TypeError`` for what JSON doesn't have, ``ValueError`` if a limit is less than 1.
    """
    if min(max_chars, max_items, max_depth) < 1:
        raise ValueError("max_chars, max_items and max_depth must be at least 1")
    return _TreeCleaner(max_chars, max_items, keep_newlines).value(value, max_depth)


def clean_json(value: object) -> Json:
    """``clean_tree`` for what has a size limit of its own, such as a frame or a capped body: nothing is shortened, and
    line ends in texts stay."""
    return clean_tree(value, max_chars=1 << 24, max_items=1 << 20, max_depth=64, keep_newlines=True)


class _TreeCleaner(NamedTuple):
    max_chars: int
    max_items: int
    keep_newlines: bool

    def value(self, value: object, depth: int) -> Json:
        if isinstance(value, str):
            return clean(value, max_chars=self.max_chars, keep_newlines=self.keep_newlines)
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if not isinstance(value, (Mapping, list, tuple)):
            raise TypeError(f"JSON has no {type(value).__name__}")
        if depth == 0:
            return ELLIPSIS
        return self._mapping(value, depth) if isinstance(value, Mapping) else self._list(value, depth)

    def _list(self, items: list[object] | tuple[object, ...], depth: int) -> Json:
        kept = self._kept(len(items))
        tail = [] if kept == len(items) else [ELLIPSIS]
        return [*(self.value(item, depth - 1) for item in items[:kept]), *tail]

    def _mapping(self, mapping: Mapping[object, object], depth: int) -> Json:
        kept = self._kept(len(mapping))
        tree: dict[str, Json] = {}
        for key, item in islice(mapping.items(), kept):
            if not isinstance(key, str):
                raise TypeError(f"JSON has no keys of type {type(key).__name__}")
            name = clean(key, max_chars=self.max_chars)
            if name not in tree:
                tree[name] = self.value(item, depth - 1)
        if kept < len(mapping):
            tree.setdefault(ELLIPSIS, ELLIPSIS)
        return tree

    def _kept(self, length: int) -> int:
        return length if length <= self.max_items else self.max_items - 1


def _on_one_line(piece: re.Match[str]) -> str:
    if piece.lastgroup == "kept":
        return piece[0]
    return " " if piece.lastgroup == "space" else "\ufffd" if piece.lastgroup == "no_text" else ""


def _with_newlines(piece: re.Match[str]) -> str:
    if piece.lastgroup == "space":
        return "\t" if piece[0] == "\t" else "\n"
    return _on_one_line(piece)


def _fewer_marks(match: re.Match[str]) -> str:
    kept: list[str] = []
    in_a_row = 0
    for character in match[0]:
        is_mark = character in _JOINERS or unicodedata.category(character).startswith("M")
        in_a_row = in_a_row + 1 if is_mark else 0
        if in_a_row <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)
