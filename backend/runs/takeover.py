"""Runs that nobody writes any more, because their process died or handed them over: they go on here, or get an end.

A run goes on if its pipeline says that its steps may be repeated: those that had ended keep what they returned, those
under way begin another attempt. Every other run ends as ``interrupted``, or as what it was about to end as.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

import msgspec

from backend.pipeline import Pipeline
from backend.runs.engine import Past
from backend.runs.log import Adopted, EventsLost, LeaseLost, RunLog
from backend.runs.progress import Progress
from backend.runs.recovery import last_entries, read_events
from backend.runs.values import Recipe, decode_recipe
from shared import events as ev
from shared.errors import WireError
from shared.view import fold_all

_log = logging.getLogger(__name__)

MOST_RECOVERIES = 3
"""A run that outlives so many of its servers is rather the reason for their end."""

GoOn = Callable[[Pipeline, Recipe, Adopted, Past], None]


class TakeOver:
    """``sweep`` adopts what is abandoned. ``pipelines`` are those whose runs may go on; ``go_on`` begins one.
    ``is_here`` is whether a run is still under way in this process."""

    def __init__(
        self,
        log: RunLog,
        pipelines: Mapping[str, Pipeline],
        go_on: GoOn,
        is_here: Callable[[str], bool] = lambda run: False,
    ) -> None:
        self._log = log
        self._pipelines = pipelines
        self._go_on = go_on
        self._is_here = is_here
        self._adopted: dict[str, Adopted] = {}
        self._sweeping = asyncio.Lock()

    async def sweep(self, *, may_go_on: bool = True) -> list[str]:
        """The runs that were ended or go on now. Raises StorageError; what was adopted till then is tried again."""
        async with self._sweeping:
            return await self._sweep(may_go_on)

    async def _sweep(self, may_go_on: bool) -> list[str]:
        for summary in await self._log.abandoned():
            if self._is_here(summary.run):  # it was taken from here, and its taker is gone: first it must end here
                continue
            adopted = await self._log.adopt(summary.run)
            if adopted is not None:  # else another process was faster
                self._adopted[summary.run] = adopted
        settled = []
        for run, adopted in tuple(self._adopted.items()):
            try:
                await self._settle(adopted, may_go_on)
                settled.append(run)
            except (WireError, EventsLost) as error:
                _log.error("run %s was cut off and can't be read: %s", run, error)
            except LeaseLost:  # this process was slow itself, and somebody else has it now
                pass
            del self._adopted[run]
        return settled

    async def _settle(self, adopted: Adopted, may_go_on: bool) -> None:
        run = adopted.summary.run
        events = await read_events(self._log, run)
        if not events:
            raise EventsLost(run, 0)
        pipeline = self._pipelines.get(adopted.summary.pipeline)
        if may_go_on and pipeline is not None and adopted.recipe is not None and _is_well(pipeline, adopted, events):
            try:
                self._go_on(pipeline, decode_recipe(adopted.recipe), adopted, Past(events, adopted.values))
                _log.warning("run %s goes on here: its server stopped", run)
                return
            except (msgspec.MsgspecError, KeyError) as error:
                _log.error("run %s can't go on, what was kept of it doesn't fit: %s", run, error)
        view = fold_all(events)
        if view.finished:
            return
        entries, status = last_entries(view, cancelling=adopted.cancelling)
        ended = msgspec.structs.replace(adopted.summary, status=status, events=entries[-1].seq, ms=view.t)
        await self._log.append(ended, entries)
        _log.warning("run %s was cut off when its server ended: it is %s", run, status)


def _is_well(pipeline: Pipeline, adopted: Adopted, events: list[ev.LogEvent]) -> bool:
    """Whether a run was on its way when its server stopped, and not on its way out, and is of this very plan."""
    started, progress = events[0], Progress(step.id for step in pipeline.steps)
    if adopted.cancelling or not isinstance(started, ev.RunStarted) or started.plan != pipeline.plan():
        return False
    optional = {step.id for step in pipeline.steps if step.optional}
    for event in events:
        progress.record(event)
        if isinstance(event, ev.RunNotice) and event.kind in ("cancelling", "deadline"):
            return False
        if isinstance(event, ev.RunFinished):
            return False
    well = all(
        end.status in ("ok", "degraded") or (end.status == "failed" and step in optional)
        for step, end in progress.ended.items()
    )
    return well and progress.recoveries < MOST_RECOVERIES


async def interrupt_abandoned(log: RunLog) -> list[str]:
    """End every abandoned run. Returns the ids of those that this call ended. Raises StorageError."""
    return await TakeOver(log, {}, lambda *_: None).sweep()
