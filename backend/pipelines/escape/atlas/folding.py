"""One spelling for every way to write a place name: build and queries must fold alike."""

import unicodedata
from collections.abc import Iterator

_LETTERS = str.maketrans(
    {
        "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t",
        "ŋ": "n", "ə": "a", "ƒ": "f", "ɓ": "b", "ɗ": "d",
        "'": None, "’": None, "ʼ": None, "‘": None, "`": None, "´": None, "ʻ": None, "ʿ": None,
        "ʾ": None, ".": None,
    }
)  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def fold(name: str) -> str:
    """``name`` without case, accents, apostrophes, dots and punctuation, its words parted by single spaces.

    A leading "St" counts as "Saint". Idempotent; "" for a name with no letter or digit.
    """
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    bare = "".join(c for c in letters if not unicodedata.combining(c)).casefold().translate(_LETTERS)
    words = "".join(c if c.isalnum() else " " for c in bare).split()
    if len(words) > 1 and words[0] == "st":
        words[0] = "saint"
    return " ".join(words)


def spellings(name: str) -> Iterator[str]:
    """The folded forms under which ``name`` is found: the plain one, and the German ae/oe/ue one."""
    plain = fold(name)
    yield plain
    german = fold(unicodedata.normalize("NFC", name).casefold().translate(_UMLAUTS))
    if german != plain:
        yield german
