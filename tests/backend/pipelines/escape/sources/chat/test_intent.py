"""What a model understood becomes what the built-in reader would have made of the same words."""

import datetime
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.models import Bands, Intent
from backend.pipelines.escape.reader import read
from backend.pipelines.escape.sources.chat.answer import COLDEST_C, HOTTEST_C, Answer, Date
from backend.pipelines.escape.sources.chat.wish import intent_of, occurs

BANDS = Bands()
WEDNESDAY = datetime.date(2026, 11, 18)
TABLE = Path(__file__).parents[5] / "fixtures" / "questions.toml"


def intent(answer: Answer, today: datetime.date = WEDNESDAY, question: str = "", origin: str | None = None) -> Intent:
    return intent_of(answer, question, today, BANDS, origin)


def meant(row: dict[str, Any]) -> Answer:
    """A row of the reader's own table of questions, as a model would answer it."""
    return Answer(
        days_ahead=row.get("day", 1),
        weather=row.get("weather", "any"),
        min_c=row.get("min"),
        max_c=row.get("max"),
        max_hours=row.get("hours", 12),
    )


def test_every_question_of_the_reader_s_table_means_the_same_through_a_model() -> None:
    rows = [row for rows in tomllib.loads(TABLE.read_text("utf-8")).values() for row in rows]
    assert len(rows) > 200
    for row in rows:
        ours = read(row["q"], WEDNESDAY, BANDS)
        theirs = intent(meant(row), question=row["q"], origin=row.get("origin"))
        for field in ("depart", "days_ahead", "weather", "hours", "min_c", "max_c", "origin", "said"):
            assert getattr(theirs, field) == getattr(ours, field), row["q"]


@pytest.mark.parametrize("weekday", ["monday", "wednesday", "friday", "sunday", "weekend"])
@pytest.mark.parametrize(("week", "words"), [("coming", "on {}"), ("this", "this {}"), ("next", "next {}")])
def test_weekdays_count_by_the_reader_s_rules_on_every_day_of_a_week(weekday: Any, week: Any, words: str) -> None:
    said = "this weekend" if (weekday, week) == ("weekend", "coming") else words.format(weekday)
    for n in range(7):
        today = WEDNESDAY + datetime.timedelta(days=n)
        assert intent(Answer(weekday=weekday, week=week), today).days_ahead == read(said, today, BANDS).days_ahead


@pytest.mark.parametrize(
    ("answer", "ahead", "assumed"),
    [
        (Answer(), 1, "no day given: tomorrow"),
        (Answer(days_ahead=-3), 0, "that day is past: today instead"),
        (Answer(days_ahead=731), 1, "731 days ahead is too far: at most 730"),
        (Answer(days_ahead=10**8), 1, "9999 days ahead is too far: at most 730"),
        (Answer(date=Date(12, 24)), 36, None),
        (Answer(date=Date(11, 18)), 0, None),
        (Answer(date=Date(11, 17)), 364, None),
        (Answer(date=Date(12, 24, 2024)), 36, "24.12.2024 is past: the next one instead"),
        (Answer(date=Date(2, 29)), 468, None),
        (Answer(date=Date(12, 31, 9999)), 1, "no day given: tomorrow"),
    ],
)
def test_days_that_are_past_too_far_or_not_there(answer: Answer, ahead: int, assumed: str | None) -> None:
    wish = intent(answer)
    assert wish.days_ahead == ahead
    days = [sentence for sentence in wish.assumed if "flight" not in sentence and "weather" not in sentence]
    assert (assumed in days) if assumed else days == []


@pytest.mark.parametrize(
    ("answer", "sky", "assumed"),
    [
        (Answer(weather="hot", max_c=30), ("hot", None, 30), None),
        (Answer(weather="cold", min_c=30), ("hot", 30, None), "“cold” and the figures exclude each other"),
        (Answer(min_c=30, max_c=20), ("any", 20, 30), "the limits were the wrong way round: 20 to 30 °C"),
        (Answer(min_c=26), ("hot", 26, None), None),
        (Answer(weather="normal"), ("normal", None, None), None),
        (Answer(), ("any", None, None), "no weather given: any"),
    ],
)
def test_words_and_figures_of_the_weather(answer: Answer, sky: Any, assumed: str | None) -> None:
    wish = intent(answer)
    assert (wish.weather, wish.min_c, wish.max_c) == sky
    told = [one for one in wish.assumed if "day" not in one and "flight" not in one]
    assert [one.startswith(assumed or "") for one in told] == ([True] if assumed else [])


@pytest.mark.parametrize(
    ("hours", "taken", "assumed"),
    [(None, 12, "no flight length given: up to 12 h"), (0.01, 0.5, "no flight is that short: 30 min"),
     (1e9, 24, "no non-stop is that long: 24 h"), (2.5, 2.5, None)],
)  # fmt: skip
def test_hours_are_within_what_is_accepted(hours: float | None, taken: float, assumed: str | None) -> None:
    wish = intent(Answer(max_hours=hours))
    assert wish.hours == taken
    assert [one for one in wish.assumed if "flight" in one or "non-stop" in one] == ([assumed] if assumed else [])


def test_only_pieces_of_the_question_are_said_not_to_be_used() -> None:
    answer = Answer(ignored=("two Bags", "a yacht", "two Bags", "ags", "málaga", "MALAGA"))
    assert intent(answer, question="hot, with two  bags, not Málaga").ignored == ("two Bags", "málaga", "MALAGA")


@pytest.mark.parametrize(
    ("words", "question", "is_there"),
    [
        ("Milano", "da milano domani", True), ("new york", "from New  York", True), ("York", "from New York", True),
        ("ork", "from New York", False), ("Köln", "ab koln", True), ("", "x", False), (" ", "x y", False),
        (".*", "anything", False), ("東京", "東京から", True), ("東京", "から 東京", True),
    ],
)  # fmt: skip
def test_words_of_the_question(words: str, question: str, is_there: bool) -> None:
    assert occurs(words, question) is is_there


DAYS = st.none() | st.integers(-(10**9), 10**9)
CELSIUS = st.none() | st.floats(COLDEST_C, HOTTEST_C).map(lambda c: round(c, 1))
ANSWERS = st.builds(
    Answer,
    days_ahead=DAYS,
    weather=st.sampled_from([None, "hot", "cold", "normal", "any"]),
    min_c=CELSIUS,
    max_c=CELSIUS,
    max_hours=st.none() | st.floats(1e-9, 1e9),
    ignored=st.lists(st.text(max_size=5), max_size=12).map(tuple),
) | st.builds(
    Answer,
    date=st.builds(Date, st.integers(1, 12), st.integers(1, 31), st.none() | st.integers(0, 9999)),
)


@given(ANSWERS, st.dates(datetime.date(2024, 1, 1), datetime.date(2100, 12, 31)), st.text(max_size=20))
def test_whatever_the_answer_the_wish_is_within_its_bounds(answer: Answer, today: datetime.date, question: str) -> None:
    wish = intent_of(answer, question, today, BANDS, None)
    assert msgspec.convert(msgspec.to_builtins(wish), Intent) == wish
    assert 0 <= wish.days_ahead <= 730
    assert wish.depart == today + datetime.timedelta(days=wish.days_ahead)
    assert 0.5 <= wish.hours <= 24
    assert wish.min_c is None or wish.max_c is None or wish.min_c <= wish.max_c
    assert all(occurs(piece, question) for piece in wish.ignored)
