"""A server dies with its store, whose replica lacks the newest events: our client comes to another server, and ends
with what the log has."""

import asyncio
import signal

import pytest

from shared import events as ev
from shared.view import EMPTY, fold, fold_all
from tests.failover import Failover, a_failover
from tests.invariants import check_log
from tests.nodes import eventually
from tests.received import each
from tests.served import client, events_of
from tests.server_process import server_process
from tests.store_proxy import StoreProxy
from tui.client import AssistClient
from tui.connection import Connection, Received

pytestmark = [pytest.mark.needs("redis-server"), pytest.mark.slow, pytest.mark.timeout(180)]
NOWHERE = 1
"""A port on which nothing listens."""


class Reading:
    """A client that asks, and all that it receives."""

    def __init__(self, url: str) -> None:
        self.said: list[Connection] = []
        self.received: list[Received] = []
        self._client = AssistClient(url, attempts=60, pause_s=0.1, on_connection=self.said.append)
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async with self._client as client:
            async for received in each(client.ask("150", pipeline="busy", options={"on_disconnect": "continue"})):
                self.received.append(received)

    @property
    def run(self) -> str:
        return next((one.run for one in self.said if one.run), "")

    @property
    def upto(self) -> int:
        event = self.received[-1].event
        return event.upto if isinstance(event, ev.StreamSnapshot) else event.seq


async def killed_with_its_store(failover: Failover, reading: Reading, server: object) -> None:
    await eventually(lambda: reading.run)
    await failover.replicated(reading.run, 5)
    failover.lose_the_tail_from_here()
    begun = reading.upto if reading.received else 0
    await eventually(lambda: reading.received and reading.upto > begun + 20)
    failover.fail_over()
    server.send(signal.SIGKILL)  # type: ignore[attr-defined]  # a ServerProcess


@pytest.mark.parametrize("late", [False, True], ids=["before the takeover", "when other events have its numbers"])
async def test_a_client_that_saw_lost_events_begins_anew_and_ends_with_the_log(late: bool) -> None:
    async with a_failover() as failover:
        shared = {"WINDOWSEAT_LOG": failover.store.where}
        async with server_process(**shared) as one, server_process(**shared) as two:
            port_of_one, port_of_two = (int(server.url.rpartition(":")[2]) for server in (one, two))
            async with StoreProxy(port_of_one) as front, client(two.url) as http:
                reading = Reading(f"http://127.0.0.1:{front.port}")
                await killed_with_its_store(failover, reading, one)
                front.target = NOWHERE
                front.cut()
                seen = reading.upto

                async def overtaken() -> bool:
                    answer = await http.get(f"/runs/{reading.run}")
                    return answer.status_code == 200 and answer.json()["upto"] > seen + 5

                if late:
                    await eventually(overtaken, 40)
                front.target = port_of_two
                await asyncio.wait_for(reading.task, 60)
                log = events_of((await http.get(f"/runs/{reading.run}/events")).content)
    check_log(log)
    assert log[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
    anew = [one for one in reading.received if isinstance(one.event, ev.StreamSnapshot)]
    assert anew, "it was told"
    view = EMPTY
    for received in reading.received:
        event = received.event
        view = event.view if isinstance(event, ev.StreamSnapshot) else fold(view, event)
    assert view == fold_all(log), "what it shows is what the log has"
    assert "reconnecting" in [one.state for one in reading.said]
