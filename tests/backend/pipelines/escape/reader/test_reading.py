"""What is said, assumed and ignored; and what holds for any text at all."""

from __future__ import annotations

import datetime
import random
import sys
import tomllib
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.pipelines.escape.models import Bands, Intent
from backend.pipelines.escape.reader import find_origin, read
from backend.pipelines.escape.reader.question import Question, parsed
from backend.pipelines.escape.reader.weather import not_cold, not_hot
from backend.pipelines.escape.reader.words import TABLES

TODAY = datetime.date(2026, 11, 18)
_TABLE = next(parent for parent in Path(__file__).parents if parent.name == "tests") / "fixtures" / "questions.toml"
_QUESTIONS = [row["q"] for rows in tomllib.loads(_TABLE.read_text(encoding="utf-8")).values() for row in rows]
_WORDS = sorted({word for question in _QUESTIONS for word in question.split()})
_PHRASES = sorted(
    {phrase for table in TABLES for by in table.values() for text in by.values() for phrase in text.split(" | ")}
)
_DAYS = st.dates(datetime.date(2000, 1, 1), datetime.date(2100, 12, 31))
_SHUFFLED = st.lists(st.sampled_from(_WORDS) | st.sampled_from(_PHRASES), max_size=40).map(" ".join)


def test_the_sentence_says_weather_day_hours_and_place() -> None:
    assert read("somewhere hot on Monday, under 4 hours, from Valencia", TODAY).said == (
        "Hot (25 °C or more) on Monday 23 November, at most 4 h of flight, from Valencia"
    )
    assert read("15-20 degrees today, 90 minutes", TODAY).said == (
        "Cold (15 to 20 °C) today, Wednesday 18 November, at most 1 h 30 min of flight"
    )
    assert read("not too hot tomorrow", TODAY).said == (
        "Not hot (24.9 °C or less) tomorrow, Thursday 19 November, at most 12 h of flight"
    )
    assert "Tuesday 5 January 2027 (typical weather" in read("January 5", TODAY).said


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("hot", "Hot (12 °C or more)"),
        ("cold", "Cold (-5 °C or less)"),
        ("mild", "Mild (between -5 and 12 °C)"),
        ("not too hot", "Not hot (11.9 °C or less)"),
        ("not cold", "Not cold (-4.9 °C or more)"),
        ("hot, max 30 degrees", "Hot (12 to 30 °C)"),
        ("cold but at least minus 10 degrees", "Cold (-10 to -5 °C)"),
        ("at least 15 degrees", "Hot (15 °C or more)"),
        ("0 to 10 degrees", "Mild (0 to 10 °C)"),
        ("mild, at least 2 degrees", "Mild (2 to 12 °C)"),
        ("warm, at least 8 degrees", "8 °C or more"),
        ("hot, max 10 degrees", "10 °C or less"),
        ("not too hot, at least 5 degrees", "Mild (5 to 11.9 °C)"),
        ("-10 to 20 degrees", "-10 to 20 °C"),
        ("any weather", "Any weather"),
    ],
)
def test_what_is_hot_and_what_is_cold_is_a_setting(question: str, said: str) -> None:
    assert read(question, TODAY, Bands(-5, 12)).said.startswith(said + " tomorrow")


@pytest.mark.parametrize(
    ("question", "weather", "low", "high"),
    [
        ("hot, max 30 degrees", "hot", None, 30),
        ("hot, max 25 degrees", "any", None, 25),  # nothing hot is left below: the figure counts
        ("hot, at least 30 degrees", "hot", 30, None),
        ("hot, at least 18 degrees", "any", 18, None),
        ("hot, max 10 degrees", "cold", None, 10),
        ("cold, no less than 5 degrees", "cold", 5, None),
        ("mild, max 23 degrees", "normal", None, 23),
        ("mild, max 28 degrees", "any", None, 28),
        ("hot, 22 to 28 degrees", "any", 22, 28),
        ("not too hot, at least 18 degrees", "any", 18, 24.9),
        ("not too hot, at least 30 degrees", "hot", 30, None),
        ("not cold, max 23 degrees", "normal", 20.1, 23),
    ],
)
def test_a_word_stays_beside_a_figure_that_narrows_it(
    question: str, weather: str, low: float | None, high: float | None
) -> None:
    intent = read(question, TODAY)
    assert (intent.weather, intent.min_c, intent.max_c) == (weather, low, high)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("I want to go to Barcelona", "Barcelona"),
        ("to Rome from Paris tomorrow", "Rome"),
        ("flights to New York on Friday from Dublin", "New York"),
        ("morgen von Berlin nach Rom", "Rom"),
        ("quiero ir a Lisboa mañana desde Madrid", "Lisboa"),
        ("aller à Naples demain depuis Lyon", "Naples"),
    ],
)
def test_a_destination_is_not_used_and_that_is_said(question: str, named: str) -> None:
    intent = read(question, TODAY)
    assert named in intent.ignored
    assert f"where to go is what is looked for: “{named}” is not used" in intent.assumed
    assert intent.origin != named


@pytest.mark.parametrize(
    "question",
    [
        "to the beach from Rome",
        "from Rome to anywhere",
        "Friday to Sunday from Rome",
        "from Friday 4 December to Sunday 6 December, snow, from Paris",
    ],
)
def test_what_is_no_place_is_no_destination(question: str) -> None:
    assert not any("where to go" in sentence for sentence in read(question, TODAY).assumed)


def test_a_guess_can_be_left_out() -> None:
    intent = read("Dublin, Friday, hot", TODAY, guesses=False)
    assert (intent.origin, intent.origin_guessed, intent.ignored) == (None, False, ("Dublin",))
    assert not any("Dublin" in sentence for sentence in (intent.said, *intent.assumed))
    assert read("from Dublin, Friday", TODAY, guesses=False).origin == "Dublin"


def test_what_is_not_said_gets_defaults_and_the_defaults_are_said() -> None:
    assert read("from Oslo", TODAY).assumed == (
        "no day given: tomorrow",
        "no flight length given: up to 12 h",
        "no weather given: any",
    )
    assert read("tomorrow, hot, 3 h", TODAY).assumed == ()


@pytest.mark.parametrize("question", ["", "   ", "?!", "asdf qwer", "🏖️🏖️🏖️", "什么地方"])
def test_a_question_that_says_nothing_is_answered_with_the_defaults_and_says_so(question: str) -> None:
    intent = read(question, TODAY)
    assert (intent.days_ahead, intent.weather, intent.hours, intent.origin) == (1, "any", 12.0, None)
    assert len(intent.assumed) == 1
    assert intent.assumed[0].startswith("nothing in the question was understood")


@pytest.mark.parametrize(
    ("question", "ignored"),
    [
        ("hot, 2 people, 3 bags", ("2 people", "3 bags")),
        ("cheap, with my dog, from Turin", ("cheap", "with my dog")),
        ("hot for 4 days", ("for 4 days",)),
        ("tomorrow at 9 from Lyon", ("at 9",)),
        ("500 euros, hot", ("500 euros",)),
        ("from Oslo to Spain", ("Spain",)),
        ("cold, at least 30 degrees", ("cold",)),
        ("mild, 28 to 32 degrees", ("mild",)),
        ("at least 3 hours, at most 5 hours", ("at least 3 hours",)),
        ("hot but no snow", ("no snow",)),
        ("cool but sunny", ("sunny",)),
        ("für 4 Tage, zwei Personen, ab Ulm", ("für 4 Tage", "zwei Personen")),
        ("demain à 9h, pas cher, depuis Nice", ("à 9h", "pas cher")),
        ("barato, con mi perro, desde Vigo", ("barato", "con mi perro")),
        ("cheap CHEAP Cheap flights", ("cheap",)),
        ("hot from Lyon with flurbs", ("flurbs",)),
    ],
)
def test_what_was_seen_and_not_used_is_listed_as_typed(question: str, ignored: tuple[str, ...]) -> None:
    assert read(question, TODAY).ignored == ignored


@pytest.mark.parametrize(
    ("question", "hours", "words"),
    [
        ("max 10 minutes", 0.5, "no flight is that short"),
        ("under 30 hours", 24.0, "no non-stop is that long"),
        ("under 9999999 hours", 24.0, "no non-stop is that long"),
        ("short flight", 3.0, "short flight taken as at most 3 h"),
        ("max 4, hot", 4.0, "without a unit"),
        ("between 2 and 4 hours", 4.0, "only the longer"),
    ],
)
def test_a_flight_length_that_was_changed_or_guessed_is_said(question: str, hours: float, words: str) -> None:
    intent = read(question, TODAY)
    assert intent.hours == hours
    assert any(words in line for line in intent.assumed)


@pytest.mark.parametrize(
    ("question", "hours"),
    [
        ("under 5 h 22", 5 + 22 / 60),
        ("1 h 5", 1 + 5 / 60),
        ("1 h 5, hot", 1 + 5 / 60),
        ("max 2 heures 30 depuis Lyon", 2.5),
        ("unter 2 Stunden 15", 2.25),
        ("menos de 2 horas 45 desde Vigo", 2.75),
        ("under 5 h 30 to Spain", 5.5),
        ("2h", 2),
        ("2h30", 2.5),
        ("2 h 30 min", 2.5),
        ("5 h 75", 5),
        ("max 3 h 25 degrees", 3),
        ("max 3 h 30 to 35 degrees", 3),
        ("max 3 h 22 December", 3),
        ("3 h 2 people", 3),
        ("3 h 20 euros", 3),
        ("3 h 22nd", 3),
        ("3 h 2 flurbs", 3),
        ("3 hours 25+ degrees", 3),
    ],
)
def test_a_number_behind_hours_is_their_minutes_unless_it_counts_something_else(question: str, hours: float) -> None:
    assert read(question, TODAY).hours == pytest.approx(hours, abs=1e-3)


def test_a_question_is_parsed_once_for_all_who_ask_about_it() -> None:
    parsed.cache_clear()
    find_origin("hot, from Oslo")
    read("hot, from Oslo", TODAY)
    read("hot, from Oslo", TODAY, Bands(0, 10))
    assert (parsed.cache_info().misses, parsed.cache_info().hits) == (1, 2)


@pytest.mark.parametrize(
    "question",
    [
        "get away from the rain",
        "far from here",
        "from Monday",
        "from 3 hours",
        "working from home",
        "a break from work",
        "menos de 3 horas",
        "lejos de la lluvia",
        "un vol de nuit",
        "raus aus dem Regen",
        "ab Montag",
        "from tomorrow",
        "from 9 am",
        "from €50",
        "moins de 3 heures de vol",
        "Sommerurlaub, morgen",
        "from " + "x" * 500,
    ],
)
def test_words_that_look_like_an_origin_are_none(question: str) -> None:
    assert find_origin(question) is None


def test_a_place_that_no_word_introduces_is_said_to_be_a_guess() -> None:
    intent = read("Dublin, Friday, hot", TODAY)
    assert intent.origin == "Dublin"
    assert "“Dublin” taken as the place to leave from" in intent.assumed


def test_a_contradiction_keeps_what_came_first_and_lists_the_rest() -> None:
    intent = read("at least 30 degrees, below 10 degrees", TODAY)
    assert (intent.min_c, intent.max_c) == (30, None)
    assert intent.ignored == ("below 10 degrees",)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=2000), _SHUFFLED), _DAYS)
@example("9" * 2000, TODAY)
@example("1/1/1 " * 300, TODAY)
@example("in 9999999 months and 0000000.5 hours", TODAY)
@example("from \x00\ud800 de", TODAY)
def test_any_text_gives_an_intent_within_bounds(text: str, today: datetime.date) -> None:
    intent = read(text, today)
    assert intent.days_ahead == (intent.depart - today).days >= 0
    assert 0.5 <= intent.hours <= 24
    assert intent.said
    assert len(intent.ignored) <= 12
    assert all(len(piece) <= 60 for piece in intent.ignored)
    if intent.min_c is not None and intent.max_c is not None:
        assert intent.min_c <= intent.max_c


@settings(deadline=None)
@given(st.one_of(st.sampled_from(_QUESTIONS), _SHUFFLED), st.floats(-40, 40), st.floats(0.2, 20))
@example("hot, at most 30 degrees", 29.9, 0.2)
def test_figures_and_bands_always_leave_a_temperature(text: str, cold: float, wider: float) -> None:
    bands = Bands(round(cold, 1), round(cold + wider, 1))
    intent = read(text, TODAY, bands)
    low, high = bands.limits(intent)
    assert low is None or high is None or low <= high
    # A word beside one figure is kept only where the figure lies in its band.
    if intent.weather != "any" and (intent.min_c is None) != (intent.max_c is None):
        figure = intent.min_c if intent.min_c is not None else intent.max_c
        assert figure is not None
        assert bands.accepts(Intent(TODAY, 0, intent.weather, ""), figure)


@settings(deadline=None)
@given(st.integers(-400, 400).map(lambda tenths: tenths / 10), st.integers(1, 200))
def test_not_hot_and_not_cold_are_the_nearest_tenths(cold: float, wider: int) -> None:
    bands = Bands(cold, round(cold + wider / 10, 1))
    wish = Intent(TODAY, 0, "hot", "")
    assert not bands.accepts(wish, not_hot(bands))
    assert bands.accepts(wish, round(not_hot(bands) + 0.1, 1))
    wish = Intent(TODAY, 0, "cold", "")
    assert not bands.accepts(wish, not_cold(bands))
    assert bands.accepts(wish, round(not_cold(bands) - 0.1, 1))


@settings(deadline=None)
@given(st.one_of(st.text(max_size=400), _SHUFFLED), _DAYS)
def test_the_origin_alone_is_the_origin_of_the_whole(text: str, today: datetime.date) -> None:
    named, intent = find_origin(text), read(text, today)
    assert (named.words if named else None) == intent.origin
    assert (named is not None and named.guessed) == intent.origin_guessed


@settings(deadline=None)
@given(st.one_of(st.text(max_size=400), _SHUFFLED))
def test_findings_lie_in_order_and_never_overlap(text: str) -> None:
    question = Question(text)
    ends = [0, *(finding.end for finding in question.findings)]
    assert all(ends[i] <= finding.start < finding.end for i, finding in enumerate(question.findings))
    assert ends[-1] <= len(question.tokens)


@pytest.mark.parametrize(("before", "behind"), [(" \t", "  "), ("", "\n"), ("", " please"), ("", "!"), ("", "?!")])
def test_space_and_courtesy_around_a_question_change_nothing(before: str, behind: str) -> None:
    def wish(question: str) -> tuple[object, ...]:
        intent = read(question, TODAY)
        return intent.depart, intent.weather, intent.hours, intent.min_c, intent.max_c, intent.origin

    changed = [question for question in _QUESTIONS if wish(before + question + behind) != wish(question)]
    assert changed == []


_HOSTILE = (
    "not ",
    "from ",
    "de ",
    "in 2 ",
    "at most at least ",
    "escape the ",
    "1-",
    "1.",
    "a few ",
    "from New ",
    "less than ",
    "between 2 and ",
    "not too ",
    "St. ",
    "(((",
    "London ",
    "-",
    "1h",
    "the day after ",
    "'",
)


@pytest.mark.parametrize("piece", [*_HOSTILE, "mixed"])
def test_the_work_grows_no_faster_than_the_text(piece: str) -> None:
    rng = random.Random(7)
    unit = "".join(rng.choices(_HOSTILE, k=60)) if piece == "mixed" else piece
    short, long = (_calls((unit * (length // len(unit) + 1))[:length]) for length in (2_000, 8_000))
    # Four times the text; anything quadratic would make sixteen times as many calls.
    assert long < 6 * short


def _calls(text: str) -> int:
    """How many functions one reading calls: work that can be counted, whatever else the machine does."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    read("", TODAY)
    parsed.cache_clear()
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read(text, TODAY)
    finally:
        sys.setprofile(before)
    return calls
