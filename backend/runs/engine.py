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
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from backend.errors import StepError
from backend.pipeline import Later, Pipeline, Question, Step
from backend.runs.ending import OpenState, RowStates, closing_events, explain_bug
from backend.runs.voice import StepVoice
from backend.runs.writer import RunWriter
from shared import events as ev

_log = logging.getLogger(__name__)

Ending: TypeAlias = Literal["cancelled", "interrupted", "deadline", "storage", "failed"]
_STOPPED = ("cancelled", "interrupted")
RETRY_BASE_S, RETRY_CAP_S = 0.2, 2.0


class Execution:
    """One run of ``pipeline``. Making it writes ``run.started``; await ``run()`` once, in a task of its own; ``stop``
    ends it early.

    ``clock`` gives now in UTC; ``deadline_s`` is how long the run may take in all; ``resources`` are the pipeline's.
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
    ) -> None:
        self._pipeline, self._question, self._writer, self._clock = pipeline, question, writer, clock
        self._deadline_s = deadline_s
        self._deadline = time.monotonic() + deadline_s
        self._ending: Ending | None = None
        self._error: ev.ErrorInfo | None = None
        self._task: asyncio.Task[Any] | None = None
        self._over = False
        self._calls = 0
        self._attempts = {step.id: 0 for step in pipeline.steps}
        self._failures: dict[str, ev.ErrorInfo] = {}
        self._open: dict[str, OpenState] = dict.fromkeys(self._attempts, "waiting")
        self._sentences: dict[str, str] = {}
        self._degraded: list[str] = []
        self._rows = RowStates()
        self._order: tuple[str, ...] | None = None
        loop = asyncio.get_running_loop()
        self._values: dict[Any, asyncio.Future[Any]] = {kind: loop.create_future() for kind in pipeline.producers}
        for kind, value in {**(resources or {}), Question: question}.items():
            self._values[kind] = loop.create_future()
            self._values[kind].set_result(value)
        self._begin_run()

    def stop(self, ending: Ending, text: str | None = None, error: ev.ErrorInfo | None = None) -> None:
        """End the run early; the first reason counts, and none does once the run is over.

        ``text`` is told at once, as a ``cancelling`` or ``deadline`` notice.
        """
        if self._ending is not None or self._over:
            return
        self._ending, self._error = ending, error
        if text is not None:
            self._writer.emit(ev.RunNotice, kind="deadline" if ending == "deadline" else "cancelling", text=text)
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """Run every step and write the story of each, up to ``run.finished``. Raises nothing."""
        self._task = asyncio.current_task()
        timer = asyncio.get_running_loop().call_later(self._deadline_s, self._on_deadline)
        try:
            if self._ending is None:
                async with asyncio.TaskGroup() as group:
                    for step in self._pipeline.steps:
                        group.create_task(self._perform(step), name=f"step {step.id}")
        except BaseException as error:
            self._on_early_end(error)
        finally:
            timer.cancel()
            self._finish()

    def _begin_run(self) -> None:
        summary = self._writer.summary
        self._writer.emit(
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
        arguments = await self._arguments(step)
        attempt = 0
        while True:
            attempt += 1
            retry_in_s = await self._attempt(step, attempt, arguments)
            if retry_in_s is None:
                return
            await asyncio.sleep(retry_in_s)

    async def _arguments(self, step: Step) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for need in self._pipeline.needs[step.id]:
            future = self._values[need.type]
            arguments[need.name] = _LaterValue(future) if need.later else await asyncio.shield(future)
        return arguments

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
                _check_value(step, value)
                detail = _detail(voice, value)
        except asyncio.CancelledError as error:
            if not self._is_cancelled():  # something that the step awaited was: nobody would ever fill its place
                return self._end_failed(step, voice, began, explain_bug(error, self._writer.summary.run, step.id))
            self._end_cancelled(step, voice, began)
            raise
        except Exception as error:
            retry_in_s = error.retry_in_s if isinstance(error, StepError) else None
            return self._end_failed(step, voice, began, self._explain(step, error, limit.expired()), retry_in_s)
        self._end(step, voice, began, "degraded" if voice.degradations else "ok", detail=detail)
        self._sentences[step.id] = voice.sentence or step.title
        self._values[step.returns].set_result(value)
        return None

    def _begin(self, step: Step, attempt: int) -> StepVoice:
        self._attempts[step.id], self._open[step.id] = attempt, "running"
        self._rows.forget(step.id)
        self._writer.emit(ev.StepStarted, step=step.id, attempt=attempt, say=step.doing or f"{step.title}…")
        limit = self._deadline if step.timeout_s is None else time.monotonic() + step.timeout_s
        return StepVoice(
            self._writer,
            step.id,
            attempt,
            failure=self._failures.get(step.id),
            deadline=min(self._deadline, limit),
            clock=self._clock,
            new_call_id=self._new_call_id,
            may_call=lambda: self._ending is None,
            on_rows=self._rows.change,
            on_order=self._on_order,
        )

    def _end(self, step: Step, voice: StepVoice, began: float, status: ev.StepStatus, **fields: Any) -> None:
        voice.end()
        if fields.get("retry_in_ms") is None:
            self._open.pop(step.id)
        else:
            self._open[step.id] = "retrying"
        if status in ("degraded", "failed") and fields.get("retry_in_ms") is None:
            self._degraded.append(step.id)
        say = fields.pop("say", None) or voice.sentence or step.title
        self._writer.emit(
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
        if not error.retryable or voice.attempt >= step.attempts or self._ending is not None:
            retry_in_s = None
        elif retry_in_s is None:
            retry_in_s = random.uniform(0, min(RETRY_CAP_S, RETRY_BASE_S * 2**voice.attempt))
        self._failures[step.id] = error
        retry_in_ms = None if retry_in_s is None else round(retry_in_s * 1000)
        self._end(step, voice, began, "failed", say=error.message, error=error, retry_in_ms=retry_in_ms)
        if retry_in_s is not None:
            return retry_in_s
        if step.optional:
            self._values[step.returns].set_result(None)
        else:
            self.stop("failed", error=error)
        return None

    def _is_cancelled(self) -> bool:
        """Whether the running step was told to end, or at least its run."""
        task = asyncio.current_task()
        return self._ending is not None or (task is not None and task.cancelling() > 0)

    def _explain(self, step: Step, error: Exception, timed_out: bool) -> ev.ErrorInfo:
        if isinstance(error, StepError):
            return ev.ErrorInfo(code=error.code, message=error.message, hint=error.hint, retryable=error.retryable)
        if isinstance(error, TimeoutError) and timed_out:
            message = f"“{step.title}” took longer than its {step.timeout_s:g} s"
            return ev.ErrorInfo(code="timeout", message=message, hint="Try again.", retryable=True)
        return explain_bug(error, self._writer.summary.run, step.id)

    # ---- what steps say that outlives them

    def _new_call_id(self) -> str:
        self._calls += 1
        return f"c{self._calls}"

    def _on_order(self, row_ids: Sequence[str]) -> None:
        self._order = tuple(row_ids)

    # ---- the end

    def _finish(self) -> None:
        self._over = True
        for future in self._values.values():
            future.cancel()
        for step in self._pipeline.steps:
            if self._open.get(step.id) == "retrying":
                self._rows.forget(step.id)
            state, attempt = self._open.get(step.id), self._attempts[step.id]
            stopped = self._ending in _STOPPED
            for kind, fields in closing_events(step.id, step.title, state, attempt, stopped=stopped):
                self._writer.emit(kind, **fields)
        status = self._status()
        order = None if self._order is None else self._rows.shown(self._order)
        self._writer.emit(
            ev.RunFinished,
            status=status,
            say=self._last_sentence(status),
            ms=self._writer.elapsed_ms(),
            events=self._writer.seq + 1,
            degraded=tuple(self._degraded) if status == "partial" else (),
            error=self._error if status == "failed" else None,
            order=order,
        )

    def _status(self) -> ev.RunStatus:
        if self._ending is not None:
            return self._ending if self._ending in ("cancelled", "interrupted") else "failed"
        for step_id in sorted(self._rows.unconfirmed_by() - set(self._degraded)):
            _log.warning("run %s: step %s left rows that nobody confirmed", self._writer.summary.run, step_id)
            self._degraded.append(step_id)
        return "partial" if self._degraded else "ok"

    def _last_sentence(self, status: ev.RunStatus) -> str:
        if status == "cancelled":
            return "Cancelled"
        if status == "interrupted":
            return "Interrupted: the server stopped before the run was done"
        if self._error is not None:
            return self._error.message
        said = [self._sentences[step.id] for step in self._pipeline.steps if step.id in self._sentences]
        return said[-1] if said else self._pipeline.title


class _LaterValue(Later[Any]):
    """``Later[T]``: awaiting it never cancels the value for the others who wait."""

    def __init__(self, future: "asyncio.Future[Any]") -> None:
        self._future = future

    def __await__(self) -> Generator[Any, Any, Any]:
        return asyncio.shield(self._future).__await__()


def _check_value(step: Step, value: Any) -> None:
    expected = step.returns
    if isinstance(expected, type) and not isinstance(value, expected):
        raise TypeError(f"step {step.id!r} returned {type(value).__name__}, not {expected.__name__}")


def _detail(voice: StepVoice, value: Any) -> msgspec.Raw:
    # Encoded here, inside the attempt: an outcome that isn't JSON is a bug of that step.
    return msgspec.Raw(msgspec.json.encode(voice.outcome if voice.outcome is not None else value))
