"""Our client and our server over a network that breaks: the answer to the question itself is lost in every way."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from shared import events as ev
from tests.fault_proxy import HEALTHY, Fault, FaultProxy
from tests.received import each
from tests.served import client as http_client
from tests.served import frames_of, running_server
from tests.tiny import Gate, tiny_pipeline
from tui.client import AssistClient
from tui.connection import Received

EVERY = 11
"""Every byte would take minutes; tests/tui/test_resuming.py has them all, with a server that costs less."""
WORKERS = 8


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", [lambda size: Fault(cut=size), lambda size: Fault(reset=size)], ids=["FIN", "RST"])
async def test_wherever_the_answer_is_lost_the_question_is_one_run_and_the_log_is_whole(
    fault: Callable[[int], Fault],
) -> None:
    async with running_server([tiny_pipeline()], grace_s=30, max_runs=2000) as url:
        async with FaultProxy(url) as proxy:
            await ask(proxy.url)
            size = proxy.passed[0]
        offsets = iter(range(0, size, EVERY))
        asked = 1

        async def work() -> None:
            nonlocal asked
            async with FaultProxy(url) as proxy:
                for offset in offsets:
                    proxy.plan(fault(offset), HEALTHY)
                    run, received = await ask(proxy.url)
                    asked += 1
                    async with http_client(url) as http:
                        log = frames_of((await http.get(f"/runs/{run}/events")).content)
                    assert received == [frame.data for frame in log], f"cut after {offset} bytes"

        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(work())
        async with http_client(url) as http:
            runs = []
            page = (await http.get("/runs?limit=200")).json()
            while page["runs"]:
                runs += page["runs"]
                page = (await http.get(f"/runs?limit=200&before={runs[-1]['run']}")).json()
    assert asked > 100
    assert len(runs) == asked


async def rest(stream: AsyncGenerator[Received, None]) -> list[Received]:
    return [received async for received in stream]


async def ask(url: str) -> tuple[str, list[str]]:
    """The run, and its lines as they were received."""
    async with AssistClient(url, pause_s=0) as client:
        received = [one async for one in each(client.ask("two words"))]
    first, last = received[0].event, received[-1].event
    assert isinstance(first, ev.RunStarted)
    assert isinstance(last, ev.RunFinished)
    return first.run, [one.data for one in received]


async def test_a_run_under_way_that_is_cut_fifty_times_is_whole_in_the_end() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], grace_s=30) as url, FaultProxy(url) as proxy:
        async with AssistClient(proxy.url, pause_s=0, attempts=60) as client:
            reading = asyncio.create_task(rest(each(client.ask("wait " + "word " * 20))))
            await gate.reached.wait()
            for _ in range(50):
                before = proxy.connections
                proxy.drop_all()
                async with asyncio.timeout(10):
                    while proxy.connections == before:  # noqa: ASYNC110  # a counter, for a test
                        await asyncio.sleep(0.001)
                assert not reading.done()
            gate.opened.set()
            received = await reading
        first = received[0].event
        assert isinstance(first, ev.RunStarted)
        async with http_client(url) as http:
            log = frames_of((await http.get(f"/runs/{first.run}/events")).content)
    assert [one.data for one in received] == [frame.data for frame in log]
    assert proxy.connections >= 51
