"""How far the name of a place reaches, from its first word. It knows no places, only what isn't one."""

from __future__ import annotations

from backend.pipelines.escape.reader.question import Question

_MOST_WORDS = 7
_LONGEST_WORD = 40
_MOST_REGIONS = 2
_MOST_REGION_WORDS = 3
# Small words inside names: Rio de Janeiro, Frankfurt am Main, Newcastle upon Tyne, Villefranche sur Mer.
_INSIDE = frozenset(
    {"de", "del", "la", "las", "los", "le", "les", "du", "des", "da", "do", "dos", "di", "am", "an", "der"}
    | {"of", "upon", "sur", "sous", "ob", "vor", "del", "el", "al"}
)
_INSIDE_LOWER = frozenset({"de", "del", "di", "do", "da", "du", "la", "of", "upon", "sur"})
# Three capitals that are no airport.
NO_CODES = frozenset({"EUR", "USD", "GBP", "CHF", "USA", "UAE", "BBQ", "SPA", "VIP", "ETA", "ETD"}) | frozenset(
    # Words that are stressed in capitals: "from THE beach".
    {"THE", "ALL", "ANY", "OUR", "NOW", "ONE", "TWO", "YOU", "OUT", "AND", "BUT", "NOT"}
)
_COUNTRIES = frozenset({"USA", "UAE"})
# Ends of German nouns that stand alone as often as a city does.
_NO_PLACES = (
    "urlaub",
    "reise",
    "flug",
    "trip",
    "wetter",
    "ferien",
    "ziel",
    "tour",
    "temperatur",
    "tage",
    "zeit",
)


def place_end(question: Question, at: int) -> int | None:
    """Where the place that begins at `at` ends, or None if none begins there."""
    if at >= len(question.tokens):
        return None
    end = _first_word_end(question, at)
    if end is None or question.is_code(at):
        return end
    capital = is_capital(question, at)
    while end - at < _MOST_WORDS:
        grown = _grow(question, end, capital)
        if grown is None:
            break
        end = grown
    return end


def with_region(question: Question, start: int, end: int) -> int:
    """Where the place from `start` to `end` ends if a country or state follows it: `Paris, Texas`, `Portland OR`."""
    for _ in range(_MOST_REGIONS):
        sign = question.tokens[end].key if end < len(question.tokens) else ""
        grown = _region_end(question, start, end + (sign in {",", "("}), is_joined=sign not in {",", "("})
        if sign == "(" and grown is not None:
            is_closed = grown < len(question.tokens) and question.tokens[grown].key == ")"
            grown = grown + 1 if is_closed else None
        if grown is None:
            break
        end = grown
    return end


def _region_end(question: Question, start: int, at: int, is_joined: bool) -> int | None:
    if at >= len(question.tokens):
        return None
    if question.claimed[at] is not None:
        return None if is_joined else _named(question, at)
    if _is_state(question, at) and is_edge(question, at + 1, strictly=is_joined):
        return at + 1
    end = None if is_joined else place_end(question, at)
    most = _MOST_REGION_WORDS if is_capital(question, at) else 1
    if end is None or end - at > most or is_capital(question, start) > is_capital(question, at):
        return None
    # "Paris, London or Rome" is a list.
    is_listed = bool({"or", "and"} & question.tags(end)) and not is_edge(question, end + 1, strictly=False)
    is_region = is_plausible(question, end - 1) or question.typed(at) in _COUNTRIES
    return end if is_region and not is_listed else None


def _is_state(question: Question, at: int) -> bool:
    """Two capitals, which may be a word as well: OR, IN, ME, OK."""
    word = question.typed(at)
    return len(word) == 2 and word.isascii() and word.isalpha() and word.isupper() and not question.is_shouted


def is_edge(question: Question, at: int, *, strictly: bool = True) -> bool:
    """Whether something understood, a sign or an end is here, or (not `strictly`) a known word."""
    if not 0 <= at < len(question.tokens) or question.claimed[at] is not None:
        return True
    return question.tokens[at].kind in {"sign", "pause"} or (not strictly and question.is_known(at))


def is_plausible(question: Question, at: int) -> bool:
    """Not a unit, and not one of the compound nouns of German that no table can list (`Sommerurlaub`)."""
    return question.typed(at) not in NO_CODES and not question.tokens[at].key.endswith(_NO_PLACES)


def _first_word_end(question: Question, at: int) -> int | None:
    named = _named(question, at)
    if named is not None:
        return named
    code = question.is_code(at) and question.claimed[at] is None and question.typed(at) not in NO_CODES
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
