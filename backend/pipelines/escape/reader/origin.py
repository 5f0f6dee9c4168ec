"""Where the journey begins, as typed. A place is what follows `from` and the like, up to the first known word."""

from __future__ import annotations

from collections.abc import Iterator

from backend.pipelines.escape.reader.question import Question

_MOST_WORDS = 7
_LONGEST_WORD = 40
# Small words inside names: Rio de Janeiro, Frankfurt am Main, Newcastle upon Tyne, Villefranche sur Mer.
_INSIDE = frozenset(
    {"de", "del", "la", "las", "los", "le", "les", "du", "des", "da", "do", "dos", "di", "am", "an", "der"}
    | {"of", "upon", "sur", "sous", "ob", "vor", "del", "el", "al"}
)
_INSIDE_LOWER = frozenset({"de", "del", "di", "do", "da", "du", "la", "of", "upon", "sur"})
_UNITS = frozenset({"EUR", "USD", "GBP", "CHF", "USA", "UAE", "ASAP", "BBQ", "SPA", "VIP", "ETA", "ETD"})


def find_place(question: Question) -> tuple[int, int] | None:
    """The tokens of the origin, from the first to before the last, or None."""
    for at in _candidates(question):
        end = _place_end(question, at)
        if end is not None:
            return at, end
    return _before_airport(question) or _leading(question)


def place_words(question: Question, place: tuple[int, int]) -> str:
    """The origin as typed."""
    start, end = place
    words = question.slice(start, end)
    last = question.tokens[end - 1]
    is_initial = last.end - last.start == 1 and end - start > 1
    return words + "." if is_initial and question.text[last.end : last.end + 1] == "." else words


def _candidates(question: Question) -> Iterator[int]:
    """The positions after which a place may stand, the surest kind first."""
    yield from _after(question, "from")
    yield from _after(question, "airportof")
    yield from _after_distance(question)
    for at in (*_after(question, "leaveplace"), *_after(question, "away")):
        if _is_capital(question, at):
            yield at
    yield from _after_short_flight(question)
    for at in _after(question, "of"):
        if _is_capital(question, at) and question.tokens[at - 1].key in {"de", "d"}:
            yield at


def _after(question: Question, tag: str) -> Iterator[int]:
    for i, readings in enumerate(question.readings):
        for reading in readings:
            if reading.tag == tag:
                at = i + reading.length
                while at < len(question.tokens) and question.tokens[at].key == ":":
                    at += 1
                yield at


def _after_distance(question: Question) -> Iterator[int]:
    """`three hours away from Palma`, `à 3 h de vol de Paris`."""
    for finding in question.findings:
        if not any(part.tag in {"hours", "minutes"} for part in finding.parts):
            continue
        for at in range(finding.end, min(finding.end + 4, len(question.tokens))):
            if "of" in question.tags(at) and "filler" not in _tags_at(question, at + 1):
                yield at + 1


def _after_short_flight(question: Question) -> Iterator[int]:
    """`near Naples`, `cerca de Madrid`: within a short flight of there."""
    for finding in question.findings:
        if finding.kind == "haul" and finding.number("haul") == 3:
            yield finding.end
            if "of" in _tags_at(question, finding.end):
                yield finding.end + 1


def _before_airport(question: Question) -> tuple[int, int] | None:
    """`Heathrow airport`."""
    for i in range(1, len(question.tokens)):
        if "airport" not in question.tags(i) or question.claimed[i]:
            continue
        start = i
        while start > 0 and i - start < 3 and _is_name(question, start - 1) and _is_joined(question, start):
            start -= 1
        if start < i:
            return start, i
    return None


def _leading(question: Question) -> tuple[int, int] | None:
    """`VLC, tomorrow`, `Madrid to anywhere hot`: a code, or a name with where to, at the very beginning."""
    if not question.tokens or not _is_capital(question, 0):
        return None
    end = _place_end(question, 0)
    if end is None:
        return None
    if _is_code(question, 0) and question.typed(0) not in _UNITS:
        return 0, 1
    to_anywhere = "to" in _tags_at(question, end) and "somewhere" in _tags_at(question, end + 1)
    return (0, end) if to_anywhere else None


def _place_end(question: Question, at: int) -> int | None:
    """Where the place that begins at `at` ends, or None if none begins there."""
    if at >= len(question.tokens):
        return None
    end = _first_word_end(question, at)
    if end is None or _is_code(question, at):
        return end
    capital = _is_capital(question, at)
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
    if _is_name(question, at):
        return at + 1
    # Le Havre, La Coruña: an article with a capital, which no sentence has in its middle.
    article = "article" in question.tags(at) and _is_capital(question, at) and not question.claimed[at]
    if article and _is_name(question, at + 1) and _is_capital(question, at + 1) and _is_joined(question, at + 1):
        return at + 2
    return None


def _grow(question: Question, end: int, capital: bool) -> int | None:
    """The place with one more word, or with small words and one more."""
    if end >= len(question.tokens) or not _is_joined(question, end):
        return None
    hyphen = question.is_glued(end)
    if _is_name(question, end) and (hyphen or _is_capital(question, end) or not capital):
        return end + 1
    last = end
    inside = _INSIDE if capital or hyphen else _INSIDE_LOWER
    while last - end < 2 and last < len(question.tokens) and _may_join(question, last, inside):
        last += 1
    if last == end or not _is_name(question, last) or not _is_joined(question, last):
        return None
    return last + 1 if _is_capital(question, last) or not capital or question.is_glued(last) else None


def _may_join(question: Question, at: int, inside: frozenset[str]) -> bool:
    if question.claimed[at] is not None or not _is_joined(question, at):
        return False
    return question.tokens[at].key in inside or (question.is_glued(at) and question.tokens[at].kind == "word")


def _named(question: Question, at: int) -> int | None:
    finding = question.claimed[at]
    if finding is not None and finding.kind == "name" and finding.start == at:
        return finding.end
    return None


def _is_name(question: Question, at: int) -> bool:
    """Whether the token can be a word of a name: a word that no table knows and no rule used."""
    if at >= len(question.tokens) or question.claimed[at] is not None or question.tokens[at].kind != "word":
        return False
    length = question.tokens[at].end - question.tokens[at].start
    return not question.readings[at] and length <= _LONGEST_WORD


def _is_joined(question: Question, at: int) -> bool:
    """Whether only a space, a hyphen, an apostrophe or the dot of `St.` stands before this token."""
    between = question.text[question.tokens[at - 1].end : question.tokens[at].start]
    return len(between.strip()) <= 1 and "\n" not in between


def _is_capital(question: Question, at: int) -> bool:
    """Whether the word was typed with a capital where that means something."""
    if at >= len(question.tokens):
        return False
    return question.typed(at)[:1].isupper() and not question.text.isupper()


def _is_code(question: Question, at: int) -> bool:
    word = question.typed(at)
    return len(word) == 3 and word.isascii() and word.isalpha() and word.isupper() and not question.text.isupper()


def _tags_at(question: Question, at: int) -> set[str]:
    return question.tags(at) if at < len(question.tokens) else set()
