"""Day arithmetic on every weekday, and days that are past, impossible or out of reach."""

from __future__ import annotations

import datetime

import pytest

from backend.pipelines.escape.reader import read

MONDAY = datetime.date(2026, 11, 16)
WEDNESDAY = datetime.date(2026, 11, 18)

# What each phrase means in days from today, asked on Monday, Tuesday ... Sunday.
_WEEK = {
    "today": (0, 0, 0, 0, 0, 0, 0),
    "tomorrow": (1, 1, 1, 1, 1, 1, 1),
    "on Friday": (4, 3, 2, 1, 7, 6, 5),
    "this Friday": (4, 3, 2, 1, 0, 6, 5),
    "next Friday": (11, 10, 9, 8, 7, 6, 5),
    "coming Friday": (4, 3, 2, 1, 7, 6, 5),
    "nächsten Freitag": (11, 10, 9, 8, 7, 6, 5),
    "el próximo viernes": (4, 3, 2, 1, 7, 6, 5),
    "vendredi prochain": (11, 10, 9, 8, 7, 6, 5),
    "next Monday": (7, 6, 5, 4, 3, 2, 1),
    "this weekend": (5, 4, 3, 2, 1, 0, 0),
    "am Wochenende": (5, 4, 3, 2, 1, 0, 0),
    "next weekend": (12, 11, 10, 9, 8, 7, 6),
    "el próximo fin de semana": (5, 4, 3, 2, 1, 7, 6),
    "next week": (7, 6, 5, 4, 3, 2, 1),
    "Friday next week": (11, 10, 9, 8, 7, 6, 5),
    "a week from Friday": (11, 10, 9, 8, 14, 13, 12),
    "Friday week": (11, 10, 9, 8, 14, 13, 12),
    "Fr bis So": (4, 3, 2, 1, 7, 6, 5),
    "ab Sa": (5, 4, 3, 2, 1, 7, 6),
    "from Sun to Tue": (6, 5, 4, 3, 2, 1, 7),
    "ce we": (5, 4, 3, 2, 1, 0, 0),
    "in two weeks": (14, 14, 14, 14, 14, 14, 14),
    "the week after next": (14, 13, 12, 11, 10, 9, 8),
}


@pytest.mark.parametrize("phrase", _WEEK)
def test_a_day_is_counted_from_each_day_of_the_week(phrase: str) -> None:
    days = [read(phrase, MONDAY + datetime.timedelta(days=i)).days_ahead for i in range(7)]
    assert tuple(days) == _WEEK[phrase]


@pytest.mark.parametrize(
    ("question", "depart", "words"),
    [
        ("hot on 17 November", "2027-11-17", None),
        ("hot on 18 November", "2026-11-18", None),
        ("hot on 17 November 2026", "2027-11-17", "is past"),
        ("hot on 24 December 2020", "2026-12-24", "is past"),
        ("hot on 29 February", "2028-02-29", None),
        ("hot on 31 November", "2026-11-19", "no day 31"),
        ("hot on 30.2.2027", "2026-11-19", "no day 30"),
        ("hot on 5/6", "2027-06-05", "day first"),
        ("hot on 12/24", "2026-12-24", "month first"),
        ("hot on 24/12", "2026-12-24", None),
        ("caliente el 24-12-2026", "2026-12-24", None),
        ("warm am 24.12", "2026-12-24", None),
        ("warm am 24.12.26", "2026-12-24", None),
        ("hot yesterday", "2026-11-18", "past"),
        ("hot 3 days ago", "2026-11-18", "past"),
        ("hot in 99999 days", "2026-11-19", "too far"),
        ("hot on 1 January 2199", "2026-11-19", "too far"),
        ("hot in early January", "2027-01-05", "no day of January"),
        ("hot in November", "2026-11-19", "no day of November"),
        ("Christmas Eve, hot", "2026-12-24", None),
        ("24-28 December, hot", "2026-12-24", None),
        ("del 24 al 28 de diciembre, calor", "2026-12-24", None),
        ("hot", "2026-11-19", "no day given: tomorrow"),
        ("hot soon", "2026-11-19", "no exact day"),
        ("next Friday, hot", "2026-11-27", "next week"),
        ("on Wednesday, hot", "2026-11-25", "today is Wednesday"),
        ("on Friday 28 November, hot", "2026-11-28", "28 November is a Saturday, not a Friday: the date counts"),
        ("el viernes 28, calor", "2026-11-28", "28 November is a Saturday, not a Friday: the date counts"),
        ("Sonntag, 28.11.2026, warm", "2026-11-28", "28 November is a Saturday, not a Sunday: the date counts"),
        ("samedi 28 novembre", "2026-11-28", None),
    ],
)
def test_what_was_assumed_about_the_day_is_said(question: str, depart: str, words: str | None) -> None:
    intent = read(question, WEDNESDAY)
    assert intent.depart.isoformat() == depart
    about_day = [line for line in intent.assumed if "flight" not in line and "weather" not in line]
    assert any(words in line for line in about_day) if words else about_day == []


def test_sunday_is_still_this_weekend_and_says_so() -> None:
    intent = read("this weekend", MONDAY + datetime.timedelta(days=6))
    assert intent.days_ahead == 0
    assert "the weekend is under way: today" in intent.assumed


def test_the_weekday_of_the_day_itself_is_no_second_day() -> None:
    assert read("27 Nov (Friday), hot", WEDNESDAY).ignored == ()
    assert read("tomorrow, Thursday, hot", WEDNESDAY).ignored == ()
    assert read("tomorrow, Friday, hot", WEDNESDAY).ignored == ("Friday",)


def test_a_second_day_is_listed_as_ignored() -> None:
    assert read("on Friday, back on Sunday", WEDNESDAY).ignored == ("back on Sunday",)
    assert read("on Friday or maybe Saturday", WEDNESDAY).ignored == ("Saturday",)


def test_a_day_past_the_forecast_is_said_to_have_typical_weather() -> None:
    assert "typical weather" not in read("in 15 days", WEDNESDAY).said
    assert "typical weather" in read("in 16 days", WEDNESDAY).said
