"""The page: the whole pipeline as the server runs it, its plan, its frames and every sentence that a person sees."""

import datetime
import re
from datetime import UTC, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.config import Config
from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.settings import EscapeSettings
from shared import events as ev
from tests.escape_runs import PIPELINE, SUNDAY_NOON, Answer, Asker, opened

WORDS = (
    "hot", "cold", "tomorrow", "friday", "under", "over", "3", "hours", "from", "Paris", "90°", "−5", "and", "Schnee",
    "playa", "?!", "🏝",
)  # fmt: skip
STEPS = ["understand", "locate", "intent", "departure", "routes", "distances", "weather", "result"]


def confirmed(answer: Answer) -> list[str]:
    return [row.id for row in answer.view.rows if row.state == "confirmed"]


async def test_the_plan_is_known_before_anything_runs(asker: Asker) -> None:
    answer = await asker.ask("somewhere cold tomorrow, under 3 hours, from Madrid")
    started = answer.events[0]
    assert isinstance(started, ev.RunStarted)
    assert [step.id for step in started.plan] == STEPS
    needs = {step.id: step.needs for step in started.plan}
    assert (needs["locate"], needs["intent"]) == (("understand",), ("understand",))  # the parallel step
    assert (needs["departure"], needs["routes"]) == (("locate",), ("departure",))
    assert started.columns == PIPELINE.columns


async def test_every_cell_has_its_column_and_every_shown_column_its_cell(asker: Asker) -> None:
    answer = await asker.ask("any weather tomorrow from JFK")
    keys = {column.key for column in PIPELINE.columns if column.kind != "series"}  # which needs a forecast
    for row in answer.view.rows:
        if row.state == "confirmed":
            assert set(row.cells) == keys


async def test_a_narrow_terminal_keeps_what_is_worth_most() -> None:
    assert [column.key for column in PIPELINE.columns[:6]] == [
        "city", "airport", "duration", "high", "weather", "flights",
    ]  # fmt: skip


@pytest.mark.parametrize("text", PIPELINE.examples)
async def test_every_example_is_answered_in_full(asker: Asker, text: str) -> None:
    answer = await asker.ask(text)
    assert answer.end.status == "ok"
    assert [one.id for one in answer.view.steps] == STEPS
    assert all(one.state == "ok" for one in answer.view.steps)


async def test_the_detail_of_each_step_is_typed(asker: Asker) -> None:
    answer = await asker.ask("15-20 degrees on Tuesday, up to 9 hours, from JFK")
    intent = answer.detail("intent")
    assert (intent["depart"], intent["hours"], intent["origin"]) == ("2026-11-24", 9.0, "JFK")
    assert (intent["min_c"], intent["max_c"], intent["weather"]) == (15.0, 20.0, "cold")
    place = answer.detail("locate")
    assert (place["today"], place["tz"], place["airports"]) == ("2026-11-22", "America/New_York", ["JFK"])
    assert answer.detail("departure")["iata"] == "JFK"
    assert {"iata", "flights", "evidence", "known", "minutes"} <= set(answer.detail("routes")["destinations"][0])
    measured = answer.detail("distances")
    assert measured["limit_minutes"] == 555
    assert len(measured["near"]) + len(measured["farther"]) == len(answer.detail("routes")["destinations"])
    assert {"high_c", "spread_c", "rain", "quality", "basis"} <= set(answer.detail("weather")["forecasts"][0])
    assert [one["iata"] for one in answer.detail("result")["ranked"]] == list(answer.end.order or ())


async def test_rows_are_provisional_after_the_distances_and_decided_by_the_weather(asker: Asker) -> None:
    answer = await asker.ask("somewhere cold tomorrow, under 3 hours, from Madrid")
    states: dict[str, str] = {}
    for event in answer.events:
        if isinstance(event, ev.RowsChanged):
            states |= {row.id: row.state for row in event.upsert} | {row.id: "removed" for row in event.remove}
            assert event.step != "weather" or "provisional" not in [row.state for row in event.upsert]
        if isinstance(event, ev.StepFinished) and event.step == "distances":
            assert set(states.values()) == {"provisional", "removed"}
    assert set(states.values()) == {"confirmed", "removed"}
    assert sorted(answer.end.order or ()) == sorted(confirmed(answer))
    assert len(answer.end.order or ()) + len(answer.removed()) == len(states)


async def test_the_evidence_of_every_cell_is_in_the_log(asker: Asker) -> None:
    answer = await asker.ask("somewhere hot tomorrow, under 5 hours, from New York")
    calls = {one.evidence.id for one in answer.events if isinstance(one, ev.StepLog) and one.evidence}
    rows = [row for one in answer.events if isinstance(one, ev.RowsChanged) for row in one.upsert]
    named = {call for row in rows for call in (row.from_ or {}).values()}
    assert named
    assert named <= calls
    assert all(set(row.from_ or {}) <= set(row.cells) for row in rows)


async def test_an_unknown_place_makes_the_run_partial_and_says_so(asker: Asker) -> None:
    answer = await asker.ask("hot, from Xyzzyx", {"tz": "Europe/Madrid"})
    assert (answer.end.status, answer.end.degraded) == ("partial", ("locate",))
    (notice,) = [one for one in answer.events if isinstance(one, ev.RunNotice)]
    assert notice.kind == "degraded"
    assert notice.text == "There is no place called “Xyzzyx” in the atlas; Madrid, Spain is taken instead."


async def test_no_place_at_all_fails_with_what_to_do(asker: Asker) -> None:
    answer = await asker.ask("somewhere hot", address="127.0.0.1")
    assert answer.end.status == "failed"
    assert answer.end.error is not None
    assert (answer.end.error.code, answer.end.say) == ("no_place", "Nothing says where you are")
    assert "from Valencia" in (answer.end.error.hint or "")


async def test_nothing_that_fits_is_an_answer_with_no_rows(asker: Asker) -> None:
    answer = await asker.ask("somewhere hot tomorrow, under 4 hours, from Valencia")
    assert (answer.end.status, answer.end.order) == ("ok", ())
    assert confirmed(answer) == []
    assert len(answer.removed()) == 91
    assert answer.end.say.startswith("Nothing fits; the nearest: Tenerife 24.8 °C")


async def test_what_is_suggested_in_words_works_when_it_is_typed(asker: Asker) -> None:
    answer = await asker.ask("hot tomorrow, under 1 hour, from Oslo")
    hours = re.search(r"fly for up to (\d+ h \d+ min)", answer.end.say)
    assert hours
    again = await asker.ask(f"hot tomorrow, under {hours[1]}, from Oslo")
    assert confirmed(again)
    answer = await asker.ask("hot tomorrow, under 4 hours, from Valencia")
    day = re.search(r"leave on (\d+ \w+ \d{4})", answer.end.say)
    assert day
    assert confirmed(await asker.ask(f"hot on {day[1]}, under 4 hours, from Valencia"))
    degrees = re.search(r"accept ([\d.]+) °C", answer.end.say)
    assert degrees
    assert confirmed(await asker.ask(f"at least {degrees[1]} degrees tomorrow, under 4 hours, from Valencia"))


async def test_tomorrow_is_counted_where_the_traveller_is(asker: Asker) -> None:
    eleven = datetime.datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
    apia = await asker.ask("tomorrow from Apia", {"tz": "America/New_York"}, now=eleven)
    assert apia.detail("intent")["depart"] == "2026-11-24"
    honolulu = await asker.ask("tomorrow from Honolulu", {"tz": "Pacific/Apia"}, now=eleven - timedelta(hours=2))
    assert honolulu.detail("intent")["depart"] == "2026-11-22"


async def test_bands_and_home_are_settings() -> None:
    settings = EscapeSettings(cold_max_c=-5.0, hot_min_c=12.0, demo_lat=59.9, demo_lon=10.7, demo_city="Home")
    config = Config(offline=True, pipelines=(settings,))
    async with opened(config) as asker:
        answer = await asker.ask("somewhere hot tomorrow, under 4 hours")
    assert answer.detail("locate")["basis"] == "as the server is set"
    assert answer.detail("departure")["iata"] == "OSL"
    highs = [row.cells["high"] for row in answer.view.rows if row.state == "confirmed"]
    assert highs
    assert min(highs) >= 12.0
    assert any("at 12 °C or more" in say for say in answer.sentences().values())


async def test_no_frame_of_a_large_hub_comes_near_the_limit(asker: Asker, bundled: Atlas) -> None:
    codes = [route.to.iata for route in bundled.routes_from("FRA")] + ["FRA"]
    hubs = [code for code in codes if (airport := bundled.airport(code)) and airport.nonstops > 150]
    assert {"IST", "CDG", "AMS", "ATL", "DXB"} <= set(hubs)
    largest = {}
    for hub in hubs:
        for text in ("any weather tomorrow, up to 24 hours", "at least 60 °C tomorrow, up to 30 minutes"):
            answer = await asker.ask(text, {"from": hub})
            largest[hub, text] = max(map(len, answer.frames))
            assert not any(b'"cut"' in frame for frame in answer.frames)
    assert max(largest.values()) < ev.MAX_FRAME_BYTES / 2, max(largest.items(), key=lambda item: item[1])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from(WORDS),
            max_size=14,
        ).map(" ".join),
    ),
    st.sampled_from([None, "Europe/Madrid", "Asia/Kathmandu", "Nowhere/Land", "UTC", ""]),
)
async def test_whatever_is_typed_the_run_ends_well_or_asks_for_a_place(asker: Asker, text: str, tz: str | None) -> None:
    answer = await asker.ask("".join(filter(str.isprintable, text)) or "?", {"tz": tz} if tz is not None else {})
    assert answer.end.status in ("ok", "partial", "failed")
    if answer.end.status == "failed":
        assert answer.end.error is not None
        assert answer.end.error.code in ("no_place", "no_airport")
    assert max(map(len, answer.frames)) < ev.MAX_FRAME_BYTES


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("hot tomorrow from Punta Arenas", {}),
        ("from Springfield", {"tz": "America/Chicago"}),
        ("cold saturday, up to 2 hours, from Monroe, Louisiana", {}),
        ("somewhere", {"tz": "Europe/Paris"}),
        ("at least 45 degrees from Longyearbyen, max 30 minutes", {}),
        ("any weather on Friday from Hayden, Colorado", {}),
        ("hot from Xyzzyx", {"from": "Rome"}),
        ("from Kiritimati", {"tz": "Pacific/Kiritimati"}),
        ("mild on sunday under 3h from SFO", {}),
        ("cold from Apia", {}),
    ],
)
async def test_sentences_are_whole_and_in_the_right_number(asker: Asker, text: str, options: dict[str, str]) -> None:
    answer = await asker.ask(text, options)
    for sentence in (*answer.sentences().values(), *answer.lines(), *answer.removed().values()):
        assert not re.search(r"\b1 (?!January|February|March)[a-z-]+s\b(?! the)", sentence.replace("1 is", "")), (
            sentence
        )
        assert not re.search(r"  | ,|None,|\(\)|: \.|“”|\bnan\b|\d\.\d{3}", sentence), sentence
        assert sentence == sentence.strip()


async def test_the_same_question_at_the_same_time_has_the_same_answer(asker: Asker) -> None:
    first, second = [await asker.ask("cold, under 3 hours, from Madrid", now=SUNDAY_NOON) for _ in range(2)]
    assert first.end.order == second.end.order
    assert [row.cells for row in first.view.rows] == [row.cells for row in second.view.rows]


async def test_a_run_that_is_cancelled_at_any_turn_ends_as_cancelled_or_was_done(asker: Asker) -> None:
    ends = set()
    # Turns pass while the log's thread writes too: how many a run takes depends on the machine.
    for turns in (*range(0, 60, 3), *range(60, 600, 60), 10_000):
        answer = await asker.ask("cold, under 3 hours, from Madrid", cancel_after_turns=turns)
        ends.add(answer.end.status)
        assert answer.end.status == "cancelled" or answer.view.steps[-1].state == "ok"
    assert ends == {"cancelled", "ok"}
