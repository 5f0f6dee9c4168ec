"""Bringing in a run from a file of its events: judged, cleaned, and kept under its own id."""

import asyncio
import contextlib
import re

import msgspec

from backend.errors import Conflict, InvalidRequest
from backend.runs.fitting import MAX_DATA_BYTES
from backend.runs.log import Entry, LeaseLost, RunLog, RunSummary
from shared import events as ev
from shared.errors import BrokenLog, MalformedEvent
from shared.judge import Judge
from shared.text import clean_json

MAX_EVENTS = 50_000
_RUN = re.compile(r"[a-z2-7]{1,64}", re.ASCII)
_READ_ALL = 1 << 30


async def import_run(log: RunLog, lines: bytes) -> tuple[RunSummary, bool]:
    """The run whose events are the ``lines`` (NDJSON), and whether it is new here; the very same run may come again.

    Raises InvalidRequest for what isn't the log of a finished run (``hint`` says which rule it breaks), and Conflict
    where another run has its id.
    """
    entries, started, finished = await asyncio.to_thread(_read, lines)  # judging a long one takes its time
    summary = RunSummary(
        run=started.run,
        pipeline=started.pipeline,
        question=started.question,
        started_at=started.started_at,
        status=finished.status,
        events=finished.seq,
        ms=finished.ms,
    )
    if await log.summary(summary.run) is None:
        with contextlib.suppress(LeaseLost):  # somebody else brings it in at this very moment
            await log.append(summary, entries)
            return summary, True
    if await log.read(summary.run, 0, _READ_ALL) == entries:
        return summary, False
    raise Conflict(f"There is another run {summary.run} here.", hint="Forget that one first: DELETE /runs/<id>.")


def _read(lines: bytes) -> tuple[list[Entry], ev.RunStarted, ev.RunFinished]:
    entries: list[Entry] = []
    judge = Judge()
    first, last = None, None
    for line in filter(None, map(bytes.strip, lines.split(b"\n"))):
        number = len(entries) + 1
        try:
            data, event = _clean(line)
            if isinstance(event, ev.StreamSnapshot | ev.StreamBye):
                continue
            judge.hear(event)
        except (MalformedEvent, BrokenLog) as error:
            raise _unfit(f"Line {number} isn't event {number} of a run.", str(error)) from None
        first, last = first or event, event
        entries.append(Entry(event.seq, data))
        if number > MAX_EVENTS:
            raise _unfit(f"The run has more than {MAX_EVENTS:,} events.", "No run of Windowseat is as long.")
    try:
        judge.end()
    except BrokenLog as error:
        raise _unfit("This isn't a whole run.", str(error)) from None
    if not isinstance(first, ev.RunStarted) or not isinstance(last, ev.RunFinished) or not _RUN.fullmatch(first.run):
        raise _unfit("The run has an id that none has here.", "An id is 1 to 64 characters of a-z and 2-7.")
    return entries, first, last


def _clean(line: bytes) -> tuple[bytes, ev.WireEvent]:
    """A line as it may be stored and shown: as it is, unless it holds what a terminal must not see."""
    try:
        tree = msgspec.json.decode(line)
        cleaned = clean_json(tree)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise MalformedEvent(str(error)) from None
    data = ev.escape_separators(line if cleaned == tree else msgspec.json.encode(cleaned))
    if b"\r" in data or len(data) > MAX_DATA_BYTES:
        raise MalformedEvent(f"it is more than one line, or more than {MAX_DATA_BYTES:,} bytes")
    return data, ev.decode_event(data)


def _unfit(detail: str, hint: str) -> InvalidRequest:
    return InvalidRequest(detail, status=422, title="Unprocessable content", hint=hint)
