"""How a run ends: what must still be said of its steps, which rows stand, and a bug told to a person."""

import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from backend.errors import StepError
from backend.pipeline import Pipeline, Step
from shared import events as ev

OpenState: TypeAlias = Literal["waiting", "running", "retrying"]

_log = logging.getLogger(__name__)

INTERRUPTED = "Interrupted: the server stopped before the run was done"
STOPPING = "The server is stopping."
"""What a run says that its own server ends: it is ``interrupted`` then, not ``cancelled``."""


class RowStates:
    """The state of each row by the rules of ``shared.view``: one layer a step, the newest last.

    What is said is kept as it comes, and put together where it is asked for: rows change by the thousand, and are asked
    for once, when the run ends.
    """

    def __init__(self) -> None:
        self._changes: list[tuple[str, dict[str, str]]] = []

    def change(self, event: ev.RowsChanged) -> None:
        states: dict[str, str] = {row.id: row.state for row in event.upsert}
        for removal in event.remove:
            states[removal.id] = "removed"
        self._changes.append((event.step, states))

    def forget(self, step: str) -> None:
        """``step`` begins again: what a superseded attempt had said of rows is void."""
        self._changes = [change for change in self._changes if change[0] != step]

    def shown(self, row_ids: Iterable[str]) -> tuple[str, ...]:
        """Those of ``row_ids`` that are in the result."""
        states: dict[str, str] = {}
        for _, changed in self._changes:
            states |= changed
        return tuple(row for row in row_ids if states.get(row) in ("provisional", "confirmed"))

    def unconfirmed_by(self) -> set[str]:
        """The steps whose rows nobody confirmed."""
        provisional: dict[str, str] = {}
        for step, changed in self._changes:
            for row, state in changed.items():
                if state == "provisional":
                    provisional[row] = step
                else:
                    provisional.pop(row, None)
        return set(provisional.values())


def closing_events(
    step: str, title: str, state: OpenState | None, attempt: int, *, stopped: bool
) -> list[tuple[type[ev.StepStarted | ev.StepFinished], dict[str, Any]]]:
    """What is still to be said of a step when its run ends: kinds of events and their fields.

    A step that never began ends as attempt 0; one that waited for another attempt begins it only to end it, so that
    each attempt is started once and finished once.
    """
    status: ev.StepStatus = "cancelled" if stopped or state in ("running", "retrying") else "skipped"
    say = "Cancelled" if status == "cancelled" else "Skipped"
    finished = {"step": step, "attempt": attempt, "status": status, "ms": 0, "say": say}
    match state:
        case None:
            return []
        case "waiting":
            return [(ev.StepFinished, {**finished, "attempt": 0})]
        case "running":
            return [(ev.StepFinished, finished)]
        case "retrying":
            started = {"step": step, "attempt": attempt + 1, "say": f"{title}…"}
            return [(ev.StepStarted, started), (ev.StepFinished, {**finished, "attempt": attempt + 1})]


def last_sentence(
    status: ev.RunStatus, error: ev.ErrorInfo | None, pipeline: Pipeline, ends: Mapping[str, ev.StepFinished]
) -> str:
    """What a run ends with: why it ended early, or what its last good step said."""
    if status == "cancelled":
        return "Cancelled"
    if status == "interrupted":
        return INTERRUPTED
    if error is not None:
        return error.message
    said = [end.say for step in pipeline.steps if (end := ends.get(step.id)) and end.status in ("ok", "degraded")]
    return said[-1] if said else pipeline.title


def explain_failure(error: Exception, run: str, step: Step, timed_out: bool) -> ev.ErrorInfo:
    """Why an attempt of ``step`` failed, for a person; ``timed_out``: its own time-out had passed."""
    if isinstance(error, StepError):
        return ev.ErrorInfo(code=error.code, message=error.message, hint=error.hint, retryable=error.retryable)
    if isinstance(error, TimeoutError) and timed_out:
        message = f"“{step.title}” took longer than its {step.timeout_s:g} s"
        return ev.ErrorInfo(code="timeout", message=message, hint="Try again.", retryable=True)
    return explain_bug(error, run, step.id)


def explain_bug(error: BaseException, run: str, step: str | None = None) -> ev.ErrorInfo:
    """One plain sentence with an id for the person; the traceback under that id for the server's log."""
    number = secrets.token_hex(4)
    _log.error("bug %s in run %s, step %s", number, run, step, exc_info=error)
    return ev.ErrorInfo(
        code="internal",
        message=f"Something went wrong inside Windowseat ({number}); this is a bug, and not your fault",
        hint=f"Please report it with what the server logged under {number}.",
        retryable=False,
    )
