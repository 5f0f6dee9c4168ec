"""Runs that a dead process left behind: their log gets the end that it lacks, so that nobody waits for it for ever."""

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec

from backend.runs.ending import INTERRUPTED, OpenState, closing_events
from backend.runs.log import Entry, EventsLost, RunLog, RunSummary
from shared import events as ev
from shared.errors import WireError
from shared.view import EMPTY, RunView, fold

_log = logging.getLogger(__name__)

_PAGE_BYTES = 1 << 20
_FOLDED_AT_ONCE = 50
_OPEN: dict[str, OpenState] = {"waiting": "waiting", "running": "running", "retrying": "retrying"}


async def interrupt_abandoned(log: RunLog) -> list[str]:
    """End every abandoned run as ``interrupted``. Returns the ids of those that this call ended.

    A run that can't be read is told in the server's log and left as it is: it must not keep the server from starting.
    """
    return [summary.run for summary in await log.abandoned() if await _interrupt(log, summary)]


async def _interrupt(log: RunLog, summary: RunSummary) -> bool:
    if await log.adopt(summary.run) is None:
        return False  # another server, started at the same time, was faster
    try:
        view = await read_view(log, summary.run)
        if view.finished:
            return False
        entries = interrupted_end(view)
        ended = msgspec.structs.replace(summary, status="interrupted", events=entries[-1].seq, ms=view.t)
        await log.append(ended, entries)
    except (WireError, EventsLost) as error:
        _log.error("run %s was cut off and can't be read: %s", summary.run, error)
        return False
    return True


async def read_view(log: RunLog, run: str, *, upto: int | None = None) -> RunView:
    """The view of a run as far as the log has it, at most up to event ``upto``. Raises EventsLost."""
    view = EMPTY
    async for event in read_events(log, run):
        if upto is not None and event.seq > upto:
            break
        view = fold(view, event)
        if view.upto % _FOLDED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return view


async def read_events(log: RunLog, run: str) -> AsyncIterator[ev.LogEvent]:
    """The events of a run as far as the log has it. Raises EventsLost where one is missing."""
    seq = 0
    while entries := await log.read(run, seq, _PAGE_BYTES):
        for entry in entries:
            event = ev.decode_event(entry.data)
            if entry.seq != seq + 1 or isinstance(event, ev.StreamSnapshot | ev.StreamBye):
                raise EventsLost(run, seq)
            seq = entry.seq
            yield event


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
            say=INTERRUPTED,
            ms=view.t,
            events=seq,
        )
    )
    return [Entry(event.seq, ev.encode_event(event)) for event in events]
