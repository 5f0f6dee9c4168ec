"""The table of follow-up questions: what is said changes, what isn't stays; and what holds for any text at all."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.models import Bands, Intent
from backend.pipelines.escape.reader import find_new_origin, read, refine, stands_alone

TODAY = datetime.date(2026, 11, 18)
_TABLE = next(parent for parent in Path(__file__).parents if parent.name == "tests") / "fixtures" / "follow_ups.toml"
_TALKS: list[dict[str, Any]] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["talk"]
_ROWS = [(talk["after"], row) for talk in _TALKS for row in talk["rows"]]
_REFINING = [(after, row) for after, row in _ROWS if not row.get("fresh")]


def _parts(intent: Intent) -> dict[str, Any]:
    return {
        "day": intent.days_ahead,
        "weather": intent.weather,
        "min": intent.min_c,
        "max": intent.max_c,
        "hours": intent.hours,
        "origin": intent.origin,
    }


@pytest.mark.parametrize(("after", "row"), _REFINING, ids=[f"{row['q']} ({after})" for after, row in _REFINING])
def test_a_follow_up_changes_what_it_says_and_nothing_else(after: str, row: dict[str, Any]) -> None:
    before = read(after, TODAY)
    now = refine(row["q"], before, TODAY)
    said = {key: None if value == "none" else value for key, value in row.items() if key != "q"}
    assert _parts(now) == pytest.approx(_parts(before) | said), now
    assert not stands_alone(row["q"])
    told = {change.partition(":")[0] for change in now.changed}
    assert told == _differing(_parts(before), _parts(now))
    assert now.said.startswith("Changed ") == bool(told)
    named = find_new_origin(row["q"])
    assert (named.words if named else before.origin) == now.origin


def _differing(before: dict[str, Any], now: dict[str, Any]) -> set[str]:
    names = {"day": "day", "weather": "weather", "min": "weather", "max": "weather", "hours": "hours", "origin": "from"}
    return {name for key, name in names.items() if before[key] != now[key]}


@pytest.mark.parametrize("text", [row["q"] for _, row in _ROWS if row.get("fresh")])
def test_a_question_that_says_enough_stands_alone(text: str) -> None:
    assert stands_alone(text)


def test_the_table_is_as_large_as_it_should_be() -> None:
    assert len({(after, row["q"]) for after, row in _ROWS}) == len(_ROWS) >= 200
    assert {key for _, row in _ROWS for key in row} <= {"q", *_parts(read("", TODAY)), "fresh"}


def test_what_is_not_said_is_told_as_it_was() -> None:
    before = read("somewhere hot tomorrow, under 5 hours, from Valencia", TODAY)
    now = refine("max 2 hours", before, TODAY)
    assert now.changed == ("hours: 5 h → 2 h",)
    assert now.said == (
        "Changed hours: 5 h → 2 h. "
        "Hot (25 °C or more) tomorrow, Thursday 19 November, at most 2 h of flight, from Valencia"
    )
    assert refine("again", before, TODAY).said == f"As before: {before.said}"
    both = refine("warmer, from Alicante", before, TODAY, left_from="Valencia, Spain")
    assert both.changed == ("weather: Hot (25 °C or more) → Hot (30 °C or more)", "from: Valencia → Alicante")


def test_a_place_that_no_words_named_is_told_by_its_name() -> None:
    before = read("somewhere hot", TODAY)
    assert refine("from Alicante", before, TODAY, left_from="Valencia").changed == ("from: Valencia → Alicante",)
    assert refine("from Alicante", before, TODAY).changed == ("from: here → Alicante",)


def test_steps_add_up() -> None:
    wish = read("hot tomorrow from Valencia", TODAY)
    said = []
    for text in ("warmer", "warmer", "colder", "max 6 hours", "shorter", "shorter", "the day after", "the day after"):
        wish = refine(text, wish, TODAY)
        said.append((wish.min_c, wish.max_c, wish.hours, wish.days_ahead))
    assert said == [
        (30, None, 12, 1),
        (35, None, 12, 1),
        (30, 35, 12, 1),
        (30, 35, 6, 1),
        (30, 35, 4, 1),
        (30, 35, 3, 1),
        (30, 35, 3, 2),
        (30, 35, 3, 3),
    ]


def test_a_day_that_has_passed_since_is_today() -> None:
    before = read("hot tomorrow from Valencia", TODAY)
    later = TODAY + datetime.timedelta(days=10)
    now = refine("warmer", before, later)
    assert (now.depart, now.days_ahead) == (later, 0)
    assert "that day is past: today instead" in now.assumed
    assert refine("the day before", read("today", TODAY), TODAY).assumed == ("that day is past: today instead",)


def test_a_day_out_of_reach_is_said_and_the_day_stays() -> None:
    before = read("hot on 1 November 2028", TODAY)
    now = refine("a week later", before, datetime.date(2026, 11, 2))
    assert now.depart == before.depart
    assert any("too far" in sentence for sentence in now.assumed)


def test_what_was_not_understood_is_said() -> None:
    before = read("hot tomorrow from Valencia", TODAY)
    now = refine("xyzzy", before, TODAY)
    assert now.assumed == ("nothing of it was understood: the question before is asked again",)
    assert now.ignored == ("xyzzy",)
    assert refine("to Rome", before, TODAY).ignored == ("Rome",)


def test_bands_are_a_setting_here_too() -> None:
    bands = Bands(10, 18)
    before = read("cold tomorrow", TODAY, bands)
    assert refine("colder", before, TODAY, bands).max_c == 5
    assert refine("warmer", before, TODAY, bands).said.startswith(
        "Changed weather: Cold (10 °C or less) → Mild (between 10 and 18 °C). "
    )


def test_a_guess_that_led_nowhere_leaves_the_place() -> None:
    before = read("hot tomorrow from Valencia", TODAY)
    assert refine("Alicante, warmer", before, TODAY).origin == "Alicante"
    now = refine("Alicante, warmer", before, TODAY, guesses=False)
    assert (now.origin, now.ignored) == ("Valencia", ("Alicante",))


_WORDS = sorted({word for _, row in _ROWS for word in row["q"].split()})
_TEXTS = st.text() | st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)


@given(st.lists(_TEXTS, max_size=4), _TEXTS, st.dates(datetime.date(2000, 1, 1), datetime.date(2100, 1, 1)))
def test_whatever_is_said_a_wish_stays_one_that_can_be_answered(
    texts: list[str], first: str, today: datetime.date
) -> None:
    wish = read(first, today)
    for text in texts:
        before, wish = wish, refine(text, wish, today)
        assert 0.5 <= wish.hours <= 24
        assert 0 <= wish.days_ahead <= 731
        assert wish.depart == today + datetime.timedelta(days=wish.days_ahead)
        assert wish.min_c is None or wish.max_c is None or wish.min_c <= wish.max_c
        assert bool(wish.changed) == (_parts(wish) != _parts(before))
        assert stands_alone(text) in (True, False)
