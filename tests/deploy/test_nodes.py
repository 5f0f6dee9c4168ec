"""Two server processes on one Redis behind HAProxy, and what a person sees when one of them dies."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared import events as ev
from shared.judge import judge_log
from tests.node_process import NodeProcess
from tests.proxies import running_proxy
from tests.received import each
from tests.redis_process import redis_process
from tests.relay import PIECES
from tests.served import client as http_client
from tests.served import events_of, frames_of, without_heartbeats
from tui.client import AssistClient
from tui.conform import Asked, Limits, judge, to_table
from tui.connection import Connection, Received

pytestmark = [pytest.mark.needs("redis-server", "haproxy"), pytest.mark.slow, pytest.mark.timeout(120)]

SERVER = "tests.relay_server"


@dataclass
class House:
    """``front``: the URL of HAProxy before both nodes."""

    front: str
    nodes: list[NodeProcess]

    async def owner(self) -> tuple[NodeProcess, NodeProcess]:
        """The node that has the run under way, and the other one."""
        running = []
        for node in self.nodes:
            async with http_client(node.url) as http:
                running.append((await http.get("/readyz")).json()["runs"])
        assert sorted(running) == [0, 1]
        first = running.index(1)
        return self.nodes[first], self.nodes[1 - first]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    with redis_process() as redis:
        given = {"LOG": redis.url, "HEARTBEAT_S": 0.5}
        one, two = (NodeProcess(SERVER, DATA_DIR=tmp_path / name, **given) for name in "ab")
        try:
            await asyncio.gather(one.start(), two.start())
            async with running_proxy("haproxy", [one.url, two.url], tmp_path) as front:
                yield House(front, [one, two])
        finally:
            await asyncio.gather(one.kill(), two.kill())


async def log_at(url: str, run: str) -> bytes:
    async with http_client(url) as http:
        return (await http.get(f"/runs/{run}/events")).content


def run_of(received: list[Received]) -> str:
    first = received[0].event
    assert isinstance(first, ev.RunStarted)
    return first.run


def lines(received: list[Received]) -> list[str]:
    return [one.data for one in received]


async def rest_of(stream: AsyncGenerator[Received, None]) -> list[Received]:
    return [received async for received in stream]


async def finished_log(url: str, run: str) -> tuple[list[str], list[ev.LogEvent]]:
    """The lines of a run's log at a node, and its events, which keep every rule."""
    data = await log_at(url, run)
    events = events_of(data)
    view = judge_log(events)
    assert (view.state, len(view.shown_rows())) == ("ok", PIECES)
    return [frame.data for frame in frames_of(data)], events


def notices(events: list[ev.LogEvent]) -> list[str]:
    return [event.kind for event in events if isinstance(event, ev.RunNotice)]


@pytest.mark.parametrize("after", [2, 5, 3 + PIECES // 2])
async def test_the_node_that_has_the_run_is_killed_and_its_readers_see_the_run_finish(house: House, after: int) -> None:
    said: list[Connection] = []
    async with AssistClient(house.front, on_connection=said.append) as client, AssistClient(house.front) as second:
        stream = each(client.ask("carry this"))
        received = [await anext(stream) for _ in range(after)]
        run = run_of(received)
        watching = asyncio.create_task(rest_of(each(second.attach(run))))
        owner, other = await house.owner()
        await owner.kill()
        received += await asyncio.wait_for(rest_of(stream), 60)
        watched = await asyncio.wait_for(watching, 30)
    log, events = await finished_log(other.url, run)
    assert lines(received) == log, "nothing lost, nothing twice"
    assert lines(watched) == log
    assert notices(events) == ["recovered"]
    assert "reconnecting" in [one.state for one in said]


async def test_the_node_that_somebody_reads_from_is_killed_and_the_run_does_not_notice(house: House) -> None:
    async with AssistClient(house.front) as client, AssistClient(house.front) as second:
        stream = each(client.ask("carry this"))
        received = [await anext(stream) for _ in range(5)]
        run = run_of(received)
        watching = each(second.attach(run))  # balanced by the number of connections: at the other node
        watched = [await anext(watching) for _ in range(5)]
        owner, other = await house.owner()
        await other.kill()
        received += await asyncio.wait_for(rest_of(stream), 30)
        watched += await asyncio.wait_for(rest_of(watching), 30)
    log, events = await finished_log(owner.url, run)
    assert lines(received) == log
    assert lines(watched) == log
    assert notices(events) == []


async def test_the_node_that_has_the_run_is_stopped_and_hands_it_over(house: House) -> None:
    said: list[Connection] = []
    async with AssistClient(house.front, on_connection=said.append) as client:
        stream = each(client.ask("carry this"))
        received = [await anext(stream) for _ in range(5)]
        run = run_of(received)
        owner, other = await house.owner()
        stopping = asyncio.create_task(owner.stop())
        received += await asyncio.wait_for(rest_of(stream), 60)
        assert await stopping == 0
    log, _ = await finished_log(other.url, run)
    assert lines(received) == log
    assert "the server is shutting down" in [one.why for one in said]


async def test_a_run_is_cancelled_from_the_other_node(house: House) -> None:
    async with AssistClient(house.front) as client:
        stream = each(client.ask("wait for me", pipeline="tiny"))
        received = [await anext(stream) for _ in range(4)]
        _, other = await house.owner()
        async with AssistClient(other.url) as elsewhere:
            assert await elsewhere.cancel(run_of(received)) == "cancelling"
        received += await asyncio.wait_for(rest_of(stream), 15)
    last = received[-1].event
    assert isinstance(last, ev.RunFinished)
    assert last.status == "cancelled"


async def test_the_same_question_at_both_nodes_at_once_is_one_run(house: House) -> None:
    body = {"q": "two words", "pipeline": "tiny"}

    async def ask(node: NodeProcess) -> bytes:
        async with http_client(node.url) as http:
            answer = await http.post("/assist", json=body, headers={"Idempotency-Key": "one-and-the-same"})
            return without_heartbeats(answer.content)

    answers = await asyncio.gather(*(ask(node) for node in house.nodes * 4))
    assert len(set(answers)) == 1
    async with AssistClient(house.front) as client:
        assert len(await client.runs()) == 1


async def test_every_rule_of_the_wire_holds_of_both_nodes_together(house: House) -> None:
    asked = Asked(pipeline="tiny", question="two words", long_question="wait for me")
    report = await judge(house.front, asked, Limits(silence_s=5))
    assert report.holds, to_table(report)
