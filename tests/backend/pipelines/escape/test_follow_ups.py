"""Follow-up questions through the whole pipeline: what the run before knew is used, and what changed is told."""

from datetime import timedelta
from typing import Any

import pytest

from tests.escape_runs import SUNDAY_NOON, Asker


async def test_a_follow_up_keeps_what_it_does_not_change_and_says_what_it_does(asker: Asker) -> None:
    first = await asker.ask("cold tomorrow, under 5 hours, from Valencia")
    second = await asker.ask("max 2 hours", previous=first.view.run)
    assert second.end.status == "ok"
    assert second.detail("intent")["changed"] == ["hours: 5 h → 2 h"]
    assert second.sentences()["understand"] == "3 words about “cold tomorrow, under 5 hours, from Valencia”"
    assert second.sentences()["locate"] == "Valencia, Spain (as before)"
    assert second.sentences()["intent"] == (
        "Changed hours: 5 h → 2 h. "
        "Cold (20 °C or less) tomorrow, Monday 23 November, at most 2 h of flight, from Valencia"
    )
    assert second.detail("departure")["iata"] == "VLC"
    assert 0 < len(second.end.order or ()) < len(first.end.order or ())


async def test_follow_ups_follow_follow_ups(asker: Asker) -> None:
    run = (await asker.ask("hot tomorrow, under 5 hours, from Valencia")).view.run
    for text in ("warmer", "a day later", "from Alicante instead", "shorter flights"):
        answer = await asker.ask(text, previous=run)
        run = answer.view.run
    wish = answer.detail("intent")
    kept = {key: wish.get(key) for key in ("depart", "weather", "min_c", "hours", "origin")}
    assert kept == {"depart": "2026-11-24", "weather": "hot", "min_c": 30.0, "hours": 4.0, "origin": "Alicante"}
    assert answer.detail("departure")["iata"] == "ALC"


async def test_a_question_of_its_own_keeps_nothing_and_says_so(asker: Asker) -> None:
    first = await asker.ask("hot tomorrow, under 2 hours, from Valencia")
    second = await asker.ask("somewhere cold on Friday, from Oslo", previous=first.view.run)
    assert second.detail("intent").get("hours", 12.0) == 12.0
    assert second.detail("intent").get("changed", []) == []
    assert second.detail("departure")["iata"] == "OSL"
    assert "a question of its own, not about “hot tomorrow" in second.sentences()["understand"]


@pytest.mark.parametrize(
    ("first", "options", "text", "then", "place"),
    [
        ("hot from Oslo", {}, "warmer", {}, "Oslo, Norway (as before)"),
        ("hot from Oslo", {"from": "VLC"}, "warmer", {"from": "VLC"}, "Oslo, Norway (as before)"),
        ("hot", {"from": "OSL"}, "warmer", {}, "Oslo (OSL), Norway (as before)"),
        ("hot", {"from": "OSL"}, "warmer", {"from": "VLC"}, "Valencia (VLC), Spain (as you gave it)"),
        ("hot", {"tz": "Europe/Oslo"}, "warmer", {"tz": "Europe/Madrid"}, "Oslo, Norway (as before)"),
        ("hot from Oslo", {}, "from Valencia", {"tz": "Europe/Madrid"}, "Valencia, Spain (from your question)"),
        ("hot from Oslo", {}, "Qwertz, warmer", {}, "Oslo, Norway (as before)"),
        ("hot from Portland, Maine", {}, "cold", {}, "Portland, Maine, United States (as before)"),
        ("hot from Oslo", {}, "new question: cold", {"tz": "Europe/Madrid"}, "Madrid, Spain (a guess from your time"),
        ("hot from Oslo", {}, "new question: cold", {}, "Oslo, Norway (as before)"),
    ],
)
async def test_where_a_follow_up_leaves_from(
    asker: Asker, first: str, options: dict[str, Any], text: str, then: dict[str, Any], place: str
) -> None:
    run = (await asker.ask(first, options)).view.run
    answer = await asker.ask(text, then, previous=run)
    assert answer.sentences()["locate"].startswith(place)
    assert answer.end.status == "ok"


async def test_a_place_that_was_not_found_is_not_said_again(asker: Asker) -> None:
    first = await asker.ask("hot from Qwertzuiop", {"tz": "Europe/Madrid"})
    assert first.end.status == "partial"
    second = await asker.ask("warmer", {"tz": "Europe/Madrid"}, previous=first.view.run)
    assert second.end.status == "ok"
    assert "Qwertz" not in second.sentences()["intent"]


async def test_a_run_that_failed_for_want_of_a_place_is_mended_by_one(asker: Asker) -> None:
    first = await asker.ask("cold in 3 days, under 2 hours")
    assert first.end.status == "failed"
    second = await asker.ask("from Oslo", previous=first.view.run)
    assert second.end.status == "ok"
    wish = second.detail("intent")
    assert (wish["depart"], wish["weather"], wish["hours"]) == ("2026-11-25", "cold", 2.0)
    assert wish["changed"] == ["from: here → Oslo"]


async def test_days_go_by_between_question_and_follow_up(asker: Asker) -> None:
    first = await asker.ask("cold tomorrow from Oslo")
    second = await asker.ask("colder", previous=first.view.run, now=SUNDAY_NOON + timedelta(days=7))
    assert second.detail("intent")["depart"] == "2026-11-29"
    assert "Assumed: that day is past: today instead" in second.lines("intent")
