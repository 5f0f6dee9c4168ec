"""Reading a run back from its log, and the end that a log lacks whose writer is gone."""

import asyncio
from collections.abc import AsyncGenerator

from backend.runs.ending import INTERRUPTED, STOPPING, OpenState, closing_events
from backend.runs.forks import agree
from backend.runs.log import Entry, EventsLost, RunLog
from shared import events as ev
from shared.view import EMPTY, RunView, fold

_PAGE_BYTES = 1 << 20
_FOLDED_AT_ONCE = 50
_OPEN: dict[str, OpenState] = {"waiting": "waiting", "running": "running", "retrying": "retrying"}


async def read_run(log: RunLog, run: str) -> AsyncGenerator[tuple[ev.LogEvent, str], None]:
    """The events of a run as far as the log has it, with the forks up to each. Raises WireError, and EventsLost where
    one is missing or isn't of the log that those before it were read from."""
    seq, forks = 0, ""
    while entries := await log.read(run, seq, _PAGE_BYTES):
        for entry in entries:
            event = ev.decode_event(entry.data)
            if entry.seq != seq + 1 or not agree(forks, seq, entry.forks):
                raise EventsLost(run, seq)
            if isinstance(event, ev.StreamSnapshot | ev.StreamBye):
                raise EventsLost(run, seq)
            seq, forks = entry.seq, entry.forks
            yield event, forks


async def read_events(log: RunLog, run: str) -> list[ev.LogEvent]:
    """The events of a run as far as the log has it. Raises as ``read_run`` does."""
    return [event async for event, _ in read_run(log, run)]


async def read_snapshot(log: RunLog, run: str, *, upto: int | None = None) -> tuple[RunView, str]:
    """The view of a run as far as the log has it, at most up to event ``upto``, and the forks up to there. Raises as
    ``read_run`` does."""
    view, forks = EMPTY, ""
    async for event, forks_here in read_run(log, run):
        if upto is not None and event.seq > upto:
            break
        view, forks = fold(view, event), forks_here
        if view.upto % _FOLDED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return view, forks


async def read_view(log: RunLog, run: str) -> RunView:
    """The view of a run as far as the log has it. Raises as ``read_run`` does."""
    return (await read_snapshot(log, run))[0]


def last_entries(view: RunView, *, cancelling: bool = False) -> tuple[list[Entry], ev.RunStatus]:
    """What ends a run whose log stops at ``view``: an end for each open step, then ``run.finished``, and its status.

    ``cancelling``: somebody had asked to cancel it.
    """
    events: list[ev.KnownEvent] = []
    stopped_by = next((notice.text for notice in view.notices if notice.kind == "cancelling"), None)
    cancelling = stopped_by != STOPPING if stopped_by is not None else cancelling
    failed = [step.error for step in view.steps if step.state == "failed" and not step.optional and step.error]
    status: ev.RunStatus = "cancelled" if cancelling else "failed" if failed else "interrupted"
    if cancelling and stopped_by is None:
        events.append(ev.RunNotice(seq=view.upto + 1, t=view.t, kind="cancelling", text="Cancelled by you."))
    for step in view.steps:
        state = _OPEN.get(step.state)
        for kind, fields in closing_events(step.id, step.title, state, step.attempt, stopped=status != "failed"):
            events.append(kind(seq=view.upto + len(events) + 1, t=view.t, **fields))
    seq = view.upto + len(events) + 1
    say = {"cancelled": "Cancelled", "failed": failed[0].message if failed else "", "interrupted": INTERRUPTED}[status]
    error = failed[0] if status == "failed" else None
    events.append(ev.RunFinished(seq=seq, t=view.t, status=status, say=say, ms=view.t, events=seq, error=error))
    return [Entry(event.seq, ev.encode_event(event)) for event in events], status
