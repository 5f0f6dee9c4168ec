"""What a server does besides its runs, over and over: say that it lives, take over, write what couldn't be written,
forget what is old."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from backend.errors import StorageError
from backend.runs.log import RENEW_S, EventsLost, LeaseLost, RunLog
from backend.runs.running import Running, cancelled_by

_log = logging.getLogger(__name__)

SWEEP_S = 1.5
WRITE_REST_S = 0.5
ASK_CANCELLED_S = 2.0
RETAIN_S = 60.0


class Keeper:
    """Keeps house. ``take_over`` takes over once; finished runs stay ``retain_days`` days, at most ``retain_runs`` of
    them."""

    def __init__(
        self,
        log: RunLog,
        runs: Running,
        take_over: Callable[[], Awaitable[Any]],
        *,
        retain_days: float,
        retain_runs: int,
    ) -> None:
        self._log, self._runs, self._take_over = log, runs, take_over
        self._retain_days, self._retain_runs = retain_days, retain_runs

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_every(RENEW_S, self._log.renew), name="renew")
            group.create_task(_every(SWEEP_S, self._take_over), name="take over")
            group.create_task(_every(WRITE_REST_S, self._write_rest), name="write the rest")
            group.create_task(_every(ASK_CANCELLED_S, self._hear_cancelled), name="hear who cancels")
            group.create_task(_every(RETAIN_S, self._retain), name="forget")

    async def _write_rest(self) -> None:
        """Runs whose end only the memory has: the log gets it as soon as it can be written again. Until then it is told
        again and again, to viewers that have come to other processes meanwhile."""
        failure: StorageError | None = None
        for run, writer in tuple(self._runs.unwritten.items()):
            try:
                await writer.write_rest()
                _log.warning("run %s: the log has its end now", run)
            except EventsLost:  # and memory can't help: who finds it gives it an end
                await self._log.hand_over(run)
            except LeaseLost as error:
                _log.warning("run %s has another end than its viewers saw: %s", run, error)
            except StorageError as error:
                failure = error
                if not await writer.tell_end():
                    break
                continue
            del self._runs.unwritten[run]
        if failure is not None:
            raise failure

    async def _hear_cancelled(self) -> None:
        """A signal may be lost with a store's memory; the wish itself is part of the run."""
        if await self._log.others():
            for run in tuple(self._runs.active):
                if await self._log.cancelling(run):
                    self._runs.stop(run, "cancelled", cancelled_by("you"))

    async def _retain(self) -> None:
        forgotten = await self._log.retain(self._retain_days, self._retain_runs)
        if forgotten:
            _log.info("%d old runs are forgotten", forgotten)


async def _every(seconds: float, job: Callable[[], Awaitable[Any]]) -> None:
    failing = False
    while True:
        try:
            await job()
            failing = False
        except StorageError as error:
            if not failing:  # an outage is told once, not once a second
                _log.warning("the run log can't be used: %s", error)
            failing = True
        except Exception:
            _log.exception("a bug in keeping house")
        await asyncio.sleep(random.uniform(0.8, 1.0) * seconds)
