"""The engine: the only loop over steps. It runs a pipeline for one question and writes down what happens.

Rules (PROTOCOL.md, invariants 1 to 6):
1. A step starts when the values that its signature asks for exist; ``Later`` values don't hold it back.
2. Every attempt is started once and finished once, and nothing of it is said outside.
3. A required step that fails, the deadline, or ``stop`` ends the run: steps that are under way are cancelled and said
   to be, those that never began are ``skipped`` (``cancelled`` if somebody stopped the run).
4. ``run.finished`` is the last event, whatever happened, and every planned step has ended before it.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from backend.errors import StepError
from backend.pipeline import Pipeline, Question, Step
from backend.runs.ending import closing_events, explain_bug, explain_failure, last_sentence
from backend.runs.progress import NODE_LOST, Progress
from backend.runs.values import Values, encode_kept
from backend.runs.voice import StepVoice
from backend.runs.writer import RunWriter
from shared import events as ev

_log = logging.getLogger(__name__)

Ending: TypeAlias = Literal["cancelled", "interrupted", "deadline", "storage", "failed", "elsewhere"]
_STOPPED = ("cancelled", "interrupted")
RETRY_BASE_S, RETRY_CAP_S = 0.2, 2.0


class Past(msgspec.Struct, frozen=True):
    """A run that another process had begun: its events so far, and the values of its steps that were kept."""

    events: Sequence[ev.LogEvent]
    values: Mapping[str, bytes]


class Execution:
    """One run of ``pipeline``. Making it writes ``run.started``; await ``run()`` once, in a task of its own; ``stop``
    ends it early.

    ``clock`` gives now in UTC; ``deadline_s`` is how long the run may take in all; ``resources`` are the pipeline's.
    With a ``past``, it goes on from there: steps that had ended stay as they are, what was under way begins again.
    Raises msgspec.MsgspecError or KeyError for a past whose values aren't those of this pipeline.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        question: Question,
        writer: RunWriter,
        *,
        clock: Callable[[], datetime],
        deadline_s: float,
        resources: Mapping[Any, Any] | None = None,
        past: Past | None = None,
    ) -> None:
        self._pipeline, self._question, self._writer, self._clock = pipeline, question, writer, clock
        self._deadline_s = deadline_s
        self._deadline = time.monotonic() + deadline_s
        self._ending: Ending | None = None
        self._error: ev.ErrorInfo | None = None
        self._task: asyncio.Task[Any] | None = None
        self._over = False
        self._progress = Progress(step.id for step in pipeline.steps)
        self._order: tuple[str, ...] | None = None
        self._values = Values(pipeline, {**(resources or {}), Question: question})
        if past is None:
            self._begin_run()
        else:
            self._go_on(past)

    def stop(self, ending: Ending, text: str | None = None, error: ev.ErrorInfo | None = None) -> None:
        """End the run early; the first reason counts, and none does once the run is over.

        ``text`` is told at once, as a ``cancelling`` or ``deadline`` notice. ``elsewhere``: another process goes on
        with the run; nothing more is said here.
        """
        if ending == "elsewhere":
            self._writer.mute()
        if self._ending is not None or self._over:
            return
        self._ending, self._error = ending, error
        if text is not None:
            self._writer.emit(ev.RunNotice, kind="deadline" if ending == "deadline" else "cancelling", text=text)
        if self._task is not None:
            self._task.cancel()

    @property
    def stopping(self) -> bool:
        """Whether the run is about to end, or is over."""
        return self._ending is not None or self._over

    async def may_run(self) -> bool:
        """Wait for the log to have the run: nothing is done for one that it refuses, or knows under another id, and
        who waits for its first event goes first. False if it isn't to be run at all."""
        self._task = asyncio.current_task()
        try:
            return await self._writer.may_run()
        except BaseException as error:
            self._on_early_end(error)
            return True

    async def run(self) -> None:
        """Run every step and write the story of each, up to ``run.finished``. Raises nothing."""
        self._task = asyncio.current_task()
        timer = asyncio.get_running_loop().call_later(self._deadline_s, self._on_deadline)
        try:
            if self._ending is None:
                async with asyncio.TaskGroup() as group:
                    for step in self._pipeline.steps:
                        if step.id not in self._progress.ended:
                            group.create_task(self._perform(step), name=f"step {step.id}")
        except BaseException as error:
            self._on_early_end(error)
        finally:
            timer.cancel()
            self._finish()

    def _begin_run(self) -> None:
        summary = self._writer.summary
        self._emit(
            ev.RunStarted,
            v=ev.PROTOCOL_VERSION,
            run=summary.run,
            pipeline=self._pipeline.name,
            title=self._pipeline.title,
            question=summary.question,
            started_at=summary.started_at,
            plan=self._pipeline.plan(),
            columns=self._pipeline.columns,
        )

    def _go_on(self, past: Past) -> None:
        for event in past.events:
            self._progress.record(event)
        self._order = self._values.restore(self._pipeline.steps, self._progress.ended, past.values)
        text = "The server that worked on this stopped; another one goes on where it was."
        self._emit(ev.RunNotice, kind="recovered", text=text)
        for step_id, state in list(self._progress.open.items()):
            if state == "running":
                self._supersede(step_id)

    def _supersede(self, step_id: str) -> None:
        message = "The server stopped while this step was under way"
        self._emit(
            ev.StepFinished,
            step=step_id,
            attempt=self._progress.attempts[step_id],
            status="failed",
            ms=0,
            say=message,
            error=ev.ErrorInfo(code=NODE_LOST, message=message, retryable=True),
            retry_in_ms=0,
        )

    def _emit(self, kind: type[ev.Event], /, **fields: Any) -> None:
        self._progress.record(self._writer.emit(kind, **fields))  # type: ignore[arg-type]  # every Event is a LogEvent

    def _on_deadline(self) -> None:
        text = f"The run took longer than its {self._deadline_s:g} s and was stopped."
        hint = "Ask again; if it happens each time, raise the deadline setting."
        self.stop("deadline", text, ev.ErrorInfo(code="deadline", message=text, hint=hint, retryable=True))

    def _on_early_end(self, error: BaseException) -> None:
        task = self._task
        while task is not None and task.cancelling():
            task.uncancel()  # the end is still to be written, by this very task
        if self._ending is None:
            self._ending = "interrupted"
            if not isinstance(error, asyncio.CancelledError):
                self._ending, self._error = "failed", explain_bug(error, self._writer.summary.run)

    # ---- steps

    async def _perform(self, step: Step) -> None:
        arguments = await self._values.arguments(self._pipeline.needs[step.id])
        while True:
            attempt = self._progress.attempts[step.id] + 1
            retry_in_s = await self._attempt(step, attempt, arguments)
            if retry_in_s is None:
                return
            await asyncio.sleep(retry_in_s)

    async def _attempt(self, step: Step, attempt: int, arguments: dict[str, Any]) -> float | None:
        """One attempt, from its start to its end. Seconds until the next one, or None if there is none."""
        began = time.monotonic()
        voice = self._begin(step, attempt)
        if (name := self._pipeline.context_names[step.id]) is not None:
            arguments = {**arguments, name: voice}
        limit = asyncio.timeout(step.timeout_s)  # the run's own deadline is the run's to tell
        try:
            async with limit:
                value = await step.run(**arguments)
                self._values.check(step, value)
                detail = _detail(voice, value)
                kept = encode_kept(value, voice.ordering) if self._writer.keeps_values else None
        except asyncio.CancelledError as error:
            if not self._is_cancelled():  # something that the step awaited was: nobody would ever fill its place
                return self._end_failed(step, voice, began, explain_bug(error, self._writer.summary.run, step.id))
            self._end_cancelled(step, voice, began)
            raise
        except Exception as error:
            failure = explain_failure(error, self._writer.summary.run, step, limit.expired())
            retry_in_s = error.retry_in_s if isinstance(error, StepError) else None
            return self._end_failed(step, voice, began, failure, retry_in_s)
        if kept is not None:
            self._writer.keep(step.id, kept)
        self._end(step, voice, began, "degraded" if voice.degradations else "ok", detail=detail)
        self._values.give(step, value)
        return None

    def _begin(self, step: Step, attempt: int) -> StepVoice:
        self._emit(ev.StepStarted, step=step.id, attempt=attempt, say=step.doing or f"{step.title}…")
        limit = self._deadline if step.timeout_s is None else time.monotonic() + step.timeout_s
        return StepVoice(
            self._writer,
            step.id,
            attempt,
            failure=self._progress.failures.get(step.id),
            deadline=min(self._deadline, limit),
            clock=self._clock,
            new_call_id=self._new_call_id,
            may_call=lambda: self._ending is None,
            on_rows=self._progress.record,
            on_order=self._on_order,
            told=self._progress.told,
        )

    def _end(self, step: Step, voice: StepVoice, began: float, status: ev.StepStatus, **fields: Any) -> None:
        voice.end()
        say = fields.pop("say", None) or voice.sentence or step.title
        self._emit(
            ev.StepFinished,
            step=step.id,
            attempt=voice.attempt,
            status=status,
            ms=round((time.monotonic() - began) * 1000),
            say=say,
            **fields,
        )

    def _end_cancelled(self, step: Step, voice: StepVoice, began: float) -> None:
        if self._ending == "deadline":
            self._end(step, voice, began, "failed", say="Not done in time", error=self._error)
        else:
            self._end(step, voice, began, "cancelled", say="Cancelled")

    def _end_failed(
        self, step: Step, voice: StepVoice, began: float, error: ev.ErrorInfo, retry_in_s: float | None = None
    ) -> float | None:
        spent = voice.attempt - self._progress.lost[step.id]
        if not error.retryable or spent >= step.attempts or self._ending is not None:
            retry_in_s = None
        elif retry_in_s is None:
            retry_in_s = random.uniform(0, min(RETRY_CAP_S, RETRY_BASE_S * 2**voice.attempt))
        retry_in_ms = None if retry_in_s is None else round(retry_in_s * 1000)
        self._end(step, voice, began, "failed", say=error.message, error=error, retry_in_ms=retry_in_ms)
        if retry_in_s is not None:
            return retry_in_s
        if step.optional:
            self._values.give(step, None)
        else:
            self.stop("failed", error=error)
        return None

    def _is_cancelled(self) -> bool:
        """Whether the running step was told to end, or at least its run."""
        task = asyncio.current_task()
        return self._ending is not None or (task is not None and task.cancelling() > 0)

    # ---- what steps say that outlives them

    def _new_call_id(self) -> str:
        self._progress.calls += 1
        return f"c{self._progress.calls}"

    def _on_order(self, row_ids: Sequence[str]) -> None:
        self._order = tuple(row_ids)

    # ---- the end

    def _finish(self) -> None:
        self._over = True
        self._values.close()
        for step in self._pipeline.steps:
            state, attempt = self._progress.open.get(step.id), self._progress.attempts[step.id]
            stopped = self._ending in _STOPPED
            for kind, fields in closing_events(step.id, step.title, state, attempt, stopped=stopped):
                self._emit(kind, **fields)
        degraded = self._progress.degraded
        status = self._status(degraded)
        order = None if self._order is None else self._progress.rows.shown(self._order)
        self._writer.emit(
            ev.RunFinished,
            status=status,
            say=last_sentence(status, self._error, self._pipeline, self._progress.ended),
            ms=self._writer.elapsed_ms(),
            events=self._writer.seq + 1,
            degraded=tuple(degraded) if status == "partial" else (),
            error=self._error if status == "failed" else None,
            order=order,
        )

    def _status(self, degraded: list[str]) -> ev.RunStatus:
        """How the run ends; steps that left something open join ``degraded``."""
        if self._ending is not None:
            return self._ending if self._ending in ("cancelled", "interrupted") else "failed"
        for step_id in sorted(self._progress.rows.unconfirmed_by() - set(degraded)):
            _log.warning("run %s: step %s left rows that nobody confirmed", self._writer.summary.run, step_id)
            degraded.append(step_id)
        return "partial" if degraded else "ok"


def _detail(voice: StepVoice, value: Any) -> msgspec.Raw:
    # Encoded here, inside the attempt: an outcome that isn't JSON is a bug of that step.
    return msgspec.Raw(msgspec.json.encode(voice.outcome if voice.outcome is not None else value))
