"""How far a run has come, read off its events: what whoever writes it must know to go on, also after somebody else."""

from collections.abc import Iterable

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
        match event:
            case ev.StepStarted():
                self.attempts[event.step], self.open[event.step] = event.attempt, "running"
                self.rows.forget(event.step)
            case ev.StepFinished(retry_in_ms=None):
                self.open.pop(event.step, None)
                self.ended[event.step] = event
            case ev.StepFinished():
                self.open[event.step] = "retrying"
                if event.error is not None and event.error.code != NODE_LOST:
                    self.failures[event.step] = event.error
                else:
                    self.lost[event.step] += 1
            case ev.RowsChanged():
                self.rows.change(event)
            case ev.StepLog(evidence=ev.Evidence(id=call)) if call[1:].isdecimal():
                self.calls = max(self.calls, int(call[1:]))
            case ev.RunNotice(kind="degraded"):
                self.told.add(event.text)
            case ev.RunNotice(kind="recovered"):
                self.recoveries += 1

    @property
    def degraded(self) -> list[str]:
        """The steps of which something is missing, in the order in which they ended."""
        return [step for step, end in self.ended.items() if end.status in ("degraded", "failed")]
