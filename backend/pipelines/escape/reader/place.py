"""How far the name of a place reaches, from its first word. It knows no places, only what isn't one."""

from __future__ import annotations

from backend.pipelines.escape.reader.question import Question

_MOST_WORDS = 7
_LONGEST_WORD = 40
# Small words inside names: Rio de Janeiro, Frankfurt am Main, Newcastle upon Tyne, Villefranche sur Mer.
_INSIDE = frozenset(
    {"de", "del", "la", "las", "los", "le", "les", "du", "des", "da", "do", "dos", "di", "am", "an", "der"}
    | {"of", "upon", "sur", "sous", "ob", "vor", "del", "el", "al"}
)
_INSIDE_LOWER = frozenset({"de", "del", "di", "do", "da", "du", "la", "of", "upon", "sur"})
# Three capitals that are no airport.
NO_CODES = frozenset({"EUR", "USD", "GBP", "CHF", "USA", "UAE", "BBQ", "SPA", "VIP", "ETA", "ETD"})


def place_end(question: Question, at: int) -> int | None:
    """Where the place that begins at `at` ends, or None if none begins there."""
    if at >= len(question.tokens):
        return None
    end = _first_word_end(question, at)
    if end is None or is_code(question, at):
        return end
    capital = is_capital(question, at)
    while end - at < _MOST_WORDS:
        grown = _grow(question, end, capital)
        if grown is None:
            break
        end = grown
    return end


def _first_word_end(question: Question, at: int) -> int | None:
    named = _named(question, at)
    if named is not None:
        return named
    code = is_code(question, at) and question.claimed[at] is None and question.typed(at) not in NO_CODES
    if is_name(question, at) or code:
        return at + 1
    # Le Havre, La Coruña: an article with a capital, which no sentence has in its middle.
    article = "article" in question.tags(at) and is_capital(question, at) and not question.claimed[at]
    if article and is_name(question, at + 1) and is_capital(question, at + 1) and is_joined(question, at + 1):
        return at + 2
    return None


def _grow(question: Question, end: int, capital: bool) -> int | None:
    """The place with one more word, or with small words and one more."""
    if end >= len(question.tokens) or not is_joined(question, end):
        return None
    hyphen = question.is_glued(end)
    if is_name(question, end) and (hyphen or is_capital(question, end) or not capital):
        return end + 1
    last = end
    inside = _INSIDE if capital or hyphen else _INSIDE_LOWER
    while last - end < 2 and last < len(question.tokens) and _may_join(question, last, inside):
        if last > end and is_name(question, last):
            break
        last += 1
    if last == end or not is_name(question, last) or not is_joined(question, last):
        return None
    return last + 1 if is_capital(question, last) or not capital or question.is_glued(last) else None


def _may_join(question: Question, at: int, inside: frozenset[str]) -> bool:
    if question.claimed[at] is not None or not is_joined(question, at):
        return False
    return question.tokens[at].key in inside or (question.is_glued(at) and question.tokens[at].kind == "word")


def _named(question: Question, at: int) -> int | None:
    finding = question.claimed[at]
    if finding is not None and finding.kind == "name" and finding.start == at:
        return finding.end
    return None


def is_name(question: Question, at: int) -> bool:
    """Whether the token can be a word of a name: a word that no table knows and no rule used."""
    if at >= len(question.tokens) or question.claimed[at] is not None or question.tokens[at].kind != "word":
        return False
    length = question.tokens[at].end - question.tokens[at].start
    is_saint = question.tags(at) == {"ordinal"} and at + 1 < len(question.tokens)
    return (not question.is_known(at) or is_saint) and length <= _LONGEST_WORD


def is_joined(question: Question, at: int) -> bool:
    """Whether only a space, a hyphen, an apostrophe or the dot of `St.` stands before this token."""
    between = question.text[question.tokens[at - 1].end : question.tokens[at].start]
    return len(between.strip()) <= 1 and "\n" not in between


def is_capital(question: Question, at: int) -> bool:
    """Whether the word was typed with a capital where that means something."""
    if at >= len(question.tokens):
        return False
    return question.typed(at)[:1].isupper() and not question.is_shouted


def is_code(question: Question, at: int) -> bool:
    """Whether the word has the shape of an IATA airport code: three capitals."""
    word = question.typed(at)
    return len(word) == 3 and word.isascii() and word.isalpha() and word.isupper() and not question.is_shouted
