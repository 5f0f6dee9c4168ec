"""What a step's voice makes of what the step says."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import SourceError
from backend.runs import voice as voice_module
from backend.runs.voice import ROWS_PER_EVENT, StepEndedError, StepVoice
from shared import events as ev
from tests.asked_runs import until

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Heard:
    """A writer that only listens, and what else a voice reports."""

    def __init__(self, may_call: bool = True) -> None:
        self.events: list[Any] = []
        self.changes: list[ev.RowsChanged] = []
        self.orders: list[Any] = []
        self.may_call = may_call
        numbers = itertools.count(1)
        self.voice = StepVoice(
            self,  # type: ignore[arg-type]  # emit is all that a voice uses
            "a",
            1,
            deadline=12.5,
            clock=lambda: NOW,
            new_call_id=lambda: f"c{next(numbers)}",
            may_call=lambda: self.may_call,
            on_rows=self.changes.append,
            on_order=self.orders.append,
        )

    def emit(self, kind: type[ev.Event], /, **fields: Any) -> ev.Event:
        event = kind(seq=len(self.events) + 1, t=0, **fields)
        self.events.append(event)
        return event

    def told(self) -> list[tuple[str, str]]:
        return [(type(event).__name__, getattr(event, "text", "")) for event in self.events]


async def test_tokens_are_joined_until_their_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_module, "TOKEN_BATCH_S", 0.001)
    heard = Heard()
    for piece in ("Some", "where ", "", "hot"):
        heard.voice.token(piece)
    assert heard.events == []
    await until(lambda: len(heard.events) > 0)
    heard.voice.token("!")
    await until(lambda: len(heard.events) > 1)
    assert heard.told() == [("StepToken", "Somewhere hot"), ("StepToken", "!")]


@given(st.lists(st.tuples(st.sampled_from(["answer", "reasoning"]), st.text("ab", max_size=3)), max_size=20))
def test_tokens_of_both_kinds_keep_their_order_and_are_joined_with_their_own_kind(said: list[Any]) -> None:
    async def check() -> list[Any]:
        heard = Heard()
        for kind, text in said:
            heard.voice.token(text, kind=kind)
        heard.voice.end()
        return heard.events

    told = asyncio.run(check())
    assert [(one.kind, letter) for one in told for letter in one.text] == [
        (kind, c) for kind, text in said for c in text
    ]
    kinds = [kind for kind, _ in said]
    assert len(told) <= len(list(itertools.groupby(kinds))), "no more events than the kind changed"


@given(st.lists(st.sampled_from("tlpr"), max_size=20))
def test_tokens_and_everything_else_keep_their_order_and_nothing_is_lost(said: list[str]) -> None:
    async def check() -> str:
        heard = Heard()
        for place, kind in enumerate(said):
            if kind == "t":
                heard.voice.token(f"t{place} ")
            elif kind == "l":
                heard.voice.log(f"l{place} ")
            elif kind == "p":
                heard.voice.progress(place, unit=f"p{place} ")
            else:
                heard.voice.rows([ev.RowUpsert(id=f"r{place} ", cells={}, state="confirmed")])
        heard.voice.end()
        parts = (getattr(e, "text", "") or getattr(e, "unit", "") or e.upsert[0].id for e in heard.events)
        return "".join(parts)

    assert asyncio.run(check()) == "".join(f"{kind}{place} " for place, kind in enumerate(said))


async def test_no_timer_outlives_the_attempt() -> None:
    heard = Heard()
    heard.voice.token("x")
    timer = heard.voice._token_timer
    heard.voice.end()
    heard.voice.end()
    assert timer is not None
    assert timer.cancelled()
    assert heard.told() == [("StepToken", "x")]


SPEECH: dict[str, Callable[[StepVoice], Any]] = {
    "say": lambda voice: voice.say("x"),
    "detail": lambda voice: voice.detail("x"),
    "degraded": lambda voice: voice.degraded("x"),
    "progress": lambda voice: voice.progress(1),
    "log": lambda voice: voice.log("x"),
    "token": lambda voice: voice.token("x"),
    "rows": lambda voice: voice.rows([ev.RowUpsert(id="r", cells={}, state="confirmed")]),
    "order": lambda voice: voice.order(["r"]),
    "call": lambda voice: voice.call("source", "look"),
}


@pytest.mark.parametrize("speak", SPEECH.values(), ids=SPEECH)
async def test_speaking_after_the_end_is_an_error_and_changes_nothing(speak: Callable[[StepVoice], Any]) -> None:
    heard = Heard()
    heard.voice.end()
    with pytest.raises(StepEndedError, match="step 'a' spoke after its attempt 1 had ended"):
        speak(heard.voice)
    assert (heard.events, heard.changes, heard.orders) == ([], [], [])
    assert (heard.voice.sentence, heard.voice.outcome, heard.voice.degradations) == (None, None, [])


async def test_a_call_that_ends_after_the_step_is_an_error() -> None:
    heard = Heard()
    with pytest.raises(StepEndedError):
        async with heard.voice.call("source", "look"):
            heard.voice.end()
    assert heard.events == []


@pytest.mark.parametrize(
    ("before", "then"),
    [((3, 10), (2, None)), ((3, 10), (11, None)), ((3, 10), (4, 3)), ((0, None), (-1, None)), ((0, None), (6, 5))],
    ids=["falls", "passes the total", "total below done", "negative", "above its first total"],
)
async def test_progress_that_cannot_be_is_refused_and_not_told(before: Any, then: Any) -> None:
    heard = Heard()
    heard.voice.progress(*before)
    with pytest.raises(ValueError, match="progress went from"):
        heard.voice.progress(*then)
    assert len(heard.events) == 1
    heard.voice.progress(*before)


async def test_progress_keeps_its_total_until_another_is_given() -> None:
    heard = Heard()
    heard.voice.progress(1, 4, "cities")
    heard.voice.progress(1)
    heard.voice.progress(5, 6)
    assert [(e.done, e.total, e.unit) for e in heard.events] == [(1, 4, "cities"), (1, 4, None), (5, 6, None)]


@pytest.mark.parametrize(
    ("upserts", "removals", "sizes"),
    [
        (0, 0, [(0, 0)]),
        (1, 1, [(1, 1)]),
        (ROWS_PER_EVENT, ROWS_PER_EVENT, [(ROWS_PER_EVENT, ROWS_PER_EVENT)]),
        (ROWS_PER_EVENT + 1, 0, [(ROWS_PER_EVENT, 0), (1, 0)]),
        (2 * ROWS_PER_EVENT + 5, ROWS_PER_EVENT + 1, [(200, 0), (200, 0), (5, 0), (0, 200), (0, 1)]),
        (3, ROWS_PER_EVENT + 1, [(3, 0), (0, 200), (0, 1)]),
    ],
)
async def test_many_rows_are_told_in_several_events_upserts_first(
    upserts: int, removals: int, sizes: list[tuple[int, int]]
) -> None:
    heard = Heard()
    upsert = [ev.RowUpsert(id=f"r{n}", cells={"n": n}, state="confirmed") for n in range(upserts)]
    remove = [ev.RowRemoval(id=f"r{n}", why="out") for n in range(removals)]
    heard.voice.rows(upsert, remove)
    assert [(len(event.upsert), len(event.remove)) for event in heard.events] == sizes
    assert [row for event in heard.events for row in event.upsert] == upsert
    assert [row for event in heard.events for row in event.remove] == remove
    assert heard.changes == heard.events


async def test_degraded_says_it_as_a_line_and_as_a_notice() -> None:
    heard = Heard()
    heard.voice.degraded("No timetable.")
    assert heard.told() == [("StepLog", "No timetable."), ("RunNotice", "No timetable.")]
    assert heard.events[0].level == "warning"


async def test_a_call_becomes_one_line_with_its_evidence() -> None:
    heard = Heard()
    async with heard.voice.call("Open-Meteo", "forecast", latitude=39.5) as call:
        call.status, call.bytes, call.cached, call.retries = 200, 512, True, 1
        call.as_of, call.excerpt, call.text = "2026-11-22", "{…}", "21 cities"
    (event,) = heard.events
    assert (event.level, event.text) == ("info", "21 cities")
    evidence = msgspec_dict(event.evidence)
    assert evidence.pop("ms") >= 0
    assert evidence == {
        "id": "c1", "source": "Open-Meteo", "operation": "forecast", "request": {"latitude": 39.5}, "status": 200,
        "cached": True, "retries": 1, "bytes": 512, "as_of": "2026-11-22", "excerpt": "{…}",
    }  # fmt: skip


def msgspec_dict(value: ev.Evidence) -> dict[str, Any]:

    return msgspec.structs.asdict(value)


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (SourceError("It took too long.", code="timeout"), "timeout"),
        (ValueError("bad"), "failed"),
        (asyncio.CancelledError(), "cancelled"),
    ],
    ids=["source error", "bug", "cancelled"],
)
async def test_a_call_that_fails_is_told_with_how_and_the_error_goes_on(raised: BaseException, status: str) -> None:
    heard = Heard()
    with pytest.raises(type(raised)):
        async with heard.voice.call("source", "look"):
            raise raised
    (event,) = heard.events
    assert (event.level, event.evidence.status) == ("warning", status)


async def test_a_status_that_the_step_set_itself_stays() -> None:
    heard = Heard()
    with pytest.raises(SourceError):  # noqa: PT012  # the block is what is tested
        async with heard.voice.call("source", "look") as call:
            call.status = 503
            raise SourceError("Down.", code="http_5xx")
    assert heard.events[0].evidence.status == 503


async def test_no_call_starts_once_the_run_is_ending() -> None:
    heard = Heard(may_call=False)
    with pytest.raises(asyncio.CancelledError):
        heard.voice.call("source", "look")
    assert heard.events == []


async def test_a_voice_knows_the_time_and_its_limit() -> None:
    heard = Heard()
    assert (heard.voice.clock(), heard.voice.deadline) == (NOW, 12.5)
    heard.voice.order(["b", "a"])
    assert heard.orders == [["b", "a"]]
