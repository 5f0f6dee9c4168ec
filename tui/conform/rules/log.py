"""What the events of a run say together: the invariants, the end of the stream, and the vocabulary."""

import re
from collections.abc import Awaitable, Callable, Sequence

from shared import events as ev
from shared.errors import BrokenLog
from shared.judge import judge_log
from tui.conform.sample import Case
from tui.conform.verdict import Broken

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


async def vocabulary(case: Case) -> str:
    """Raises Broken unless every event of a known type has its fields, and run.started says whose run it is."""
    log = case.sample.log()
    first = log[0]
    if not isinstance(first, ev.RunStarted):
        raise Broken("the first event is not run.started")
    if first.v != ev.PROTOCOL_VERSION:
        raise Broken(f"the protocol is version {first.v}, not {ev.PROTOCOL_VERSION}")
    if first.run != case.sample.run:
        raise Broken(f"run.started is of run {first.run!r}, but its id says {case.sample.run!r}")
    if not _RFC_3339.fullmatch(first.started_at):
        raise Broken(f"started_at is {first.started_at!r}, which RFC 3339 has not")
    if first.pipeline != case.pipeline.name:
        raise Broken(f"the pipeline asked is {case.pipeline.name!r}, the run's {first.pipeline!r}")
    unknown = sorted({event.type for event in log if isinstance(event, ev.UnknownEvent)})
    return f"{len(log)} events" + (f", of unknown types: {', '.join(unknown)}" if unknown else "")


async def end(case: Case) -> str:
    """Raises Broken unless run.finished is the last thing that a stream says."""
    if not isinstance(case.sample.log()[-1], ev.RunFinished):
        raise Broken("the stream ended without run.finished: a reader takes that for a cut")
    tail = case.sample.reading.data.rpartition(b'"type":"run.finished"')[2].partition(b"\n\n")[2]
    if tail:
        raise Broken(f"something follows run.finished: {tail[:60]!r}")
    return ""


def invariant(number: int) -> Callable[[Case], Awaitable[str]]:
    """The rule that the run keeps the invariant with this number (docs/protocol.md, 1 to 6)."""

    async def check(case: Case) -> str:
        broken = first_broken(case.sample.log())
        if broken is None:
            return ""
        if broken.rule == number:
            raise Broken(f"event {broken.seq}: {broken.text}")
        return f"judged up to event {broken.seq} alone, which breaks another rule"

    return check


def first_broken(log: Sequence[ev.LogEvent]) -> BrokenLog | None:
    """The first thing that is wrong with a log."""
    try:
        judge_log(log)
    except BrokenLog as error:
        return error
    return None
