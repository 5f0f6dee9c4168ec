"""How far a run has come, read off its events: what whoever writes it must know to go on, also after somebody else."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from backend.runs.ending import OpenState, RowStates
from shared import events as ev

NODE_LOST = "node_lost"
"""The error code of an attempt whose process ended under it; another attempt follows at once."""


class Progress:
    """``attempts`` made, steps still ``open`` and how, steps that ``ended`` and with what, in the order in which they
    did; ``failures`` of the attempts before; ``lost`` attempts count against nobody; ``told``: what of the answer is
    missing, as it was said; ``calls`` is the number of the newest piece of evidence."""

    def __init__(self, steps: Iterable[str]) -> None:
        self.attempts = dict.fromkeys(steps, 0)
        self.open: dict[str, OpenState] = dict.fromkeys(self.attempts, "waiting")
        self.ended: dict[str, ev.StepFinished] = {}
        self.failures: dict[str, ev.ErrorInfo] = {}
        self.lost = dict.fromkeys(self.attempts, 0)
        self.rows = RowStates()
        self.told: set[str] = set()
        self.calls = 0
        self.recoveries = 0

    def record(self, event: ev.LogEvent) -> None:
        """One more event, in the order of the log."""
        record = _RECORDS.get(type(event))
        if record is not None:
            record(self, event)

    def _started(self, event: ev.StepStarted) -> None:
        self.attempts[event.step], self.open[event.step] = event.attempt, "running"
        self.rows.forget(event.step)

    def _finished(self, event: ev.StepFinished) -> None:
        if event.retry_in_ms is None:
            self.open.pop(event.step, None)
            self.ended[event.step] = event
            return
        self.open[event.step] = "retrying"
        if event.error is not None and event.error.code != NODE_LOST:
            self.failures[event.step] = event.error
        else:
            self.lost[event.step] += 1

    def _changed(self, event: ev.RowsChanged) -> None:
        self.rows.change(event)

    def _logged(self, event: ev.StepLog) -> None:
        if event.evidence is not None and (number := event.evidence.id[1:]).isdecimal():
            self.calls = max(self.calls, int(number))

    def _noticed(self, event: ev.RunNotice) -> None:
        if event.kind == "degraded":
            self.told.add(event.text)
        elif event.kind == "recovered":
            self.recoveries += 1

    @property
    def degraded(self) -> list[str]:
        """The steps of which something is missing, in the order in which they ended."""
        return [step for step, end in self.ended.items() if end.status in ("degraded", "failed")]


# By type: a match asks the metaclass of structs for each case that it passes, and each event of each run comes here.
_RECORDS: Final[dict[type, Callable[[Progress, Any], None]]] = {
    ev.StepStarted: Progress._started,
    ev.StepFinished: Progress._finished,
    ev.RowsChanged: Progress._changed,
    ev.StepLog: Progress._logged,
    ev.RunNotice: Progress._noticed,
}
