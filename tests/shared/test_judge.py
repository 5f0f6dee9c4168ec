"""The judge of logs: what it accepts is what runs write, and it names the rule that is broken."""

from collections.abc import Callable

import msgspec
import pytest

from shared import events as ev
from shared.errors import BrokenLog
from shared.judge import judge_log
from shared.view import fold_all
from tests.invariants import check_log

PLAN = (
    ev.PlanStep(id="a", title="A"),
    ev.PlanStep(id="b", title="B", needs=("a",), optional=True),
    ev.PlanStep(id="c", title="C", needs=("b",)),
)
ERROR = ev.ErrorInfo(code="x", message="x", retryable=True)


def a_log(*, cancelled: bool = False, plan: tuple[ev.PlanStep, ...] = PLAN) -> list[ev.LogEvent]:
    """A run whose second step fails once and then for good, and whose third one succeeds or is cancelled."""
    row = ev.RowUpsert(id="r", cells={}, state="confirmed")
    end_status: ev.RunStatus = "cancelled" if cancelled else "partial"
    events: list[ev.LogEvent] = [
        ev.RunStarted(
            seq=0, t=0, v=1, run="abc", pipeline="p", title="P", question="q", started_at="", plan=plan, columns=()
        ),
        ev.StepStarted(seq=0, t=0, step="a", attempt=1, say="…"),
        ev.StepProgress(seq=0, t=0, step="a", attempt=1, done=1, total=2),
        ev.UnknownEvent(seq=0, t=0, type="new.kind"),
        ev.StepFinished(seq=0, t=0, step="a", attempt=1, status="ok", ms=1, say="a"),
        ev.StepStarted(seq=0, t=0, step="b", attempt=1, say="…"),
        ev.StepFinished(seq=0, t=0, step="b", attempt=1, status="failed", ms=1, say="x", error=ERROR, retry_in_ms=5),
        ev.StepStarted(seq=0, t=0, step="b", attempt=2, say="…"),
        ev.StepFinished(seq=0, t=0, step="b", attempt=2, status="failed", ms=1, say="x", error=ERROR),
        *([ev.RunNotice(seq=0, t=0, kind="cancelling", text="…")] if cancelled else []),
        *([] if cancelled else [ev.StepStarted(seq=0, t=0, step="c", attempt=1, say="…")]),
        *([] if cancelled else [ev.RowsChanged(seq=0, t=0, step="c", attempt=1, upsert=(row,))]),
        ev.StepFinished(
            seq=0,
            t=0,
            step="c",
            attempt=0 if cancelled else 1,
            status="cancelled" if cancelled else "ok",
            ms=0,
            say="c",
        ),
        ev.RunFinished(seq=0, t=0, status=end_status, say="done", ms=1, events=0, degraded=() if cancelled else ("b",)),
    ]
    return numbered(events)


def numbered(events: list[ev.LogEvent]) -> list[ev.LogEvent]:
    out: list[ev.LogEvent] = []
    for seq, event in enumerate(events, start=1):
        count = {"events": seq} if isinstance(event, ev.RunFinished) else {}
        out.append(msgspec.structs.replace(event, seq=seq, t=seq * 10, **count))
    return out


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_good_log_is_accepted_and_folded(cancelled: bool) -> None:
    log = a_log(cancelled=cancelled)
    check_log(log)
    assert judge_log(log) == fold_all(log)


def changed(place: int, **fields: object) -> Callable[[list[ev.LogEvent]], list[ev.LogEvent]]:
    return lambda log: [*log[:place], msgspec.structs.replace(log[place], **fields), *log[place + 1 :]]


def without(place: int) -> Callable[[list[ev.LogEvent]], list[ev.LogEvent]]:
    return lambda log: numbered([*log[:place], *log[place + 1 :]])


def twice(place: int) -> Callable[[list[ev.LogEvent]], list[ev.LogEvent]]:
    return lambda log: numbered([*log[: place + 1], *log[place:]])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda log: [], 1),
        (lambda log: log[:-1], 1),
        (lambda log: log[1:], 1),
        (lambda log: [*log[:3], *log[4:]], 1),
        (changed(3, seq=3), 1),
        (changed(0, v=2), 1),
        (twice(0), 1),
        (twice(-1), 1),
        (changed(-1, events=3), 1),
        (changed(4, t=0), 6),
        (changed(1, step="z"), 2),
        (changed(1, attempt=2), 2),
        (twice(1), 2),
        (twice(4), 2),
        (changed(2, attempt=2), 2),
        (changed(2, done=3), 2),
        (without(1), 2),
        (without(4), 3),
        (without(-2), 4),
        (changed(-2, attempt=0), 4),
        (changed(-1, status="ok"), 5),
        (changed(-1, degraded=()), 5),
        (changed(-1, status="failed"), 5),
        (changed(-1, status="cancelled"), 5),
        (changed(-2, status="skipped"), 5),
    ],
)
def test_a_broken_log_is_refused_with_its_rule(
    change: Callable[[list[ev.LogEvent]], list[ev.LogEvent]], rule: int
) -> None:
    with pytest.raises(BrokenLog, match=f"breaks rule {rule}: "):
        judge_log(change(a_log()))


def test_after_cancelling_nothing_but_cancelled_is_an_end() -> None:
    log = a_log(cancelled=True)
    with pytest.raises(BrokenLog, match="breaks rule 5"):
        judge_log([*log[:-1], msgspec.structs.replace(log[-1], status="partial", degraded=("b",))])


def test_a_row_that_nobody_confirmed_is_not_ok() -> None:
    plan = (ev.PlanStep(id="a", title="A"),)
    row = ev.RowUpsert(id="r", cells={}, state="provisional")
    log = numbered(
        [
            a_log(plan=plan)[0],
            ev.StepStarted(seq=0, t=0, step="a", attempt=1, say="…"),
            ev.RowsChanged(seq=0, t=0, step="a", attempt=1, upsert=(row,)),
            ev.StepFinished(seq=0, t=0, step="a", attempt=1, status="ok", ms=1, say="a"),
            ev.RunFinished(seq=0, t=0, status="ok", say="done", ms=1, events=0),
        ]
    )
    with pytest.raises(BrokenLog, match="breaks rule 6"):
        judge_log(log)


@pytest.mark.parametrize(
    "plan",
    [
        (ev.PlanStep(id="a", title="A", needs=("b",)), ev.PlanStep(id="b", title="B")),
        (ev.PlanStep(id="a", title="A", needs=("nobody",)),),
        (ev.PlanStep(id="a", title="A", parent="nobody"),),
        (ev.PlanStep(id="a", title="A"), ev.PlanStep(id="a", title="A")),
    ],
)
def test_a_plan_that_can_not_be_is_refused(plan: tuple[ev.PlanStep, ...]) -> None:
    with pytest.raises(BrokenLog, match=r"event 1 breaks rule [23]"):
        judge_log(a_log(plan=plan))


def test_children_lie_within_their_parent() -> None:
    plan = (ev.PlanStep(id="a", title="A"), ev.PlanStep(id="a1", title="A1", parent="a"))
    start, end = (
        ev.StepStarted(seq=0, t=0, step="a1", attempt=1, say=""),
        ev.StepFinished(seq=0, t=0, step="a1", attempt=1, status="ok", ms=0, say=""),
    )
    opened, closed = (msgspec.structs.replace(event, step="a") for event in (start, end))
    first, last = a_log(plan=plan)[0], ev.RunFinished(seq=0, t=0, status="ok", say="", ms=0, events=0)
    judge_log(numbered([first, opened, start, end, closed, last]))
    for wrong in ([start, end, opened, closed], [opened, start, closed, end]):
        with pytest.raises(BrokenLog, match="breaks rule 3"):
            judge_log(numbered([first, *wrong, last]))
