"""view.js against shared/view.py: the same state after every event, over written and random runs."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from shared import events as ev
from shared.errors import MalformedEvent
from shared.view import EMPTY, RunView, fold, step_numbers
from tests.backend.web import sample_run

pytestmark = pytest.mark.needs("node")

Node = Callable[[str, Any], Any]
STEPS = ("a", "b", "c", "d")


def in_full(value: Any) -> Any:
    """A view as JSON with every field, also those that hold their default."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        return {field.encode_name: in_full(getattr(value, field.name)) for field in fields}
    if isinstance(value, dict):
        return {key: in_full(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [in_full(item) for item in value]
    return value


def python_views(lines: Sequence[str]) -> list[RunView]:
    views, view = [], EMPTY
    for line in lines:
        event = ev.decode_event(line)
        assert not isinstance(event, ev.StreamBye | ev.StreamSnapshot)
        view = fold(view, event)
        views.append(view)
    return views


def check(node: Node, runs: Sequence[Sequence[str]]) -> None:
    for lines, answer in zip(runs, node("fold", runs), strict=True):
        views = python_views(lines)
        for line, ours, theirs in zip(lines, views, answer["views"], strict=True):
            assert theirs == in_full(ours), line
        last = views[-1]
        assert answer["finished"] == last.finished
        assert answer["shown"] == [row.id for row in last.shown_rows()]
        assert answer["left_out"] == [row.id for row in last.left_out()]
        assert answer["numbers"] == step_numbers(last.steps)


def as_lines(events: Sequence[ev.KnownEvent]) -> list[str]:
    return [ev.encode_event(event).decode() for event in events]


def test_a_whole_run_folds_alike(node: Node) -> None:
    check(node, [as_lines(sample_run.whole_run())])


def test_random_runs_fold_alike(node: Node) -> None:
    runs = [RandomRun(seed).lines() for seed in range(60)]
    assert {state for lines in runs for state in {row.state for row in python_views(lines)[-1].rows}} >= {
        "provisional",
        "confirmed",
        "removed",
    }
    check(node, runs)


@pytest.mark.parametrize(
    "last",
    [
        '{"type":"step.dreamed","seq":2,"t":5,"step":"a","attempt":1}',
        '{"type":"step.log","seq":2,"t":5,"step":"unplanned","attempt":1,"level":"info","text":"x"}',
        '{"type":"run.notice","seq":2,"t":5,"kind":"queued","text":"x","colour":"red"}',
        '{"type":"step.log","seq":2,"t":5,"step":"a","attempt":1,"level":"info","text":"x","evidence":'
        '{"id":"c","source":"s","operation":"o","status":200,"ms":1,"new":1}}',
        '{"type":"run.notice","seq":1,"t":5,"kind":"cancelling","text":"a repeat"}',
        '{"type":"rows.changed","seq":2,"t":5,"step":"a","attempt":1,"upsert":'
        '[{"id":"__proto__","cells":{"__proto__":1,"constructor":2},"state":"confirmed"}],'
        '"remove":[{"id":"toString","why":"w"}]}',
    ],
)
def test_events_of_the_future_and_odd_names_fold_alike(node: Node, last: str) -> None:
    check(node, [[RandomRun(1).lines()[0], last]])


@pytest.mark.parametrize(
    "line",
    ["", "[]", "7", "null", '{"type":"run.notice","seq":2,"t":5}', '{"seq":1,"t":1}', '{"type":"x","seq":"1","t":1}',
     '{"type":"x","seq":1.5,"t":1}', '{"type":"step.token","seq":1,"t":1,"step":"a","attempt":1,"text":7}',
     '{"type":"step.token","seq":1,"t":1,"step":"a","attempt":1,"text":"x","kind":"song"}',
     '{"type":"rows.changed","seq":1,"t":1,"step":"a","attempt":1,"upsert":{}}', "[" * 100_000],
)  # fmt: skip
def test_what_python_calls_malformed_is_malformed_here(node: Node, line: str) -> None:
    with pytest.raises(MalformedEvent):
        ev.decode_event(line)
    [answer] = node("call", ["events.js", [["decodeEvent", line]]])
    assert answer["throws"] == "MalformedEvent"


class RandomRun:
    """Events in any order that the types allow, from a fixed seed: the fold is total, not only right on good runs."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def lines(self) -> list[str]:
        rng = self._rng
        plan = tuple(
            ev.PlanStep(id=step, title=step.upper(), needs=tuple(rng.sample(STEPS[:place], rng.randint(0, place))))
            for place, step in enumerate(STEPS)
        )
        columns = (ev.Column(key="k", label="K", kind="text"), ev.Column(key="n", label="N", kind="number", unit="m"))
        first = ev.RunStarted(
            seq=1, t=0, v=1, run="r", pipeline="p", title="T", question="é 漢 🙂", started_at="2026-01-01T00:00:00Z",
            plan=plan, columns=columns,
        )  # fmt: skip
        events: list[ev.KnownEvent] = [first]
        for seq in range(2, rng.randint(10, 60)):
            seq_now = seq if rng.random() < 0.95 else rng.randint(1, seq)  # now and then a repeat
            events.append(self._event({"seq": seq_now, "t": rng.randint(0, 30) + 10 * seq}))
        return as_lines(events)

    def _event(self, at: dict[str, Any]) -> ev.KnownEvent:
        rng = self._rng
        of: dict[str, Any] = {**at, "step": rng.choice((*STEPS, "unplanned")), "attempt": rng.choice((1, 1, 1, 2, 3))}
        makers: list[Callable[[], ev.KnownEvent]] = [
            lambda: ev.StepStarted(**of, say="starting"),
            lambda: ev.StepProgress(**of, done=rng.randint(0, 9), total=rng.choice((None, 9)), unit="u"),
            lambda: ev.StepLog(**of, level="info", text="line", evidence=self._evidence()),
            lambda: ev.StepToken(**of, text=rng.choice(("to", "ken ")), kind=rng.choice(("answer", "reasoning"))),
            lambda: self._finished(of),
            lambda: self._rows(of),
            lambda: self._rows(of),
            lambda: self._rows(of),
            lambda: ev.RunNotice(**at, kind=rng.choice(("queued", "cancelling", "recovered")), text="n"),
        ]
        if rng.random() < 0.02:
            order = rng.choice((None, ("r3", "r1", "none")))
            return ev.RunFinished(
                **at, status="partial", say="end", ms=9, events=at["seq"], degraded=("a",), order=order
            )
        return rng.choice(makers)()

    def _finished(self, of: dict[str, Any]) -> ev.StepFinished:
        rng = self._rng
        error = rng.choice((None, ev.ErrorInfo(code="c", message="m", retryable=True)))
        detail = rng.choice((None, {"x": [1, 2.5, None, {"y": "z"}]}, "text", 0, False))
        retry = rng.choice((None, None, 0, 500))
        statuses: tuple[ev.StepStatus, ...] = ("ok", "degraded", "failed")
        return ev.StepFinished(
            **of,
            status=rng.choice(statuses),
            ms=rng.randint(0, 99),
            say="s",
            detail=detail,
            error=error,
            retry_in_ms=retry,
        )

    def _rows(self, of: dict[str, Any]) -> ev.RowsChanged:
        rng = self._rng
        upserts = tuple(
            ev.RowUpsert(
                id=f"r{rng.randint(1, 5)}",
                cells={key: rng.choice((1, "x", None, ["a", "b"])) for key in rng.sample("kn7", rng.randint(0, 3))},
                state=rng.choice(("provisional", "confirmed")),
                from_=rng.choice((None, {"k": "c1"}, {"n": "c2"})),
            )
            for _ in range(rng.randint(0, 3))
        )
        removals = tuple(ev.RowRemoval(id=f"r{rng.randint(1, 5)}", why="w") for _ in range(rng.choice((0, 0, 1, 2))))
        return ev.RowsChanged(**of, upsert=upserts, remove=removals)

    def _evidence(self) -> ev.Evidence | None:
        if self._rng.random() < 0.5:
            return None
        status = self._rng.choice((200, "timeout"))
        return ev.Evidence(id="c1", source="s", operation="o", request={"q": [1]}, status=status, ms=3, cached=True)
