"""Word tables and rules fit: no tag without a use, no rule without words, no phrase that can't be met."""

from __future__ import annotations

from collections.abc import Iterator

from backend.pipelines.escape.reader.follow_rules import FOLLOW_RULES
from backend.pipelines.escape.reader.grammar import _expand
from backend.pipelines.escape.reader.question import Question, parsed_follow_up
from backend.pipelines.escape.reader.rules import MACROS, RULES
from backend.pipelines.escape.reader.tokens import fold, tokenize
from backend.pipelines.escape.reader.words import TABLES, following

# Tags that only the search for the origin, or the skipping of words, asks for.
_OUTSIDE_RULES = {
    "airport", "airportof", "away", "but", "filler", "infinitive", "leaveplace", "native", "nearest", "somewhere",
}  # fmt: skip
# Readings that figures and signs get without a table.
_OF_FIGURES = {"clock", "comma", "date", "day", "daymonth", "dot", "figure", "onday", "range", "tail", "year"}


def _tags_of_rules() -> set[str]:
    patterns = [*(rule.pattern for rule in RULES), *(text for texts in MACROS.values() for text in texts)]
    words = (word.rstrip("?") for pattern in patterns for word in pattern.split())
    return {tag for word in words if word[0] not in "<~" for tag in word.split("|")}


def _phrases() -> Iterator[tuple[str, str]]:
    for table in TABLES:
        for tag, by_value in table.items():
            for text in by_value.values():
                yield from ((tag, phrase) for phrase in text.split(" | "))


def test_every_tag_of_the_tables_is_asked_for() -> None:
    assert {tag for table in TABLES for tag in table} - _tags_of_rules() == _OUTSIDE_RULES


def test_every_tag_of_a_rule_has_words_or_figures() -> None:
    assert _tags_of_rules() - {tag for table in TABLES for tag in table} == _OF_FIGURES


def test_every_phrase_is_met_when_it_is_typed() -> None:
    for tag, phrase in _phrases():
        question = Question(phrase)
        whole = [reading for reading in question.readings[0] if reading.length == len(question.tokens)]
        assert tag in {reading.tag for reading in whole}, (tag, phrase)


def test_the_rules_are_few_enough_to_be_built_while_somebody_waits() -> None:
    # Macros inside macros multiply; ten thousand sequences take about 30 ms to build.
    assert sum(1 for rule in (*FOLLOW_RULES, *RULES) for _ in _expand(rule.pattern, MACROS)) < 10_000


def test_the_words_of_follow_ups_and_their_rules_fit_too() -> None:
    of_rules = {word.rstrip("?") for rule in FOLLOW_RULES for word in rule.pattern.split() if word[0] not in "<~"}
    tags = {tag for words in of_rules for tag in words.split("|")}
    of_all = {tag for table in TABLES for tag in table} | _OF_FIGURES
    assert tags - of_all == {tag for table in following.TABLES for tag in table}
    for table in following.TABLES:
        for tag, by_value in table.items():
            for phrase in (phrase for text in by_value.values() for phrase in text.split(" | ")):
                question = parsed_follow_up(phrase)
                whole = [reading for reading in question.readings[0] if reading.length == len(question.tokens)]
                assert tag in {reading.tag for reading in whole}, (tag, phrase)


def test_every_phrase_is_met_without_accents_and_in_capitals() -> None:
    for _, phrase in _phrases():
        assert [token.key for token in tokenize(phrase)] == [token.key for token in tokenize(phrase.upper())]
        assert fold(fold(phrase)) == fold(phrase)


def test_tokens_cover_the_text_in_order() -> None:
    text = "D’Orly → 24.12., 1h30–2h, <3h; week-end (15-20°C)"
    tokens = tokenize(text)
    assert [text[token.start : token.end] for token in tokens] == [
        "D", "Orly", "→", "24.12.", ",", "1", "h", "30", "–", "2", "h", ",", "<", "3", "h", ";",
        "week", "end", "(", "15", "-", "20", "°", "C", ")",
    ]  # fmt: skip
    assert [token.kind for token in tokens if token.kind not in {"word", "sign", "number"}] == [
        "dotted",
        "range",
        "range",
    ]
