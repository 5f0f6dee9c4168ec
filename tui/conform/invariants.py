"""The invariants of a log, 1 to 6 of docs/protocol.md, each as a function that finds what breaks it.

Each takes a whole log, from ``run.started`` to ``run.finished``, and yields sentences; none means that it holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from shared import events as ev
from shared.view import fold_all

Log: TypeAlias = Sequence[ev.LogEvent]
_StepEvent: TypeAlias = ev.StepStarted | ev.StepProgress | ev.StepLog | ev.StepToken | ev.StepFinished | ev.RowsChanged
_GOOD = ("ok", "degraded")


def sequence(log: Log) -> Iterator[str]:
    """1: numbers without a gap, run.started first and once, run.finished last and once."""
    for place, event in enumerate(log, start=1):
        if event.seq != place:
            yield f"event {place} bears the number {event.seq}"
            return
    for kind, name, place in ((ev.RunStarted, "run.started", 0), (ev.RunFinished, "run.finished", len(log) - 1)):
        found = [index for index, event in enumerate(log) if isinstance(event, kind)]
        if found != [place]:
            there = ", ".join(str(index + 1) for index in found) or "none"
            yield f"{name} is event {there}, not event {place + 1} alone"
    last = log[-1]
    if isinstance(last, ev.RunFinished) and last.events != len(log):
        yield f"run.finished says {last.events} events; there are {len(log)}"


def attempts(log: Log) -> Iterator[str]:
    """2: steps are in the plan; attempts count from 1, each started once and finished once, nothing outside."""
    plan = {step.id for step in _plan(log)}
    running: dict[str, int] = {}
    last: dict[str, int] = {}
    ended: set[str] = set()
    for event in _steps(log):
        step, attempt, where = event.step, event.attempt, f"event {event.seq}"
        never_began = isinstance(event, ev.StepFinished) and attempt == 0 and step not in last
        if step not in plan:
            yield f"{where} is of step {step}, which the plan lacks"
        elif step in ended:
            yield f"{where} is of step {step}, which had ended"
        elif isinstance(event, ev.StepStarted):
            if step in running or attempt != last.get(step, 0) + 1:
                yield f"{where} starts attempt {attempt} of {step} after attempt {last.get(step, 0)}"
            running[step] = last[step] = attempt
        elif not never_began and running.get(step) != attempt:
            yield f"{where} is of attempt {attempt} of {step}, which isn't under way"
        if isinstance(event, ev.StepFinished):
            running.pop(step, None)
            if event.retry_in_ms is None:
                ended.add(step)


def needs(log: Log) -> Iterator[str]:
    """3: a step starts only when all that it needs has ended well, or is optional; children lie within their parent."""
    plan = {step.id: step for step in _plan(log)}
    outcome: dict[str, str] = {}
    for event in _steps(log):
        if isinstance(event, ev.StepStarted) and event.step in plan:
            for need in plan[event.step].needs:
                state = outcome.get(need)
                optional = need in plan and plan[need].optional
                if state is None or (state not in _GOOD and not optional):
                    yield f"event {event.seq} starts {event.step} while {need}, which it needs, {_is(state)}"
        if isinstance(event, ev.StepFinished) and event.retry_in_ms is None:
            outcome[event.step] = event.status
    yield from _families(log, plan)


def _families(log: Log, plan: Mapping[str, ev.PlanStep]) -> Iterator[str]:
    under_way: set[str] = set()
    for event in _steps(log):
        parent = plan[event.step].parent if event.step in plan else None
        if isinstance(event, ev.StepStarted):
            under_way.add(event.step)
            if parent is not None and parent not in under_way:
                yield f"event {event.seq} starts {event.step} outside its parent {parent}"
        if isinstance(event, ev.StepFinished) and event.retry_in_ms is None:
            under_way.discard(event.step)
            for child in under_way & {step.id for step in plan.values() if step.parent == event.step}:
                yield f"event {event.seq} ends {event.step} before its child {child}"


def endings(log: Log) -> Iterator[str]:
    """4: at the end every planned step has ended; what never began is skipped or cancelled."""
    ended = {event.step: event for event in _steps(log) if isinstance(event, ev.StepFinished)}
    began = {event.step for event in _steps(log) if isinstance(event, ev.StepStarted)}
    for step in _plan(log):
        last = ended.get(step.id)
        if last is None or last.retry_in_ms is not None:
            yield f"step {step.id} has not ended"
        elif step.id not in began and last.status not in ("skipped", "cancelled"):
            yield f"step {step.id} never began and is {last.status}"


def status(log: Log) -> Iterator[str]:
    """5: what the run's status says of its steps."""
    last = log[-1]
    if not isinstance(last, ev.RunFinished):
        return
    optional = {step.id for step in _plan(log) if step.optional}
    of_steps = {event.step: event.status for event in _steps(log) if isinstance(event, ev.StepFinished)}
    failed = [step for step, state in of_steps.items() if state not in _GOOD and step not in optional]
    degraded = [step for step, state in of_steps.items() if state == "degraded"]
    cancelling = any(isinstance(event, ev.RunNotice) and event.kind == "cancelling" for event in log)
    if last.status == "ok" and (failed or degraded):
        yield f"the run is ok, but step {(failed + degraded)[0]} is {of_steps[(failed + degraded)[0]]}"
    if last.status == "partial" and not last.degraded:
        yield "the run is partial and names no step"
    if last.status == "partial" and failed:
        yield f"the run is partial, but the required step {failed[0]} is {of_steps[failed[0]]}"
    if cancelling and last.status not in ("cancelled", "interrupted"):
        yield f"after cancelling the run is {last.status}"
    if last.status == "cancelled" and not cancelling:
        yield "the run is cancelled without a notice of cancelling"


def times(log: Log) -> Iterator[str]:
    """6: t never falls; progress never falls within an attempt, nor exceeds its total; at ok no row is provisional."""
    for before, event in pairwise(log):
        if event.t < before.t:
            yield f"t falls from {before.t} to {event.t} at event {event.seq}"
    done: dict[tuple[str, int], int] = {}
    for event in log:
        if isinstance(event, ev.StepProgress):
            key = (event.step, event.attempt)
            if event.done < done.get(key, 0):
                yield f"progress of {event.step} falls from {done[key]} to {event.done} at event {event.seq}"
            if event.total is not None and event.done > event.total:
                yield f"progress of {event.step} is {event.done} of {event.total} at event {event.seq}"
            done[key] = event.done
    view = fold_all(log)
    provisional = [row.id for row in view.rows if row.state == "provisional"]
    if view.state == "ok" and provisional:
        yield f"the run is ok and row {provisional[0]} provisional"


INVARIANTS: Final[dict[str, Callable[[Log], Iterator[str]]]] = {
    "sequence": sequence,
    "attempts": attempts,
    "needs": needs,
    "endings": endings,
    "status": status,
    "times": times,
}


def _plan(log: Log) -> tuple[ev.PlanStep, ...]:
    return log[0].plan if log and isinstance(log[0], ev.RunStarted) else ()


def _steps(log: Log) -> Iterator[_StepEvent]:
    for event in log:
        if not isinstance(event, ev.RunStarted | ev.RunNotice | ev.RunFinished | ev.UnknownEvent):
            yield event


def _is(state: str | None) -> str:
    return f"is {state}" if state else "has not ended"
