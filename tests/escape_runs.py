"""The escape pipeline asked as the server asks it: through the manager, on a log in memory, at a time of our own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backend.config import Config
from backend.pipeline import Previous, Question
from backend.registry import PIPELINES
from backend.resources import open_resources
from backend.runs.live import Viewer
from backend.runs.manager import RunManager
from backend.runs.previous import read_previous
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from shared import events as ev
from shared.view import RunView, fold_all
from tests.invariants import check_log

SUNDAY_NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PIPELINE = next(pipeline for pipeline in PIPELINES if pipeline.name == "escape")


@dataclass
class Answer:
    """A finished run, its log judged by ``check_log``. ``frames`` are the events' JSON lines."""

    events: list[ev.LogEvent]
    frames: list[bytes]
    view: RunView

    @property
    def end(self) -> ev.RunFinished:
        end = self.events[-1]
        assert isinstance(end, ev.RunFinished)
        return end

    def detail(self, step: str) -> Any:
        return next(one.detail for one in self.events if isinstance(one, ev.StepFinished) and one.step == step)

    def sentences(self) -> dict[str, str]:
        return {one.step: one.say for one in self.events if isinstance(one, ev.StepFinished)}

    def lines(self, step: str | None = None) -> list[str]:
        logs = [one for one in self.events if isinstance(one, ev.StepLog)]
        return [one.text for one in logs if step in (None, one.step)]

    def removed(self) -> dict[str, str]:
        """Why each row is out that was ever there."""
        changes = [one for one in self.events if isinstance(one, ev.RowsChanged)]
        return {removal.id: removal.why for change in changes for removal in change.remove}


class Asker:
    def __init__(self, manager: RunManager, log: SQLiteRunLog) -> None:
        self.now = SUNDAY_NOON
        self._manager = manager
        self._log = log

    async def ask(
        self,
        text: str,
        options: Mapping[str, Any] | None = None,
        *,
        address: str | None = None,
        previous: str | None = None,
        now: datetime | None = None,
        cancel_after_turns: int | None = None,
    ) -> Answer:
        """Ask, and read the run to its end. ``previous``: the run that this follows up. ``cancel_after_turns``: of the
        event loop."""
        earlier = await read_previous(self._log, previous, PIPELINE) if previous else None
        viewer = self.start(text, options, address=address, now=now, previous=earlier)
        if cancel_after_turns is not None:
            for _ in range(cancel_after_turns):
                await asyncio.sleep(0)
            await self.cancel(viewer)
        return await self.read(viewer)

    def start(
        self,
        text: str,
        options: Mapping[str, Any] | None = None,
        *,
        address: str | None = None,
        now: datetime | None = None,
        previous: Previous | None = None,
    ) -> Viewer:
        """A run that is to be read with ``read``."""
        self.now = now or SUNDAY_NOON
        return self._manager.start(PIPELINE, Question(text, options or {}, address, previous))

    async def cancel(self, viewer: Viewer) -> None:
        await self._manager.cancel(viewer.run)

    async def read(self, viewer: Viewer) -> Answer:
        """The run of ``viewer``, read to its end."""
        while await viewer.take() is not None:
            pass
        self._manager.release(viewer)
        entries = await self._log.read(viewer.run, 0, 1 << 30)
        events = [ev.decode_event(entry.data) for entry in entries]
        log: list[ev.LogEvent] = [one for one in events if not isinstance(one, ev.StreamBye | ev.StreamSnapshot)]
        check_log(log)
        return Answer(log, [entry.data for entry in entries], fold_all(log))


@asynccontextmanager
async def opened(config: Config | None = None) -> AsyncIterator[Asker]:
    async with open_resources((PIPELINE,), config or Config(offline=True)) as resources:
        log = SQLiteRunLog(MEMORY)
        manager = RunManager(log, resources=resources, clock=lambda: asker.now)
        asker = Asker(manager, log)
        try:
            yield asker
        finally:
            await manager.aclose(1.0)
            await log.aclose()
