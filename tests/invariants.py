"""PROTOCOL.md's invariants 1 to 6, as a judge of a finished log. Each message names the rule that is broken."""

from collections.abc import Sequence
from itertools import pairwise

from shared import events as ev
from shared.view import EMPTY, fold, fold_all


def check_log(log: Sequence[ev.LogEvent]) -> None:
    """Raises AssertionError when ``log``, a run from its first event to its last, breaks an invariant."""
    assert [event.seq for event in log] == list(range(1, len(log) + 1)), "1: numbers without a gap"
    assert all(event.t >= before.t for before, event in pairwise(log)), "6: t never falls"
    started, finished = log[0], log[-1]
    assert isinstance(started, ev.RunStarted), "1: run.started is first"
    assert isinstance(finished, ev.RunFinished), "1: run.finished is last"
    assert sum(isinstance(event, ev.RunStarted | ev.RunFinished) for event in log) == 2, "1: both once"
    assert finished.events == len(log)
    _check_attempts(started, log)
    _check_needs(started, log)
    _check_status(finished, log)
    _check_fold(log)


def _check_attempts(started: ev.RunStarted, log: Sequence[ev.LogEvent]) -> None:
    open_attempt: dict[str, int] = {}
    last_attempt = dict.fromkeys((step.id for step in started.plan), 0)
    ended: set[str] = set()
    for event in log:
        if isinstance(event, ev.RunStarted | ev.RunNotice | ev.RunFinished | ev.UnknownEvent):
            continue
        step = event.step
        assert step in last_attempt, "2: every step is in the plan"
        assert step not in ended, "2: nothing of a step after its end"
        if isinstance(event, ev.StepStarted):
            assert step not in open_attempt, "2: an attempt begins once"
            assert event.attempt == last_attempt[step] + 1, "2: attempts count 1, 2, 3"
            open_attempt[step] = last_attempt[step] = event.attempt
        elif isinstance(event, ev.StepFinished) and event.attempt == 0:
            assert last_attempt[step] == 0, "4: attempt 0 is a step that never began"
            assert event.status in ("skipped", "cancelled"), "4: what never began is skipped or cancelled"
            ended.add(step)
        else:
            assert open_attempt.get(step) == event.attempt, "2: nothing of an attempt outside it"
            if isinstance(event, ev.StepFinished):
                del open_attempt[step]
                if event.retry_in_ms is None:
                    ended.add(step)
    assert ended == set(last_attempt), "4: every planned step has ended"
    _check_progress(log)


def _check_progress(log: Sequence[ev.LogEvent]) -> None:
    done: dict[tuple[str, int], int] = {}
    for event in log:
        if isinstance(event, ev.StepProgress):
            key = (event.step, event.attempt)
            assert event.done >= done.get(key, 0), "progress never falls within an attempt"
            assert event.total is None or event.done <= event.total, "progress never exceeds its total"
            done[key] = event.done


def _check_needs(started: ev.RunStarted, log: Sequence[ev.LogEvent]) -> None:
    plan = {step.id: step for step in started.plan}
    order = list(plan)
    outcome: dict[str, str] = {}
    for event in log:
        if isinstance(event, ev.StepFinished) and event.retry_in_ms is None:
            outcome[event.step] = event.status
        if isinstance(event, ev.StepStarted):
            for need in plan[event.step].needs:
                assert order.index(need) < order.index(event.step), "3: needs are earlier steps"
                fine = ("ok", "degraded", "failed") if plan[need].optional else ("ok", "degraded")
                assert outcome.get(need) in fine, "3: a step starts when all its needs are finished"


def _check_status(finished: ev.RunFinished, log: Sequence[ev.LogEvent]) -> None:
    steps = [event for event in log if isinstance(event, ev.StepFinished) and event.retry_in_ms is None]
    statuses = {event.status for event in steps}
    if finished.status == "ok":
        assert statuses <= {"ok"}, "5: ok means that no step failed and none is degraded"
        assert not any(row.state == "provisional" for row in fold_all(log).rows), "6: at ok no row is provisional"
    if finished.status == "partial":
        assert finished.degraded, "5: partial names at least one step"
        assert "cancelled" not in statuses
        assert "skipped" not in statuses
    if finished.status == "failed":
        assert finished.error is not None
    cancelling = any(isinstance(event, ev.RunNotice) and event.kind == "cancelling" for event in log)
    if cancelling:
        assert finished.status in ("cancelled", "interrupted"), "5: after cancelling it is cancelled"
    if finished.status == "cancelled":
        assert cancelling, "5: nothing is cancelled without a notice"


def _check_fold(log: Sequence[ev.LogEvent]) -> None:
    whole = fold_all(log)
    view = EMPTY
    for k, event in enumerate(log):
        view = fold(view, event)
        if k % 7 == 0:
            assert fold_all(log[k + 1 :], view) == whole, "7: fold from any point"
            assert fold_all(log, view) == whole, "7: what was folded before changes nothing"
    assert view == whole
    assert all(step.state not in ("waiting", "running", "retrying") for step in whole.steps), "4: the view agrees"
