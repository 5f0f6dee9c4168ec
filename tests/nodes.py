"""Several servers' managers on one store, in one process: what each of them does is what it does as a process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from backend.pipeline import Pipeline
from backend.runs.live import Viewer
from backend.runs.log import RunLog
from backend.runs.manager import RunManager
from backend.runs.running import Limits
from shared import events as ev
from tests.asked_runs import log_events, read_all
from tests.run_logs import Store

TAKE_OVER = Limits(take_over=True)


@dataclass
class Node:
    store: Store
    log: RunLog
    manager: RunManager

    async def kill(self) -> None:
        """End as kill -9 does: nothing is written from now on, and the others find the lease free."""
        await self.store.kill(self.log)
        for active in tuple(self.manager._active.values()):
            active.task.cancel()
        await self.manager.aclose(0)

    async def stop(self, grace_s: float = 0.0) -> None:
        """End as SIGTERM does."""
        await self.manager.aclose(grace_s)
        await self.log.aclose()

    async def seen(self, viewer: Viewer) -> bytes:
        """All that ``viewer`` gets, up to its end, without heartbeats."""
        data = await read_all(viewer)
        self.manager.release(viewer)
        return b"".join(block + b"\n\n" for block in data.split(b"\n\n")[:-1] if not block.startswith(b": hb"))

    async def events(self, run: str) -> list[ev.LogEvent]:
        return await log_events(self.log, run)


async def a_node(
    store: Store,
    pipelines: Sequence[Pipeline] = (),
    limits: Limits = TAKE_OVER,
    resources: Mapping[str, Mapping[Any, Any]] | None = None,
) -> Node:
    log = await store.open()
    manager = RunManager(log, limits, pipelines=pipelines, resources=resources)
    await manager.open(retain_days=30, retain_runs=1000)
    return Node(store, log, manager)


@contextlib.asynccontextmanager
async def nodes(
    store: Store, count: int, pipelines: Sequence[Pipeline] = (), **limits: Any
) -> AsyncIterator[list[Node]]:
    """So many live nodes; those that a test hasn't ended end with the block, and nothing of them may be left."""
    before = asyncio.all_tasks()
    made = [await a_node(store, pipelines, msgspec.structs.replace(TAKE_OVER, **limits)) for _ in range(count)]
    try:
        yield made
    finally:
        for node in made:
            await node.stop()
        left = asyncio.all_tasks() - before
        assert not left, f"tasks left behind: {left}"


async def eventually(condition: Any, seconds: float = 15.0) -> None:
    """Wait until ``condition()`` (sync or async) holds."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.01)
