"""Where the journey begins, as typed: what follows `from` and the like, up to the first known word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from backend.pipelines.escape.reader.place import (
    NO_CODES,
    is_capital,
    is_edge,
    is_joined,
    is_name,
    is_plausible,
    place_end,
    with_region,
)
from backend.pipelines.escape.reader.question import Question

# Not the German ones: behind those, every noun has a capital.
_ARTICLES = frozenset({"the", "la", "le", "les", "l", "el", "los", "las"})
_ADJECTIVES = frozenset({"extra", "wish", "inverted"})
# In small letters these are words like any other: "fun" is not FUN, an airport.
_LONGEST_CODE = 3
_NEGATIONS = frozenset({"not", "no", "nicht", "pas"})

_COURTESY = frozenset(
    {"please", "pls", "plz", "thanks", "thx", "por", "gracias", "bitte", "danke", "svp", "stp", "merci"}
)


class Origin(NamedTuple):
    """The tokens of the origin, `start` to before `end`. `guessed`: no word says that one leaves there."""

    start: int
    end: int
    guessed: bool = False


def find_place(question: Question) -> Origin | None:
    """The origin that a question names, if it names one."""
    for at in _candidates(question):
        end = place_end(question, at)
        if end is not None:
            return Origin(at, end if question.is_code(at) else with_region(question, at, end))
    named = _before_airport(question)
    if named is not None:
        return Origin(*named)
    guess = _after_weak_word(question) or _where_it_is_bad(question) or _leading(question) or _alone(question)
    if guess is None:
        return None
    start, end = guess
    return Origin(start, end if question.is_code(start) else with_region(question, start, end), guessed=True)


def place_words(question: Question, place: Origin) -> str:
    """The origin as typed."""
    start, end = place.start, place.end
    words = question.slice(start, end)
    last = question.tokens[end - 1]
    is_initial = last.end - last.start == 1 and end - start > 1
    return words + "." if is_initial and question.text[last.end : last.end + 1] == "." else words


def _candidates(question: Question) -> Iterator[int]:
    """The positions after which a place may stand, the surest kind first."""
    yield from _after_from(question)
    yield from _after(question, "airportof")
    yield from _after_distance(question)
    for at in _after(question, "leaveplace"):
        if is_capital(question, at):
            yield at
    yield from _after_short_flight(question)
    yield from _after_nearest(question)
    yield from _after_party(question)


def _after_from(question: Question) -> Iterator[int]:
    """`I'm from Madrid but I'm in Berlin`: where one comes from only counts where nothing else is said."""
    native = set(_after(question, "native"))
    for at in _after(question, "from"):
        before = question.tokens[at - 2].key if at > 1 else ""
        if at not in native and before not in _NEGATIONS:
            yield at
    yield from sorted(native)


def _after(question: Question, tag: str) -> Iterator[int]:
    for i, readings in enumerate(question.readings):
        for reading in readings:
            if reading.tag == tag:
                at = i + reading.length
                while at < len(question.tokens) and question.tokens[at].key == ":":
                    at += 1
                yield from _behind_adjective(question, at)


def _behind_adjective(question: Question, at: int) -> Iterator[int]:
    """`from rainy London`, `from the UK`: the word between may have a meaning of its own."""
    yield at
    if at < len(question.tokens) and question.tokens[at].key in _ARTICLES and is_capital(question, at + 1):
        yield at + 1
    finding = question.claimed[at] if at < len(question.tokens) else None
    if finding is not None and finding.kind in _ADJECTIVES and is_capital(question, finding.end):
        yield finding.end


def _after_distance(question: Question) -> Iterator[int]:
    """`three hours away from Palma`, `à 3 h de vol de Paris`."""
    for finding in question.findings:
        if not any(part.tag in {"hours", "minutes"} for part in finding.parts):
            continue
        for at in range(finding.end, min(finding.end + 4, len(question.tokens))):
            if "of" in question.tags(at) and "filler" not in question.tags(at + 1):
                yield at + 1


def _after_short_flight(question: Question) -> Iterator[int]:
    """`near Naples`, `cerca de Madrid`: within a short flight of there."""
    for finding in question.findings:
        if finding.kind == "haul" and finding.number("haul") == 3:
            yield finding.end
            if "of" in question.tags(finding.end):
                yield finding.end + 1


def _after_nearest(question: Question) -> Iterator[int]:
    """`the nearest place to Warsaw`."""
    for start in _after(question, "nearest"):
        for at in range(start, min(start + 3, len(question.tokens))):
            if "to" in question.tags(at) and is_capital(question, at + 1):
                yield at + 1


def _after_party(question: Question) -> Iterator[int]:
    """`we are two adults in Leeds`."""
    for finding in question.findings:
        is_in = finding.has("people") and question.tags(finding.end) & {"in", "ata"}
        if is_in and is_capital(question, finding.end + 1):
            yield finding.end + 1


def _before_airport(question: Question) -> tuple[int, int] | None:
    """`Heathrow airport`."""
    for i in range(1, len(question.tokens)):
        if "airport" not in question.tags(i) or question.claimed[i]:
            continue
        start = i
        while start > 0 and i - start < 3 and is_name(question, start - 1) and is_joined(question, start):
            start -= 1
        if start < i:
            return start, i
    return None


def _after_weak_word(question: Question) -> tuple[int, int] | None:
    """`escape London`, `de Paris, demain`: only with a capital, since these words mean much else."""
    for tag in ("away", "of"):
        for at in _after(question, tag):
            end = place_end(question, at) if is_capital(question, at) else None
            if end is not None and (tag == "away" or question.tokens[at - 1].key in {"de", "d"}):
                return at, end
    return None


def _may_end(question: Question, at: int) -> bool:
    return is_edge(question, at) or question.tokens[at].key in _COURTESY


def _where_it_is_bad(question: Question) -> tuple[int, int] | None:
    """`the heat in Seville`, `in Berlin it is too cold`: one wants to leave where one complains about."""
    for finding in question.findings:
        if finding.kind != "inverted" and not any(part.value == "rain" for part in finding.parts):
            continue
        starts = [finding.end] if finding.has("in") else []
        starts += [finding.end + 1] if question.tags(finding.end) & {"in", "ata"} else []
        starts += [i for i in range(max(1, finding.start - 4), finding.start) if "in" in question.tags(i - 1)]
        for at in starts:
            end = place_end(question, at) if is_capital(question, at) else None
            if end is not None:
                return at, end
    return None


def _leading(question: Question) -> tuple[int, int] | None:
    """`VLC, tomorrow`, `Madrid to anywhere hot`: a code, or a name with where to, at the very beginning."""
    if not question.tokens or not is_capital(question, 0):
        return None
    end = place_end(question, 0)
    if end is None:
        return None
    if question.is_code(0) and question.typed(0) not in NO_CODES:
        return 0, 1
    if "to" not in question.tags(end):
        return None
    arrow = question.tokens[end].kind != "word"
    return (0, end) if arrow or "somewhere" in question.tags(end + 1) else None


def _alone(question: Question) -> tuple[int, int] | None:
    """`Dublin, Friday, hot`: a name by itself between signs and understood words, if there is only one.

    Where nothing has a capital, small letters will do beside words that are understood: `dublin, hot`.
    """
    found: tuple[int, int] | None = None
    may_be_small = question.is_whispered and bool(question.findings)
    at = 0
    while at < len(question.tokens):
        end = place_end(question, at) if may_be_small or is_capital(question, at) else None
        if end is None:
            at += 1
            continue
        end = with_region(question, at, end)
        is_code = may_be_small and end - at == 1 and len(question.typed(at)) <= _LONGEST_CODE
        if not is_code and is_edge(question, at - 1) and _may_end(question, end) and is_plausible(question, at):
            if found is not None:
                return None
            found = at, end
        at = end
    if found is None or question.findings:
        return found
    others = [*question.tokens[: found[0]], *question.tokens[found[1] :]]
    # Nothing else was said but "please".
    return found if all(token.kind in {"sign", "pause"} or token.key in _COURTESY for token in others) else None
