"""What a run looks like after any of its events: ``fold(view, event) -> view``.

Every front end and the server's ``GET /runs/<id>`` show this state, so that all of them agree. Folding is pure and
total: an event of the future, or one that names a step that the plan lacks, changes ``upto`` and nothing else; an event
that was folded before changes nothing. For every k, fold(1…N) = fold(fold(1…k), k+1…N).

Rows are layered by step (``shared.layers``); when a step begins another attempt its layers are taken away, and with
them what the superseded attempt had said.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from shared import events as ev
from shared.layers import Layer as Layer
from shared.layers import RowView as RowView
from shared.layers import View, change_rows, without_layers_of

StepState: TypeAlias = Literal["waiting", "running", "retrying", "ok", "degraded", "failed", "skipped", "cancelled"]
RunState: TypeAlias = Literal["new", "running", "cancelling", "ok", "partial", "failed", "cancelled", "interrupted"]


class LogLine(View, frozen=True, kw_only=True):
    """A line inside a step; ``evidence`` is the call to the outside that it reports."""

    t: int
    attempt: int
    level: ev.Level
    text: str
    evidence: ev.Evidence | None = None


class StepView(View, frozen=True, kw_only=True):
    """A step of the plan and all that is known of its current attempt. ``started`` is the ``t`` of that attempt,
    ``text`` what a language model answered, ``reasoning`` what it wrote on the way."""

    id: str
    title: str
    needs: tuple[str, ...] = ()
    parent: str | None = None
    optional: bool = False
    state: StepState = "waiting"
    attempt: int = 0
    say: str = ""
    started: int | None = None
    ms: int | None = None
    done: int | None = None
    total: int | None = None
    unit: str | None = None
    log: tuple[LogLine, ...] = ()
    text: str = ""
    reasoning: str = ""
    detail: Any = None
    error: ev.ErrorInfo | None = None
    retry_in_ms: int | None = None


class Notice(View, frozen=True, kw_only=True):
    t: int
    kind: ev.NoticeKind
    text: str


class RunView(View, frozen=True, kw_only=True):
    """The state of a run after event ``upto``; ``t`` is that event's time in ms since the run began."""

    upto: int = 0
    t: int = 0
    run: str = ""
    pipeline: str = ""
    title: str = ""
    question: str = ""
    started_at: str = ""
    columns: tuple[ev.Column, ...] = ()
    steps: tuple[StepView, ...] = ()
    rows: tuple[RowView, ...] = ()
    notices: tuple[Notice, ...] = ()
    state: RunState = "new"
    say: str = ""
    ms: int | None = None
    degraded: tuple[str, ...] = ()
    error: ev.ErrorInfo | None = None
    order: tuple[str, ...] | None = None

    @property
    def finished(self) -> bool:
        """Whether ``run.finished`` was seen: only then is the run over, whatever the connection says."""
        return self.state not in ("new", "running", "cancelling")

    def step(self, step_id: str) -> StepView | None:
        return next((step for step in self.steps if step.id == step_id), None)

    def shown_rows(self) -> list[RowView]:
        """The rows that are in, best first once the run said its order, else as they came."""
        rows = [row for row in self.rows if row.state != "removed"]
        if self.order is None:
            return rows
        rank = {row_id: place for place, row_id in enumerate(self.order)}
        return sorted(rows, key=lambda row: rank.get(row.id, len(rank)))

    def left_out(self) -> list[RowView]:
        return [row for row in self.rows if row.state == "removed"]


EMPTY = RunView()


def fold(view: RunView, event: ev.LogEvent) -> RunView:
    """The view after one more event. Total and pure; see the module's rules."""
    if event.seq <= view.upto:
        return view
    change = _CHANGES.get(type(event))
    changed = change(view, event) if change is not None else {}
    return msgspec.structs.replace(view, upto=event.seq, t=max(view.t, event.t), **changed)


def fold_all(events: Iterable[ev.LogEvent], view: RunView = EMPTY) -> RunView:
    """``fold`` over several events."""
    for event in events:
        view = fold(view, event)
    return view


def step_numbers(steps: Sequence[StepView | ev.PlanStep]) -> list[str]:
    """How to number steps for a reader: neighbours that wait for the same steps run at the same time and share one.

    Eight steps whose second and third need the same become 1, 2a, 2b, 3 … 7.
    """
    groups: list[list[int]] = []
    for index, step in enumerate(steps):
        together = groups and set(steps[groups[-1][0]].needs) == set(step.needs)
        if together:
            groups[-1].append(index)
        else:
            groups.append([index])
    numbers: list[str] = []
    for number, group in enumerate(groups, start=1):
        numbers.extend(f"{number}{_letters(place) if len(group) > 1 else ''}" for place in range(len(group)))
    return numbers


def _letters(place: int) -> str:
    """a … z, aa, ab …"""
    before, last = divmod(place, 26)
    return (_letters(before - 1) if before else "") + "abcdefghijklmnopqrstuvwxyz"[last]


# ---- what each event changes: fields of the view, or of a step, and their new values


def _run_started(_: RunView, event: ev.RunStarted) -> dict[str, Any]:
    steps = tuple(
        StepView(id=step.id, title=step.title, needs=step.needs, parent=step.parent, optional=step.optional)
        for step in event.plan
    )
    return {
        "run": event.run,
        "pipeline": event.pipeline,
        "title": event.title,
        "question": event.question,
        "started_at": event.started_at,
        "columns": event.columns,
        "steps": steps,
        "state": "running",
    }


def _run_notice(view: RunView, event: ev.RunNotice) -> dict[str, Any]:
    notices = (*view.notices, Notice(t=event.t, kind=event.kind, text=event.text))
    state = "cancelling" if event.kind == "cancelling" and not view.finished else view.state
    return {"notices": notices, "state": state}


def _run_finished(_: RunView, event: ev.RunFinished) -> dict[str, Any]:
    return {
        "state": event.status,
        "say": event.say,
        "ms": event.ms,
        "degraded": event.degraded,
        "error": event.error,
        "order": event.order,
    }


_StepEvent: TypeAlias = ev.StepStarted | ev.StepProgress | ev.StepLog | ev.StepToken | ev.StepFinished


def _in_step(view: RunView, event: _StepEvent) -> dict[str, Any]:
    index = _place(view, event)
    if index is None:
        return {}
    steps = list(view.steps)
    steps[index] = _STEP_CHANGES[type(event)](steps[index], event)
    return {"steps": tuple(steps)}


def _step_started(view: RunView, event: ev.StepStarted) -> dict[str, Any]:
    changed = _in_step(view, event)
    if changed and event.attempt > 1:
        changed["rows"] = without_layers_of(view.rows, event.step)
    return changed


def _rows_changed(view: RunView, event: ev.RowsChanged) -> dict[str, Any]:
    return {} if _place(view, event) is None else {"rows": change_rows(view.rows, event)}


def _place(view: RunView, event: _StepEvent | ev.RowsChanged) -> int | None:
    """Where the event's step is in the plan; None if it isn't, or has begun another attempt since."""
    step_id = event.step
    for place, step in enumerate(view.steps):
        if step.id == step_id:
            return place if event.attempt >= step.attempt else None
    return None


def _begun(step: StepView, event: ev.StepStarted) -> StepView:
    return StepView(
        id=step.id,
        title=step.title,
        needs=step.needs,
        parent=step.parent,
        optional=step.optional,
        state="running",
        attempt=event.attempt,
        say=event.say,
        started=event.t,
        log=step.log,  # earlier attempts' calls stay: they are evidence
    )


def _progressed(step: StepView, event: ev.StepProgress) -> StepView:
    return msgspec.structs.replace(step, done=event.done, total=event.total, unit=event.unit)


def _logged(step: StepView, event: ev.StepLog) -> StepView:
    line = LogLine(t=event.t, attempt=event.attempt, level=event.level, text=event.text, evidence=event.evidence)
    return msgspec.structs.replace(step, log=(*step.log, line))


def _spoken(step: StepView, event: ev.StepToken) -> StepView:
    if event.kind == "reasoning":
        return msgspec.structs.replace(step, reasoning=step.reasoning + event.text)
    return msgspec.structs.replace(step, text=step.text + event.text)


def _ended(step: StepView, event: ev.StepFinished) -> StepView:
    return msgspec.structs.replace(
        step,
        state="retrying" if event.retry_in_ms is not None else event.status,
        attempt=event.attempt,
        say=event.say,
        ms=event.ms,
        detail=event.detail,
        error=event.error,
        retry_in_ms=event.retry_in_ms,
    )


# By type: a match asks the metaclass of structs for each case that it passes.
_STEP_CHANGES: Final[dict[type, Callable[[StepView, Any], StepView]]] = {
    ev.StepStarted: _begun,
    ev.StepProgress: _progressed,
    ev.StepLog: _logged,
    ev.StepToken: _spoken,
    ev.StepFinished: _ended,
}
_CHANGES: Final[dict[type, Callable[[RunView, Any], dict[str, Any]]]] = {
    ev.RunStarted: _run_started,
    ev.RunNotice: _run_notice,
    ev.RunFinished: _run_finished,
    **dict.fromkeys(_STEP_CHANGES, _in_step),
    ev.StepStarted: _step_started,
    ev.RowsChanged: _rows_changed,
}
