"""A server whose disk fails under it: live readers hear of it within a second, old runs still replay, new ones are
refused, and when the disk is well again so is the server, without a restart."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from shared import events as ev
from tests.invariants import check_log
from tests.nodes import eventually
from tests.served import client, events_of, without_heartbeats
from tests.server_process import ServerProcess, server_process

ASK = {"q": "how many letters are here", "pipeline": "tiny"}
LOUD = {"q": "forever and loud", "pipeline": "busy", "options": {"on_disconnect": "continue"}}
QUIET = {"q": "forever", "pipeline": "busy", "options": {"on_disconnect": "continue"}}
TOLD_S = 2.5
"""A second is the promise; the rest is for a machine that does other things too."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


class Listener:
    """Reads a run as it comes, and knows when what came."""

    def __init__(self, http: httpx.AsyncClient, body: Mapping[str, object]) -> None:
        self.run = ""
        self.data = b""
        self.began = asyncio.Event()
        self._task = asyncio.create_task(self._read(http, body))

    async def _read(self, http: httpx.AsyncClient, body: Mapping[str, object]) -> float:
        async with http.stream("POST", "/assist", json=body) as response:
            self.run = response.headers["windowseat-run"]
            async for chunk in response.aiter_raw():
                self.data += chunk
                if self.data.count(b"\n\n") > 5:
                    self.began.set()
        return time.monotonic()

    async def failed_at(self) -> float:
        """When the run ended, which it must have done for its log."""
        ended = await asyncio.wait_for(self._task, 20)
        finished = events_of(self.data)[-1]
        assert isinstance(finished, ev.RunFinished)
        assert finished.error is not None
        assert (finished.status, finished.error.code) == ("failed", "storage")
        return ended


@contextlib.asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[tuple[ServerProcess, httpx.AsyncClient, str, bytes]]:
    """A server with one finished run, and what is to be replayed of that."""
    async with server_process("--data-dir", str(folder)) as server, client(server.url) as http:
        response = await http.post("/assist", json=ASK)
        check_log(events_of(response.content))
        yield server, http, response.headers["windowseat-run"], without_heartbeats(response.content)


async def refuses_and_replays(http: httpx.AsyncClient, old: str, whole: bytes) -> None:
    """While the disk is unwell."""
    refused = await http.post("/assist", json=ASK)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert (await http.get("/readyz")).status_code == 503
    assert (await http.get(f"/runs/{old}/events")).content == whole
    assert (await http.get("/healthz")).status_code == 200


async def is_well_again(http: httpx.AsyncClient, listener: Listener) -> None:
    """Once the disk is: what couldn't be written is, and it is what was seen."""

    async def ready() -> bool:
        return (await http.get("/readyz")).status_code == 200

    await eventually(ready)

    async def written() -> bool:
        return bool((await http.get(f"/runs/{listener.run}")).json()["state"] == "failed")

    await eventually(written)
    await eventually(lambda: _nothing_unwritten(http))
    replayed = (await http.get(f"/runs/{listener.run}/events")).content
    assert replayed == without_heartbeats(listener.data)
    check_log(events_of(replayed))
    check_log(events_of((await http.post("/assist", json=ASK)).content))


async def _nothing_unwritten(http: httpx.AsyncClient) -> bool:
    return "windowseat_runs_unwritten 0\n" in (await http.get("/metrics")).text


async def test_a_full_disk(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 300_000)
    async with at_work(small_disk) as (server, http, old, whole):
        listener = Listener(http, LOUD)
        await listener.failed_at()
        await refuses_and_replays(http, old, whole)
        filler.unlink()
        await is_well_again(http, listener)
        server.send(signal.SIGTERM)
        code, said = await server.ended()
        assert code == 0
        assert "full" in said, "who runs the server finds the reason in its log"
        assert said.count("ERROR") < 5, "and not once for each event"


async def test_a_file_that_somebody_else_holds_locked(tmp_path: Path) -> None:
    async with at_work(tmp_path) as (_, http, old, whole):
        listener = Listener(http, QUIET)
        await listener.began.wait()
        other = sqlite3.connect(tmp_path / "runs.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert await listener.failed_at() - began < TOLD_S
        await refuses_and_replays(http, old, whole)
        other.execute("ROLLBACK")
        other.close()
        await is_well_again(http, listener)


@contextlib.asynccontextmanager
async def injected(server: ServerProcess, *faults: str) -> AsyncIterator[None]:
    """The system calls of the server fail as ``strace -e inject`` is told."""
    options = [word for fault in faults for word in ("-e", f"inject={fault}")]
    names = ",".join(fault.partition(":")[0] for fault in faults)
    strace = await asyncio.create_subprocess_exec(
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={names}", *options, "-p", str(server.process.pid)
    )
    try:
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        await strace.wait()


@pytest.mark.needs("strace")
@pytest.mark.parametrize(
    "faults",
    [("pwrite64:error=EIO",), ("pwrite64:error=EROFS",), ("pwrite64:error=ENOSPC",)],
    ids=["EIO", "EROFS", "ENOSPC"],
)
async def test_writes_that_fail(faults: tuple[str, ...], tmp_path: Path) -> None:
    async with at_work(tmp_path) as (server, http, old, whole):
        listener = Listener(http, QUIET)
        await listener.began.wait()
        async with injected(server, *faults):
            began = time.monotonic()
            assert await listener.failed_at() - began < TOLD_S
            await refuses_and_replays(http, old, whole)
        await is_well_again(http, listener)
