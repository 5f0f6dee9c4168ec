"""How a server process ends: told to, in time, whatever its streams do; killed, at any moment, without losing what
anybody has seen."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from backend.runs.log import Entry
from backend.runs.sqlite import SQLiteRunLog
from shared import events as ev
from tests.history import History
from tests.invariants import check_log
from tests.nodes import eventually
from tests.served import client, events_of, frames_of
from tests.server_process import server_process

FOREVER = {"q": "forever", "pipeline": "busy", "options": {"on_disconnect": "continue"}}
WAIT = {"q": "please wait", "pipeline": "tiny", "options": {"on_disconnect": "continue"}}


@contextlib.asynccontextmanager
async def a_stream(http: httpx.AsyncClient, kind: str) -> AsyncIterator[tuple[str, "asyncio.Task[bytes] | None"]]:
    """A run and, unless its reader is to stall, a task that reads all that it gets."""
    body = WAIT if kind == "idle" else {**FOREVER, "q": "forever and loud"} if kind == "stalled" else FOREVER
    async with http.stream("POST", "/assist", json=body) as response:
        reading = None if kind == "stalled" else asyncio.create_task(response.aread())
        yield response.headers["windowseat-run"], reading
        if reading is not None:
            await reading


async def under_way(http: httpx.AsyncClient, run: str, count: int = 3) -> bool:
    runs = (await http.get("/runs")).json()["runs"]
    return any(each["run"] == run and each["events"] >= count for each in runs)


@pytest.mark.parametrize(
    "kinds",
    [["idle"] * 3, ["stalled"] * 3, ["busy"] * 3, ["idle", "busy", "stalled", "busy", "stalled"]],
    ids=["idle", "stalled", "busy", "all of them"],
)
@pytest.mark.timeout(60)
async def test_it_ends_within_8_seconds_whatever_its_streams_do(kinds: list[str], tmp_path: Path) -> None:
    async with (
        server_process("--data-dir", str(tmp_path)) as server,
        client(server.url) as http,
        contextlib.AsyncExitStack() as stack,
    ):
        streams = [await stack.enter_async_context(a_stream(http, kind)) for kind in kinds]
        for run, _ in streams:
            await eventually(lambda run=run: under_way(http, run))
        if "stalled" in kinds:
            await asyncio.sleep(1)  # until its buffers are full
        began = time.monotonic()
        server.send(signal.SIGTERM)
        code, said = await server.ended(12)
        took = time.monotonic() - began
        assert (code, said) == (0, ""), "no word, so nothing was written to a store that was closed"
        assert took < 8
        for run, reading in streams:
            if reading is not None:
                *_, bye = frames_of(await reading)
                assert ev.decode_event(bye.data) == ev.StreamBye(reason="shutdown", retry_ms=2000), run
    async with server_process("--data-dir", str(tmp_path)) as server, client(server.url) as http:
        for run, _ in streams:
            events = events_of((await http.get(f"/runs/{run}/events")).content)
            check_log(events)
            assert events[-1].status == "interrupted"  # type: ignore[union-attr]  # run.finished is the last


async def test_without_anything_to_wait_for_it_ends_at_once(tmp_path: Path) -> None:
    async with server_process("--data-dir", str(tmp_path)) as server, client(server.url) as http:
        await http.get("/runs")  # a connection that stays open
        began = time.monotonic()
        server.send(signal.SIGTERM)
        assert await server.ended() == (0, "")
        assert time.monotonic() - began < 4


async def test_while_it_stops_it_says_so_and_a_run_that_ends_in_time_ends_well(tmp_path: Path) -> None:
    async with server_process("--data-dir", str(tmp_path)) as server, client(server.url) as http:
        async with http.stream("POST", "/assist", json={**FOREVER, "q": "150"}) as response:
            run = response.headers["windowseat-run"]
            await eventually(lambda: under_way(http, run))
            server.send(signal.SIGTERM)
            await response.aread()
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "draining")
        assert (await http.get("/healthz")).status_code == 200
        for refused in (await http.post("/assist", json=WAIT), await http.get(f"/runs/{run}/events")):
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert await server.ended() == (0, "")
    async with server_process("--data-dir", str(tmp_path)) as server, client(server.url) as http:
        assert (await http.get(f"/runs/{run}")).json()["state"] == "ok"


async def read_what_comes(http: httpx.AsyncClient) -> tuple[str, bytes]:
    """A run and what was received of it until its server died."""
    run, received = "", b""
    with contextlib.suppress(httpx.HTTPError):
        async with http.stream("POST", "/assist", json={"q": "how many letters are here"}) as response:
            run = response.headers.get("windowseat-run", "")
            async for chunk in response.aiter_raw():
                received += chunk
    return run, received


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_killed_at_any_event_it_loses_nothing_that_anybody_saw(when: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    where = ("--port", port, "--data-dir", str(tmp_path))
    async with server_process(*where, module="tests.killed_server") as server, client(server.url) as http:
        whole = (await http.post("/assist", json={"q": "how many letters are here"})).content
        first = (await http.get("/runs")).json()["runs"][0]["run"]
        finished = (await http.get(f"/runs/{first}/events")).content
    length = len(events_of(whole))
    assert length > 8
    killed: dict[str, History] = {}
    for number in range(1, length + 2):
        env = {"KILL_AT": str(number), "KILL_WHEN": when}
        # The same port each time: it is free as soon as the process is gone.
        async with server_process(*where, module="tests.killed_server", **env) as server, client(server.url) as http:
            began = time.monotonic()
            for run, history in killed.items():
                while (await http.get(f"/runs/{run}")).json().get("state") not in ("interrupted", "ok"):
                    assert time.monotonic() - began < 5, "marked within five seconds"
                    await asyncio.sleep(0.02)
                events = events_of((await http.get(f"/runs/{run}/events")).content)
                check_log(events)
                history.check(await _entries(http, run))
            assert (await http.get(f"/runs/{first}/events")).content == finished, "byte for byte"
            killed.clear()
            if number > length:
                break
            run, received = await read_what_comes(http)
            await server.process.wait()
            runs = await _runs_of(tmp_path)
            if run or len(runs) > number:
                history = History(run or runs[0])
                history.hear(received)
                killed[history.run] = history


async def _entries(http: httpx.AsyncClient, run: str) -> list[Entry]:
    history = History(run)
    history.hear((await http.get(f"/runs/{run}/events")).content)
    return history.received


async def _runs_of(folder: Path) -> list[str]:
    log = SQLiteRunLog(folder)
    try:
        return [summary.run for summary in await log.runs(100)]
    finally:
        await log.aclose()
