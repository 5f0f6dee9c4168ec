"""A machine of nodes, runs and readers that does everything that can happen, in any order, on each kind of log; when it
is over, every log keeps PROTOCOL.md's invariants and every reader has the log, or knows that it hasn't."""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from backend.errors import Conflict, Gone, StorageError, Unavailable
from backend.pipeline import Pipeline, Question
from backend.runs import engine, keeping
from backend.runs.live import Viewer
from backend.runs.log import Claim, Entry, Origin, RunLog, RunSummary
from backend.runs.manager import RunManager
from backend.runs.running import Limits
from shared.judge import judge_log
from tests.asked_runs import log_events
from tests.history import History
from tests.invariants import check_log
from tests.nodes import Node, eventually
from tests.random_pipelines import Plan, build, plans
from tests.run_logs import Kind, a_store

T = TypeVar("T")
SLOTS = st.integers(0, 2)
LIMITS = Limits(take_over=True, heartbeat_s=0.02, deadline_s=60)


class Reader:
    """Reads a run over connections that break, and counts what it has."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.node: Node | None = None
        self._viewer: Viewer | None = None
        self._task: asyncio.Task[None] | None = None
        self._data = b""

    async def connect(self, node: Node) -> None:
        self.node, self._data = node, b""
        try:
            self._viewer = await node.manager.attach(self.history.run, self.history.cursor)
        except Gone:  # it had seen, from memory, an end that the log doesn't have yet: it is told, and begins anew
            self.history = History(self.history.run)
            self._viewer = await node.manager.attach(self.history.run)
        self._task = asyncio.create_task(self._read(self._viewer))

    async def _read(self, viewer: Viewer) -> None:
        with contextlib.suppress(StorageError):
            while (block := await viewer.take()) is not None:
                self._data += block

    async def drop(self, lost: int = 0) -> None:
        """The connection breaks, ``lost`` bytes before the end of what was sent."""
        if self._task is None or self._viewer is None or self.node is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        self.node.manager.release(self._viewer)
        self.history.hear(self._data[: len(self._data) - lost])
        self._task = self._viewer = self.node = None

    async def finish(self, node: Node) -> None:
        await self.drop()
        summary = await node.log.summary(self.history.run)
        assert summary is not None
        while self.history.cursor < summary.events:
            await self.connect(node)
            assert self._task is not None
            await asyncio.wait([self._task], timeout=5)
            await self.drop()


class FullLog:
    """A log whose disk may be full for a while."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self.full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def append(
        self,
        summary: RunSummary,
        entries: Sequence[Entry],
        *,
        origin: Origin | None = None,
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        if self.full:
            raise StorageError("database or disk is full")
        await self._log.append(summary, entries, origin=origin, values=values)


class Machine(RuleBasedStateMachine):
    kind: Kind

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = contextlib.ExitStack()
        self.store = self.stack.enter_context(a_store(self.kind))
        self.nodes: dict[int, Node] = {}
        self.pipelines: list[Pipeline] = []
        self.runs: list[str] = []
        self.readers: list[Reader] = []
        self.keys: dict[str, tuple[int, str]] = {}
        self.tickets = asyncio.Semaphore(0)
        self.free = False

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        async def limited() -> T:
            async with asyncio.timeout(25):
                found = await coroutine
                await asyncio.sleep(0.002)
                return found

        return self.loop.run_until_complete(limited())

    async def turn(self) -> None:
        if not self.free:
            await self.tickets.acquire()

    @initialize(drawn=st.lists(plans(), min_size=2, max_size=2))
    def begin(self, drawn: list[list[Plan]]) -> None:
        # The repeatable one mostly goes well and slowly, so that there is something to take over.
        drawn[0] = [
            replace(step, turns=step.turns + 1, outcome="ok" if step.outcome in ("fail", "bug") else step.outcome)
            for step in drawn[0]
        ]
        self.pipelines = [
            build(plan, name=f"p{number}", turn=self.turn, repeatable=number == 0) for number, plan in enumerate(drawn)
        ]
        self.boot(0)

    def boot(self, slot: int) -> None:
        async def start() -> Node:
            log = FullLog(await self.store.open())
            manager = RunManager(log, LIMITS, pipelines=self.pipelines)
            await manager.open(retain_days=30, retain_runs=1000)
            return Node(self.store, log._log, manager)

        self.nodes[slot] = self.run(start())

    def some_node(self, slot: int) -> Node:
        alive = list(self.nodes.values())
        return alive[slot % len(alive)]

    @rule(slot=SLOTS)
    def restart(self, slot: int) -> None:
        if slot not in self.nodes:
            self.boot(slot)

    @precondition(lambda self: self.nodes)
    @rule(slot=SLOTS, pipeline=st.sampled_from([0, 0, 1]), key=st.none() | st.sampled_from(["k1", "k2"]))
    def ask(self, slot: int, pipeline: int, key: str | None) -> None:
        async def ask(node: Node) -> None:
            claim = Claim(key, str(pipeline)) if key else None
            question = Question("what now?")
            try:
                viewer = await node.manager.ask(
                    self.pipelines[pipeline], question, on_disconnect="continue", claim=claim
                )
            except Conflict:
                assert key in self.keys
                assert self.keys[key][0] != pipeline
                return
            except (StorageError, Unavailable):
                assert node.manager.log.full, "only a full disk refuses"  # type: ignore[attr-defined]  # a FullLog
                return
            node.manager.release(viewer)
            if key in self.keys:
                assert self.keys[key] == (pipeline, viewer.run), "one key, one run"
            elif key:
                self.keys[key] = (pipeline, viewer.run)
            if viewer.run not in self.runs:
                self.runs.append(viewer.run)

        self.run(ask(self.some_node(slot)))

    @rule(count=st.integers(1, 6))
    def advance(self, count: int) -> None:
        async def advance() -> None:
            for _ in range(count):
                self.tickets.release()
            await asyncio.sleep(0.005)

        self.run(advance())

    @precondition(lambda self: self.nodes and self.runs)
    @rule(slot=SLOTS, run=st.integers(0, 9), back=st.integers(0, 40))
    def follow(self, slot: int, run: int, back: int) -> None:
        async def follow(node: Node) -> None:
            name = self.runs[run % len(self.runs)]
            summary = await node.log.summary(name)
            assert summary is not None
            reader = Reader(History(name, max(0, summary.events - back)))
            self.readers.append(reader)
            await reader.connect(node)

        self.run(follow(self.some_node(slot)))

    @precondition(lambda self: self.readers)
    @rule(reader=st.integers(0, 20), lost=st.integers(0, 300))
    def drop(self, reader: int, lost: int) -> None:
        self.run(self.readers[reader % len(self.readers)].drop(lost))

    @precondition(lambda self: self.nodes and self.readers)
    @rule(slot=SLOTS, reader=st.integers(0, 20))
    def resume(self, slot: int, reader: int) -> None:
        async def resume(reader: Reader, node: Node) -> None:
            await reader.drop()
            await reader.connect(node)

        self.run(resume(self.readers[reader % len(self.readers)], self.some_node(slot)))

    @precondition(lambda self: self.nodes and self.runs)
    @rule(slot=SLOTS, run=st.integers(0, 9))
    def cancel(self, slot: int, run: int) -> None:
        self.run(self.some_node(slot).manager.cancel(self.runs[run % len(self.runs)]))

    @rule(slot=SLOTS)
    def fill_the_disk(self, slot: int) -> None:
        if slot in self.nodes:
            self.nodes[slot].manager.log.full = True  # type: ignore[attr-defined]  # a FullLog

    @rule(slot=SLOTS)
    def empty_the_disk(self, slot: int) -> None:
        if slot in self.nodes:
            self.nodes[slot].manager.log.full = False  # type: ignore[attr-defined]  # a FullLog

    @rule(slot=SLOTS)
    def crash(self, slot: int) -> None:
        self.leave(slot, "kill")

    @rule(slot=SLOTS)
    def stop(self, slot: int) -> None:
        self.leave(slot, "stop")

    def leave(self, slot: int, how: str) -> None:
        node = self.nodes.get(slot)
        # Its viewers were shown, from memory, an end that its log doesn't have: it must live to write it.
        if node is None or node.manager.log.full or node.manager._runs.unwritten:  # type: ignore[attr-defined]  # a FullLog
            return

        async def leave() -> None:
            for reader in self.readers:
                if reader.node is node:
                    await reader.drop()
            await getattr(node, how)()

        del self.nodes[slot]
        self.run(leave())

    def teardown(self) -> None:
        try:
            if self.pipelines:
                self.run(self.come_to_an_end())
        finally:
            for node in self.nodes.values():
                self.run(node.stop())
            left = asyncio.all_tasks(self.loop)
            self.loop.close()
            self.stack.close()
            assert not left, f"tasks left behind: {left}"

    async def come_to_an_end(self) -> None:
        self.free = True
        for _ in range(1000):
            self.tickets.release()
        for node in self.nodes.values():
            node.manager.log.full = False  # type: ignore[attr-defined]  # a FullLog
        if not self.nodes:
            log = FullLog(await self.store.open())
            manager = RunManager(log, LIMITS, pipelines=self.pipelines)
            await manager.open(retain_days=30, retain_runs=1000)
            self.nodes[0] = Node(self.store, log._log, manager)
        nodes = list(self.nodes.values())

        async def all_over() -> bool:
            return all(run.status != "running" for run in await nodes[0].log.runs(1000))

        await eventually(all_over, 20)
        assert {run.run for run in await nodes[0].log.runs(1000)} == set(self.runs)
        for number, reader in enumerate(self.readers):
            await reader.finish(nodes[number % len(nodes)])
        for run in self.runs:
            events = await log_events(nodes[0].log, run)
            check_log(events)
            judge_log(events)
        for reader in self.readers:
            reader.history.check(await nodes[0].log.read(reader.history.run, 0, 1 << 30))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SWEEP_S", 0.01)
    monkeypatch.setattr(keeping, "WRITE_REST_S", 0.01)
    monkeypatch.setattr(engine, "RETRY_BASE_S", 0.002)


@pytest.mark.needs("redis-server")
@pytest.mark.timeout(300)
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_whatever_happens_nothing_is_lost_and_every_run_ends(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    machine = type("Machine", (Machine,), {"kind": kind})
    examples = 25 if settings().max_examples <= 100 else settings().max_examples
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=30, deadline=None))
