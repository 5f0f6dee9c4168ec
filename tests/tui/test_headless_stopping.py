"""Ctrl+C in the moments when little is known yet."""

import asyncio
import io
import os
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.reference_server import ReferenceServer, Run
from tui import headless
from tui.connection import Connection
from tui.narrator import Narrator
from tui.report import Report


class Quiet(ReferenceServer):
    """A run says nothing before it is cancelled."""

    async def _work(self, run: Run) -> None:
        await run.woken.wait()


@pytest.fixture
def served() -> Iterator[ReferenceServer]:
    """A server in a thread of its own: what is tested here needs the main one for its signals."""
    ready: threading.Event = threading.Event()
    made: list[ReferenceServer] = []
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with Quiet() as server:
            made.append(server)
            stop.append(partial(loop.call_soon_threadsafe, stopping.set))
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    yield made[0]
    stop[0]()
    thread.join(20)


class Impatient(Report):
    """Somebody presses Ctrl+C as soon as the server has answered."""

    def connection(self, connection: Connection) -> None:
        super().connection(connection)
        if connection.state == "connected":
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_before_the_first_event_cancels_the_run_that_the_answer_named(served: ReferenceServer) -> None:
    said = io.StringIO()
    report = Impatient(Narrator(said), stdout=io.StringIO())
    code = headless.ask(served.url, headless.Question(text="hot", pipeline=None, options={}), report)
    (run,) = served.runs.values()
    assert code == 130
    assert run.cancelling
    assert f"note: run {run.id} is cancelled" in said.getvalue()
