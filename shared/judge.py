"""Whether a log of a run keeps the rules of the wire (PROTOCOL.md, invariants 1 to 6). Pure: events in, a verdict out.

For logs that come from somebody else: a file to bring in, a server to examine.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from shared import events as ev
from shared.errors import BrokenLog
from shared.view import EMPTY, RunView, fold


def judge_log(events: Iterable[ev.LogEvent]) -> RunView:
    """The view of a whole run, from ``run.started`` to ``run.finished``. Raises BrokenLog at the first broken rule."""
    judge = Judge()
    for event in events:
        judge.hear(event)
    return judge.end()


class _Step(msgspec.Struct):
    plan: ev.PlanStep
    place: int
    attempt: int = 0
    running: bool = False
    ended: ev.StepFinished | None = None
    done: int = 0
    children: set[str] = msgspec.field(default_factory=set)


class Judge:
    """``hear`` the events in their order, then ``end``. Both raise BrokenLog; ``view`` is the state so far."""

    def __init__(self) -> None:
        self.view = EMPTY
        self._steps: dict[str, _Step] = {}
        self._cancelling = False
        self._finished: ev.RunFinished | None = None

    def hear(self, event: ev.LogEvent) -> None:
        """One more event."""
        say = _complaint(event.seq)
        _check(event.seq == self.view.upto + 1, say, 1, f"event {self.view.upto + 1} should come here")
        _check(event.t >= self.view.t, say, 6, "time falls")
        _check(self._finished is None, say, 1, "it comes after run.finished")
        _check((event.seq == 1) == (type(event) is ev.RunStarted), say, 1, "run.started is the first event, and once")
        judge = _JUDGES.get(type(event))
        if judge is not None:
            judge(self, event, say)
        self.view = fold(self.view, event)

    def end(self) -> RunView:
        """No event follows. Returns the view of the whole run."""
        say = _complaint(self.view.upto)
        _check(
            self._finished is not None, say, 1, "run.finished is missing: the run isn't over, or its end was cut off"
        )
        rows = self.view.rows if self.view.state == "ok" else ()
        _check(
            all(row.state != "provisional" for row in rows), say, 6, "a row is still provisional in a run that is ok"
        )
        return self.view

    def _begin(self, event: ev.RunStarted, say: "Complaint") -> None:
        _check(event.v == ev.PROTOCOL_VERSION, say, 1, f"its version is {event.v}, not {ev.PROTOCOL_VERSION}")
        self._steps = {step.id: _Step(step, place) for place, step in enumerate(event.plan)}
        _check(len(self._steps) == len(event.plan), say, 2, "two steps of the plan have one id")
        for place, step in enumerate(event.plan):
            needs = [self._steps.get(need) for need in step.needs]
            fine = all(need is not None and need.place < place for need in needs)
            _check(fine, say, 3, f"step {step.id!r} needs something that isn't an earlier step")
            if step.parent is not None:
                _check(step.parent in self._steps, say, 3, f"step {step.id!r} has a parent that isn't in the plan")
                self._steps[step.parent].children.add(step.id)

    def _notice(self, event: ev.RunNotice, _: "Complaint") -> None:
        self._cancelling = self._cancelling or event.kind == "cancelling"

    def _known(self, step_id: str, say: "Complaint") -> _Step:
        step = self._steps.get(step_id)
        if step is None:
            raise say(2, f"step {step_id!r} isn't in the plan")
        _check(step.ended is None, say, 2, f"step {step_id!r} has ended before")
        return step

    def _start(self, event: ev.StepStarted, say: "Complaint") -> None:
        step = self._known(event.step, say)
        _check(not step.running, say, 2, f"step {event.step!r} is under way already")
        _check(event.attempt == step.attempt + 1, say, 2, f"attempt {step.attempt + 1} of {event.step!r} comes next")
        for need in map(self._steps.__getitem__, step.plan.needs):
            fine = ("ok", "degraded", "failed") if need.plan.optional else ("ok", "degraded")
            met = need.ended is not None and need.ended.status in fine
            _check(met, say, 3, f"step {event.step!r} starts before {need.plan.id!r}, which it needs, is done")
        if step.plan.parent is not None:
            _check(self._steps[step.plan.parent].running, say, 3, f"step {event.step!r} starts outside its parent")
        step.attempt, step.running, step.done = event.attempt, True, 0

    def _inside(self, event: ev.StepProgress | ev.StepLog | ev.StepToken | ev.RowsChanged, say: "Complaint") -> None:
        step = self._known(event.step, say)
        under_way = step.running and step.attempt == event.attempt
        _check(under_way, say, 2, f"attempt {event.attempt} of {event.step!r} isn't under way")
        if type(event) is ev.StepProgress:
            _check(event.done >= step.done, say, 2, f"progress of {event.step!r} falls")
            _check(event.total is None or event.done <= event.total, say, 2, f"{event.step!r} exceeds its total")
            step.done = event.done

    def _end(self, event: ev.StepFinished, say: "Complaint") -> None:
        step = self._known(event.step, say)
        if event.attempt == 0:
            never = step.attempt == 0 and event.status in ("skipped", "cancelled")
            _check(never, say, 4, f"attempt 0 of {event.step!r} is for a step that never began")
        else:
            under_way = step.running and step.attempt == event.attempt
            _check(under_way, say, 2, f"attempt {event.attempt} of {event.step!r} isn't under way")
        step.running = False
        if event.retry_in_ms is None:
            inside = all(self._steps[child].ended is not None for child in step.children)
            _check(inside, say, 3, f"step {event.step!r} ends before its children")
            step.ended = event

    def _finish(self, event: ev.RunFinished, say: "Complaint") -> None:
        self._finished = event
        missing = [step_id for step_id, step in self._steps.items() if step.ended is None]
        _check(not missing, say, 4, f"these steps have no end: {', '.join(missing)}")
        _check(event.events == event.seq, say, 1, f"it counts {event.events} events")
        ends = [(step, step.ended.status) for step in self._steps.values() if step.ended is not None]
        if event.status == "ok":
            _check(all(status == "ok" for _, status in ends), say, 5, "ok, though a step is not")
        if event.status == "partial":
            _check(bool(event.degraded), say, 5, "partial, but no step is named")
            whole = all(status in ("ok", "degraded") or step.plan.optional for step, status in ends)
            _check(whole, say, 5, "partial, though a required step wasn't done")
        _check(event.status != "failed" or event.error is not None, say, 5, "failed, but no error is told")
        stopped = event.status in ("cancelled", "interrupted")
        _check(stopped or not self._cancelling, say, 5, f"{event.status}, though the run was being cancelled")
        _check(event.status != "cancelled" or self._cancelling, say, 5, "cancelled, but nothing told it")


Complaint = Callable[[int, str], BrokenLog]

# By type: a match asks the metaclass of structs for each case that it passes.
_JUDGES: Final[dict[type, Callable[[Judge, Any, Complaint], None]]] = {
    ev.RunStarted: Judge._begin,
    ev.RunNotice: Judge._notice,
    ev.RunFinished: Judge._finish,
    ev.StepStarted: Judge._start,
    ev.StepFinished: Judge._end,
    ev.StepProgress: Judge._inside,
    ev.StepLog: Judge._inside,
    ev.StepToken: Judge._inside,
    ev.RowsChanged: Judge._inside,
}


def _complaint(seq: int) -> Complaint:
    return lambda rule, text: BrokenLog(seq, rule, text)


def _check(holds: bool, say: Complaint, rule: int, text: str) -> None:
    if not holds:
        raise say(rule, text)
