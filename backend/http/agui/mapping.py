"""From the events of a run to those of AG-UI 1.0 (https://docs.ag-ui.com), through its own models.

| of the run | in AG-UI |
|---|---|
| ``run.started`` | ``RUN_STARTED``, ``STATE_SNAPSHOT``, an ``ACTIVITY_SNAPSHOT`` of the plan and one of each step |
| ``step.started``, ``step.finished`` | ``STEP_STARTED``, ``STEP_FINISHED``; attempt 2 of ``sky`` is ``sky #2`` |
| whatever changes a step | ``ACTIVITY_DELTA`` of that step |
| ``step.token`` | a text message for each attempt of a step, and a reasoning message for what a model thought |
| ``rows.changed``, and rows that a new attempt voids | ``STATE_DELTA`` |
| ``run.notice`` | ``ACTIVITY_DELTA`` of the plan |
| ``run.finished`` | what it says as a text message, then ``RUN_FINISHED`` (success, cancelled) or ``RUN_ERROR`` |

The state is ``{run, pipeline, columns, rows: {id: {cells, state, …}}, status, order?, degraded?}``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from ag_ui.core import (
    ActivityDeltaEvent,
    ActivitySnapshotEvent,
    BaseEvent,
    ReasoningEndEvent,
    ReasoningMessageContentEvent,
    ReasoningMessageEndEvent,
    ReasoningMessageStartEvent,
    ReasoningStartEvent,
    RunErrorEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedSuccessOutcome,
    RunStartedEvent,
    StateDeltaEvent,
    StateSnapshotEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)

from backend.http.agui.earlier import PLAN, STEP
from shared import events as ev
from shared.view import EMPTY, RowView, RunView, StepView, fold

PROTOCOL_VERSION = "1.0"
Patch = list[Any]
_KINDS: tuple[ev.TokenKind, ...] = ("reasoning", "answer")
_TEXTS = ("text", "reasoning")


@dataclass(slots=True)
class _Message:
    """A message, as far as it was written: a text, or the reasoning before it."""

    id: str
    kind: ev.TokenKind = "answer"
    text: str = ""
    open: bool = True

    def start(self) -> list[BaseEvent]:
        if self.kind == "reasoning":
            return [ReasoningStartEvent(message_id=self.id), ReasoningMessageStartEvent(message_id=self.id)]
        return [TextMessageStartEvent(message_id=self.id, role="assistant")]

    def content(self, text: str) -> BaseEvent:
        if self.kind == "reasoning":
            return ReasoningMessageContentEvent(message_id=self.id, delta=text)
        return TextMessageContentEvent(message_id=self.id, delta=text)

    def end(self) -> list[BaseEvent]:
        if self.kind == "reasoning":
            return [ReasoningMessageEndEvent(message_id=self.id), ReasoningEndEvent(message_id=self.id)]
        return [TextMessageEndEvent(message_id=self.id)]


class AguiMapping:
    """One run as one AG-UI stream, for the thread and the run id that the client chose.

    Feed it every event from the first. ``prelude`` tells what was fed so far in as few events as it takes: whoever
    joins after event k gets it, then what ``feed`` gives for k + 1 and later, and ends with the state and the messages
    of one who saw it all.
    """

    def __init__(self, thread_id: str, run_id: str) -> None:
        self.view: RunView = EMPTY
        self._thread, self._run = thread_id, run_id
        self._messages: dict[str, _Message] = {}
        self._open_steps: dict[str, str] = {}

    def feed(self, event: ev.LogEvent) -> list[BaseEvent]:
        """What ``event`` is in AG-UI; nothing for one that was fed before, or that is of a newer vocabulary."""
        if event.seq <= self.view.upto:
            return []
        before, self.view = self.view, fold(self.view, event)
        if isinstance(event, ev.RunStarted):
            return [self._started(), *self._snapshots()]
        return [
            *self._opening(event),
            *self._step_deltas(before),
            *self._plan_deltas(before),
            *self._state_deltas(before),
            *self._closing(event),
        ]

    def prelude(self) -> list[BaseEvent]:
        """The run so far; every bracket that is open in it is left open. Nothing before ``run.started``."""
        if self.view.upto == 0:
            return []
        told: list[BaseEvent] = [self._started(), *self._snapshots()]
        for message in self._messages.values():
            told += message.start()
            if message.text:
                told.append(message.content(message.text))
            if not message.open:
                told += message.end()
        told += [StepStartedEvent(step_name=name) for name in self._open_steps.values()]
        if self.view.finished:
            told.append(self._ended())
        return told

    def broken(self, message: str, code: str) -> list[BaseEvent]:
        """The end of a stream whose run isn't over: brackets closed, and an error that says so."""
        return [*self._close_all(), RunErrorEvent(message=message, code=code)]

    # ---- the beginning

    def _started(self) -> BaseEvent:
        return RunStartedEvent(thread_id=self._thread, run_id=self._run, protocol_version=PROTOCOL_VERSION)

    def _snapshots(self) -> Iterator[BaseEvent]:
        view = self.view
        yield StateSnapshotEvent(snapshot=_state(view))
        yield ActivitySnapshotEvent(message_id=f"{view.run}:plan", activity_type=PLAN, content=_plan(view))
        for step in view.steps:
            yield ActivitySnapshotEvent(message_id=f"{view.run}:{step.id}", activity_type=STEP, content=_json(step))

    # ---- brackets

    def _opening(self, event: ev.LogEvent) -> Iterator[BaseEvent]:
        match event:
            case ev.StepStarted(step=step, attempt=attempt):
                self._open_steps[step] = step if attempt == 1 else f"{step} #{attempt}"
                yield StepStartedEvent(step_name=self._open_steps[step])
            case ev.StepToken(step=step, attempt=attempt, text=text, kind=kind):
                yield from self._write(_message_id(self.view.run, step, attempt, kind), text, kind)

    def _closing(self, event: ev.LogEvent) -> Iterator[BaseEvent]:
        match event:
            case ev.StepFinished(step=step, attempt=attempt):
                for kind in _KINDS:
                    yield from self._close_message(_message_id(self.view.run, step, attempt, kind))
                if (name := self._open_steps.pop(step, None)) is not None:
                    yield StepFinishedEvent(step_name=name)
            case ev.RunFinished(say=say):
                yield from self._close_all()
                if say:
                    yield from self._write(f"{self.view.run}:answer", say)
                    yield from self._close_message(f"{self.view.run}:answer")
                yield self._ended()

    def _write(self, message_id: str, text: str, kind: ev.TokenKind = "answer") -> Iterator[BaseEvent]:
        if message_id not in self._messages:
            self._messages[message_id] = _Message(message_id, kind)
            yield from self._messages[message_id].start()
        self._messages[message_id].text += text
        yield self._messages[message_id].content(text)

    def _close_message(self, message_id: str) -> Iterator[BaseEvent]:
        message = self._messages.get(message_id)
        if message is not None and message.open:
            message.open = False
            yield from message.end()

    def _close_all(self) -> Iterator[BaseEvent]:
        for message_id in tuple(self._messages):
            yield from self._close_message(message_id)
        for name in self._open_steps.values():
            yield StepFinishedEvent(step_name=name)
        self._open_steps.clear()

    def _ended(self) -> BaseEvent:
        view = self.view
        if view.state == "failed":
            error = view.error
            return RunErrorEvent(message=view.say, code=error.code if error else "failed")
        if view.state == "interrupted":
            return RunErrorEvent(message=view.say, code="interrupted")
        if view.state == "cancelled":
            outcome: Any = RunFinishedCancelledOutcome()
        else:
            outcome = RunFinishedSuccessOutcome()
        result = {"run": view.run, "status": view.state, "say": view.say, "order": list(view.order or ())}
        return RunFinishedEvent(thread_id=self._thread, run_id=self._run, result=result, outcome=outcome)

    # ---- what changed

    def _step_deltas(self, before: RunView) -> Iterator[BaseEvent]:
        for old, new in zip(before.steps, self.view.steps, strict=True):
            if old is not new:
                patch = _changes(_json(old), _json(new), appended=("log", len(old.log)))
                if patch:
                    yield ActivityDeltaEvent(message_id=f"{self.view.run}:{new.id}", activity_type=STEP, patch=patch)

    def _plan_deltas(self, before: RunView) -> Iterator[BaseEvent]:
        patch = _changes(_plan(before), _plan(self.view), appended=("notices", len(before.notices)))
        if patch:
            yield ActivityDeltaEvent(message_id=f"{self.view.run}:plan", activity_type=PLAN, patch=patch)

    def _state_deltas(self, before: RunView) -> Iterator[BaseEvent]:
        patch: Patch = _changes(_status(before), _status(self.view))
        if before.rows is not self.view.rows:
            old = {row.id: row for row in before.rows}
            for row in self.view.rows:
                if old.pop(row.id, None) is not row:
                    patch.append({"op": "add", "path": f"/rows/{_escape(row.id)}", "value": _row(row)})
            patch += [{"op": "remove", "path": f"/rows/{_escape(row_id)}"} for row_id in old]
        if patch:
            yield StateDeltaEvent(delta=patch)


def _state(view: RunView) -> dict[str, Any]:
    columns = [msgspec.to_builtins(column) for column in view.columns]
    return {
        "run": view.run,
        "pipeline": view.pipeline,
        "columns": columns,
        "rows": {row.id: _row(row) for row in view.rows},
        **_status(view),
    }


def _status(view: RunView) -> dict[str, Any]:
    status: dict[str, Any] = {"status": view.state}
    if view.order is not None:
        status["order"] = list(view.order)
    if view.degraded:
        status["degraded"] = list(view.degraded)
    return status


def _plan(view: RunView) -> dict[str, Any]:
    return {
        "run": view.run,
        "title": view.title,
        "question": view.question,
        "started_at": view.started_at,
        "steps": [step.id for step in view.steps],
        "state": view.state,
        "notices": [msgspec.to_builtins(notice) for notice in view.notices],
    }


def _row(row: RowView) -> dict[str, Any]:
    """A row as a front end shows it: the layers it is made of are the fold's business."""
    return {key: value for key, value in msgspec.to_builtins(row).items() if key not in ("id", "layers")}


def _json(step: StepView) -> dict[str, Any]:
    # What a model writes are messages of their own.
    return {"log": [], **{key: value for key, value in msgspec.to_builtins(step).items() if key not in _TEXTS}}


def _message_id(run: str, step: str, attempt: int, kind: ev.TokenKind) -> str:
    return f"{run}:{step}:{attempt}" + (":reasoning" if kind == "reasoning" else "")


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], appended: tuple[str, int] | None = None) -> Patch:
    """A JSON Patch (RFC 6902) from ``old`` to ``new``, key by key; of the list ``appended`` only what is new in it."""
    patch: Patch = []
    for key, value in new.items():
        if key in old and old[key] == value:
            continue
        if appended is not None and key == appended[0]:
            patch += [{"op": "add", "path": f"/{_escape(key)}/-", "value": one} for one in value[appended[1] :]]
        else:
            patch.append({"op": "add", "path": f"/{_escape(key)}", "value": value})
    patch += [{"op": "remove", "path": f"/{_escape(key)}"} for key in old if key not in new]
    return patch


def _escape(key: str) -> str:
    """A key as a part of a JSON Pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
