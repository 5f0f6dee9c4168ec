"""Many readers whose server stops or dies, and who all come back at the same moment (failure matrix, row 17)."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from shared import events as ev
from tests.node_process import node_process
from tests.received import each
from tests.served import client as http_client
from tests.served import frames_of
from tui.client import AssistClient
from tui.connection import Connection, Received

RUNS, READERS = 20, 10

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_two_hundred_readers_come_back_to_a_server_that_was_started_again(
    how: signal.Signals, tmp_path: Path
) -> None:
    loop = asyncio.get_running_loop()
    here: set[int] = set()
    lost: set[int] = set()
    back: dict[int, float] = {}
    all_here, all_lost = asyncio.Event(), asyncio.Event()

    def hear(reader: int, connection: Connection) -> None:
        if connection.state == "reconnecting":
            lost.add(reader)
        elif connection.state == "connected":
            here.add(reader)
            if reader in lost:
                back.setdefault(reader, loop.time())
        for readers, event in ((here, all_here), (lost, all_lost)):
            if len(readers) == RUNS * READERS:
                event.set()

    async with node_process(DATA_DIR=tmp_path) as node, AsyncExitStack() as stack:
        asker = await stack.enter_async_context(AssistClient(node.url))
        runs = [await begin(asker, stack) for _ in range(RUNS)]
        reading = []
        for reader in range(RUNS * READERS):
            client = await stack.enter_async_context(
                AssistClient(node.url, attempts=60, on_connection=lambda change, reader=reader: hear(reader, change))  # type: ignore[misc]  # its default is its number
            )
            reading.append(asyncio.create_task(whole(client, runs[reader % RUNS])))
        await asyncio.wait_for(all_here.wait(), 30)
        await (node.stop() if how == signal.SIGTERM else node.kill())
        await asyncio.wait_for(all_lost.wait(), 30)
        await node.start()
        listening = loop.time()
        received = await asyncio.wait_for(asyncio.gather(*reading), 90)
        async with http_client(node.url) as http:
            logs = [frames_of((await http.get(f"/runs/{run}/events")).content) for run in runs]
    slowest = max(back.values()) - listening
    print(f"{how.name}: the last of {len(back)} readers was served {slowest:.1f} s after the server was there again")
    assert len(back) == RUNS * READERS
    for reader, events in enumerate(received):
        assert [one.data for one in events] == [frame.data for frame in logs[reader % RUNS]]
        assert isinstance(events[-1].event, ev.RunFinished)


async def begin(asker: AssistClient, stack: AsyncExitStack) -> str:
    """A run that stays under way, its asker gone on reading."""
    stream = each(asker.ask("wait for me", pipeline="tiny"))
    stack.push_async_callback(stream.aclose)
    first = (await anext(stream)).event
    assert isinstance(first, ev.RunStarted)
    return first.run


async def whole(client: AssistClient, run: str) -> list[Received]:
    return [received async for received in each(client.attach(run))]
