"""Runs that a dead process left behind: their log gets the end that it lacks, so that nobody waits for it for ever."""

import logging

import msgspec

from backend.errors import StorageError
from backend.runs.ending import OpenState, closing_events
from backend.runs.log import Entry, RunLog, RunSummary
from shared import events as ev
from shared.errors import WireError
from shared.view import EMPTY, RunView, fold

_log = logging.getLogger(__name__)

_PAGE_BYTES = 1 << 20
_OPEN: dict[str, OpenState] = {"waiting": "waiting", "running": "running", "retrying": "retrying"}


async def interrupt_abandoned(log: RunLog) -> list[str]:
    """End every abandoned run as ``interrupted``. Returns the ids of those that this call ended.

    A run that can't be read is told in the server's log and left as it is: it must not keep the server from starting.
    """
    return [summary.run for summary in await log.abandoned() if await _interrupt(log, summary)]


async def _interrupt(log: RunLog, summary: RunSummary) -> bool:
    try:
        view = await read_view(log, summary.run)
        if view.finished:
            return False
        entries = interrupted_end(view)
        ended = msgspec.structs.replace(summary, status="interrupted", events=entries[-1].seq, ms=view.t)
        await log.append(ended, entries)
    except WireError as error:
        _log.error("run %s was cut off and can't be read: %s", summary.run, error)
        return False
    except StorageError:
        now = await log.summary(summary.run)
        if now is None or now.status == "running":
            raise
        return False  # another server, started at the same time, was faster
    return True


async def read_view(log: RunLog, run: str) -> RunView:
    """The view of a run as far as the log has it."""
    view = EMPTY
    while entries := await log.read(run, view.upto, _PAGE_BYTES):
        for entry in entries:
            event = ev.decode_event(entry.data)
            if not isinstance(event, ev.StreamSnapshot | ev.StreamBye):
                view = fold(view, event)
    return view


def interrupted_end(view: RunView) -> list[Entry]:
    """The entries that end a run whose log stops at ``view``: all open steps, then ``run.finished``."""
    events: list[ev.StepStarted | ev.StepFinished | ev.RunFinished] = []
    for step in view.steps:
        state = _OPEN.get(step.state)
        for kind, fields in closing_events(step.id, step.title, state, step.attempt, stopped=True):
            events.append(kind(seq=view.upto + len(events) + 1, t=view.t, **fields))
    seq = view.upto + len(events) + 1
    events.append(
        ev.RunFinished(
            seq=seq,
            t=view.t,
            status="interrupted",
            say="Interrupted: the server stopped before the run was done",
            ms=view.t,
            events=seq,
        )
    )
    return [Entry(event.seq, ev.encode_event(event)) for event in events]
