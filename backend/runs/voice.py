"""A step's voice: the ``Context`` of one attempt. It turns what a step says into events, and ends with it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from backend.runs.writer import RunWriter
from shared import events as ev

TOKEN_BATCH_S = 0.05
"""How long text of a model is gathered before it is numbered: 20 events/s read as live and cost little."""
ROWS_PER_EVENT = 200
"""A change of more rows than this is told in several events, so that each stays well below the frame limit."""


class StepEndedError(RuntimeError):
    """Something of a step spoke after the step had ended; its author left a task behind."""


class StepVoice:
    """The ``Context`` that one attempt of a step gets (see ``backend.pipeline.Context``)."""

    def __init__(
        self,
        writer: RunWriter,
        step: str,
        attempt: int,
        *,
        failure: ev.ErrorInfo | None = None,
        deadline: float,
        clock: Callable[[], datetime],
        new_call_id: Callable[[], str],
        may_call: Callable[[], bool],
        on_rows: Callable[[ev.RowsChanged], None],
        on_order: Callable[[Sequence[str]], None],
    ) -> None:
        self.step, self.attempt, self.failure, self.deadline = step, attempt, failure, deadline
        self.clock = clock
        self.sentence: str | None = None
        self.outcome: Any = None
        self.degradations: list[str] = []
        self.ordering: tuple[str, ...] | None = None
        self._writer = writer
        self._new_call_id, self._may_call, self._on_rows, self._on_order = new_call_id, may_call, on_rows, on_order
        self._ended = False
        self._done, self._total = 0, None  # type: int, int | None
        self._tokens: list[str] = []
        self._token_kind: ev.TokenKind = "answer"
        self._token_timer: asyncio.TimerHandle | None = None

    def say(self, sentence: str) -> None:
        self._check()
        self.sentence = sentence

    def detail(self, outcome: Any) -> None:
        self._check()
        self.outcome = outcome

    def degraded(self, why: str) -> None:
        self.log(why, level="warning")
        self.degradations.append(why)
        self._writer.emit(ev.RunNotice, kind="degraded", text=why)

    def progress(self, done: int, total: int | None = None, unit: str | None = None) -> None:
        total = self._total if total is None else total
        if done < self._done or (total is not None and done > total):
            raise ValueError(f"progress went from {self._done} to {done} of {total}")
        self._done, self._total = done, total
        self._emit(ev.StepProgress, done=done, total=total, unit=unit)

    def log(self, text: str, *, level: ev.Level = "info", evidence: ev.Evidence | None = None) -> None:
        self._emit(ev.StepLog, level=level, text=text, evidence=evidence)

    def token(self, text: str, *, kind: ev.TokenKind = "answer") -> None:
        self._check()
        if kind != self._token_kind:
            self._flush_tokens()  # what was written first is numbered first
            self._token_kind = kind
        self._tokens.append(text)
        if self._token_timer is None:
            self._token_timer = asyncio.get_running_loop().call_later(TOKEN_BATCH_S, self._flush_tokens)

    def rows(self, upsert: Sequence[ev.RowUpsert] = (), remove: Sequence[ev.RowRemoval] = ()) -> None:
        if len(upsert) <= ROWS_PER_EVENT and len(remove) <= ROWS_PER_EVENT:
            self._change_rows(upsert=tuple(upsert), remove=tuple(remove))
            return
        for start in range(0, len(upsert), ROWS_PER_EVENT):
            self._change_rows(upsert=tuple(upsert[start : start + ROWS_PER_EVENT]))
        for start in range(0, len(remove), ROWS_PER_EVENT):
            self._change_rows(remove=tuple(remove[start : start + ROWS_PER_EVENT]))

    def order(self, row_ids: Sequence[str]) -> None:
        self._check()
        self.ordering = tuple(row_ids)
        self._on_order(row_ids)

    def call(self, source: str, operation: str, **request: Any) -> "RecordedCall":
        self._check()
        if not self._may_call():
            raise asyncio.CancelledError("the run is being cancelled: no new call starts")
        return RecordedCall(self, self._new_call_id(), source, operation, request)

    def end(self) -> None:
        """Write what is pending; whatever speaks after this is a bug."""
        if not self._ended:
            self._flush_tokens()
            self._ended = True

    def _change_rows(self, **change: Any) -> None:
        self._on_rows(self._emit(ev.RowsChanged, **change))

    def _emit(self, kind: type[ev.Event], /, **fields: Any) -> Any:
        self._check()
        if self._tokens:
            self._flush_tokens()
        return self._writer.emit(kind, step=self.step, attempt=self.attempt, **fields)

    def _flush_tokens(self) -> None:
        if self._token_timer is not None:
            self._token_timer.cancel()
            self._token_timer = None
        if self._tokens:
            text = "".join(self._tokens)
            self._tokens.clear()
            self._writer.emit(ev.StepToken, step=self.step, attempt=self.attempt, text=text, kind=self._token_kind)

    def _check(self) -> None:
        if self._ended:
            raise StepEndedError(f"step {self.step!r} spoke after its attempt {self.attempt} had ended")


class RecordedCall:
    """A call to a source, timed (see ``backend.pipeline.Call``)."""

    def __init__(self, voice: StepVoice, call_id: str, source: str, operation: str, request: dict[str, Any]) -> None:
        self.id = call_id
        self.status: int | str = "ok"
        self.cached, self.retries, self.bytes = False, 0, 0
        self.as_of: str | None = None
        self.excerpt: str | None = None
        self.text = f"{source}: {operation}"
        self._voice, self._source, self._operation, self._request = voice, source, operation, request
        self._began = 0.0

    async def __aenter__(self) -> "RecordedCall":
        self._began = time.monotonic()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and self.status == "ok":
            self.status = "cancelled" if issubclass(kind, asyncio.CancelledError) else getattr(error, "code", "failed")
        evidence = ev.Evidence(
            id=self.id,
            source=self._source,
            operation=self._operation,
            request=self._request,
            status=self.status,
            ms=round((time.monotonic() - self._began) * 1000),
            cached=self.cached,
            retries=self.retries,
            bytes=self.bytes,
            as_of=self.as_of,
            excerpt=self.excerpt,
        )
        self._voice.log(self.text, level="info" if kind is None else "warning", evidence=evidence)
