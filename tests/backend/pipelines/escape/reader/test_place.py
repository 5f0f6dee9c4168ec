"""Where the name of the origin ends: regions behind it, codes that are words too."""

from __future__ import annotations

import datetime

import pytest

from backend.pipelines.escape.reader import find_origin, read

TODAY = datetime.date(2026, 11, 18)


def origin(question: str) -> str | None:
    named = find_origin(question)
    return named.words if named else None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("from Paris, Texas, hot", "Paris, Texas"),
        ("from Paris TX tomorrow", "Paris TX"),
        ("FROM PARIS, TEXAS TOMORROW", "PARIS, TEXAS"),
        ("from Valencia, Spain, Friday", "Valencia, Spain"),
        ("from valencia, spain", "valencia, spain"),
        ("from valencia spain, hot", "valencia spain"),
        ("from Springfield, Missouri on Friday", "Springfield, Missouri"),
        ("from Springfield, IL, USA", "Springfield, IL, USA"),
        ("from Portland, OR, warm", "Portland, OR"),
        ("from Portland, ME tomorrow", "Portland, ME"),
        ("from Portland OR tomorrow", "Portland OR"),
        ("from Gary, IN", "Gary, IN"),
        ("from Sydney, New South Wales, cool", "Sydney, New South Wales"),
        ("from San José, Costa Rica to the beach", "San José, Costa Rica"),
        ("depuis Genève (Suisse), demain", "Genève (Suisse)"),
        ("ab Frankfurt am Main, Deutschland, Samstag", "Frankfurt am Main, Deutschland"),
        ("hot, Friday, Paris, Texas", "Paris, Texas"),
    ],
)
def test_a_region_belongs_to_the_name(question: str, words: str) -> None:
    assert origin(question) == words
    assert read(question, TODAY).ignored == ()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("from Valencia, Friday", "Valencia"),
        ("from valencia, viernes", "valencia"),
        ("from Valencia, cheap", "Valencia"),
        ("from Valencia, somewhere hot", "Valencia"),
        ("from Valencia, 2 people", "Valencia"),
        ("from Paris, London or Rome", "Paris"),
        ("from Paris OR London", "Paris"),
        ("from Paris OR somewhere hot", "Paris"),
        ("from Gary, IN 3 days", "Gary"),
        ("from Oslo, to Spain", "Oslo"),
        ("from Oslo (flexible", "Oslo"),
        ("from leeds, flexible dates", "leeds"),
        ("ab Köln, Wanderurlaub, Samstag", "Köln"),
        ("from VLC, Friday", "VLC"),
    ],
)
def test_what_follows_a_comma_is_not_always_a_region(question: str, words: str) -> None:
    assert origin(question) == words


@pytest.mark.parametrize("code", ["SEA", "DAD", "SAT", "MAR", "EIS", "SUN", "LAU", "SON", "KID", "HOT", "JAN", "SKI"])
@pytest.mark.parametrize("question", ["from {}", "hot, from {} tomorrow", "desde {}, 3 h", "ab {} am Freitag", "ex {}"])
def test_a_code_in_capitals_after_a_preposition_of_leaving_is_a_code(question: str, code: str) -> None:
    intent = read(question.format(code), TODAY)
    assert intent.origin == code
    assert intent.weather == ("hot" if "hot" in question else "any")
    assert intent.days_ahead == (2 if "Freitag" in question else 1)


@pytest.mark.parametrize(
    ("question", "day", "weather"),
    [
        ("from SAT to SUN", 3, "any"),
        ("from SAT until SUN", 3, "any"),
        ("from SAT - SUN", 3, "any"),
        ("from SAT-SUN", 3, "any"),
        ("Fri-Sun", 2, "any"),
        ("Friday – Sunday", 2, "any"),
        ("Friday sun", 2, "hot"),
        ("from SUN to MON", 4, "any"),
        ("from MAR 3", 105, "any"),
        ("leaving SAT", 3, "any"),
        ("departing SUN", 4, "any"),
        ("from Sat", 3, "any"),
        ("from sat", 3, "any"),
        ("from HOT places to cold ones", 1, "cold"),
        ("escape from HOT", 1, "cold"),
        ("away from HOT weather", 1, "cold"),
        ("from THE beach", 1, "hot"),
        ("FLY SOMEWHERE FROM SAT", 3, "any"),
    ],
)
def test_capitals_are_no_code_where_the_word_is_meant(question: str, day: int, weather: str) -> None:
    intent = read(question, TODAY)
    assert (intent.origin, intent.days_ahead, intent.weather) == (None, day, weather)
