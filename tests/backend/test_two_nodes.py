"""Two server processes on one store: what one began is seen, cancelled and finished by the other, also when the first
was killed with -9."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from shared import events as ev
from tests.history import History
from tests.invariants import check_log
from tests.nodes import eventually
from tests.redis_process import redis_process
from tests.served import client, events_of
from tests.server_process import ServerProcess, server_process

TOLD_S = 2.5
"""A second is the promise; the rest is for a machine that does other things too."""
WAIT = {"q": "please wait", "pipeline": "tiny", "options": {"on_disconnect": "continue"}}
FOREVER = {"q": "forever", "pipeline": "busy", "options": {"on_disconnect": "continue"}}


def talk(times: int) -> dict[str, object]:
    return {"q": str(times), "pipeline": "busy", "options": {"on_disconnect": "continue"}}


@pytest.fixture(params=["sqlite", "redis"])
async def shared(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """What the environment of servers that share a store has."""
    if request.param == "sqlite":
        yield {"WINDOWSEAT_DATA_DIR": str(tmp_path)}
        return
    with redis_process() as redis:
        yield {"WINDOWSEAT_LOG": redis.url, "WINDOWSEAT_DATA_DIR": str(tmp_path)}


@asynccontextmanager
async def two_servers(
    shared: dict[str, str],
) -> AsyncIterator[tuple[ServerProcess, httpx.AsyncClient, httpx.AsyncClient]]:
    """The first of two on one store, a client of it, and one of the other."""
    async with (
        server_process(**shared) as one,
        server_process(**shared) as two,
        client(one.url) as near,
        client(two.url) as far,
    ):
        yield one, near, far


class Tail:
    """Reads a run over one connection, and knows what came so far."""

    def __init__(self, http: httpx.AsyncClient, method: str, path: str, **request: object) -> None:
        self.run = ""
        self.data = b""
        self.ended_at = 0.0
        self.task = asyncio.create_task(self._read(http, method, path, request))

    async def _read(self, http: httpx.AsyncClient, method: str, path: str, request: dict[str, object]) -> None:
        try:
            async with http.stream(method, path, **request) as response:  # type: ignore[arg-type]  # json, headers
                assert response.status_code == 200
                self.run = response.headers["windowseat-run"]
                async for chunk in response.aiter_raw():
                    self.data += chunk
        except httpx.HTTPError:
            pass
        self.ended_at = time.monotonic()

    async def has(self, text: bytes, seconds: float = 15) -> None:
        await eventually(lambda: text in self.data, seconds)


@pytest.mark.needs("redis-server")
async def test_cancelled_on_the_other_node(shared: dict[str, str]) -> None:
    async with two_servers(shared) as (_, near, far):
        took = []
        for _ in range(5):
            tail = Tail(near, "POST", "/assist", json=FOREVER)
            await tail.has(b"step.log")
            began = time.monotonic()
            assert (await far.post(f"/runs/{tail.run}/cancel")).status_code == 202
            await tail.task
            took.append(tail.ended_at - began)
            events = events_of(tail.data)
            check_log(events)
            assert events[-1].status == "cancelled"  # type: ignore[union-attr]  # run.finished is the last
            again = await far.post(f"/runs/{tail.run}/cancel")
            assert (again.status_code, again.json()["status"]) == (200, "cancelled")
        assert sorted(took)[2] < 1.0, took


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("repeatable", [True, False])
async def test_killed_and_finished_by_the_other_node(shared: dict[str, str], repeatable: bool) -> None:
    on_redis = "WINDOWSEAT_LOG" in shared
    async with two_servers(shared) as (one, near, far):
        old = (await near.post("/assist", json=talk(3))).content
        key = {"Idempotency-Key": "one-question"}
        body = talk(100) if repeatable else WAIT
        asked = Tail(near, "POST", "/assist", json=body, headers=key)
        await asked.has(b'"step":"count"' if not repeatable else b"step.log")
        watching = Tail(far, "GET", f"/runs/{asked.run}/events")
        await watching.has(b"step.started")
        killed = time.monotonic()
        one.send(signal.SIGKILL)
        await watching.task
        assert watching.ended_at - killed < (17 if on_redis else 7) + 3 * (repeatable and on_redis)
        events = events_of(watching.data)
        check_log(events)
        goes_on = repeatable and on_redis
        assert events[-1].status == ("ok" if goes_on else "interrupted")  # type: ignore[union-attr]  # run.finished
        recovered = [event for event in events if isinstance(event, ev.RunNotice) and event.kind == "recovered"]
        assert len(recovered) == goes_on
        # Who asked, and was cut off, asks the other node again under the same key, from where it was.
        history = History(asked.run)
        history.hear(asked.data)
        assert not history.finished
        headers = {**key, "Last-Event-ID": f"{history.run}.{history.cursor}"}
        history.hear((await far.post("/assist", json=body, headers=headers)).content)
        assert history.finished
        whole = History(asked.run)
        whole.hear(watching.data)
        assert history.received == whole.received
        runs = [run["run"] for run in (await far.get("/runs")).json()["runs"]]
        assert len(runs) == 2
        assert (await far.get(f"/runs/{runs[1]}/events")).content == old


@pytest.mark.needs("redis-server")
@pytest.mark.timeout(90)
async def test_stopped_and_finished_by_the_other_node() -> None:
    with redis_process() as redis:
        async with two_servers({"WINDOWSEAT_LOG": redis.url}) as (one, near, far):
            asked = Tail(near, "POST", "/assist", json=talk(700))
            await asked.has(b"step.log")
            one.send(signal.SIGTERM)
            await asked.task
            history = History(asked.run)
            (bye,) = history.hear(asked.data)
            assert ev.decode_event(bye.data) == ev.StreamBye(reason="shutdown", retry_ms=2000)
            # It comes back where it is let in, and sees the run finish.
            headers = {"Last-Event-ID": f"{history.run}.{history.cursor}"}
            history.hear((await far.get(f"/runs/{asked.run}/events", headers=headers)).content)
            assert history.finished
            assert await one.ended() == (0, "")
            events = events_of((await far.get(f"/runs/{asked.run}/events")).content)
            check_log(events)
            assert events[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
            assert "windowseat_runs_recovered_total 1\n" in (await far.get("/metrics")).text


@pytest.mark.needs("redis-server")
async def test_a_full_store_is_heard_of_at_once_on_both_nodes_and_needs_no_restart() -> None:
    with redis_process() as redis:
        async with two_servers({"WINDOWSEAT_LOG": redis.url}) as (_, near, far):
            old = (await near.post("/assist", json=talk(3))).content
            run = (await far.get("/runs")).json()["runs"][0]["run"]
            asked = Tail(near, "POST", "/assist", json=FOREVER)
            await asked.has(b"step.log")
            watching = Tail(far, "GET", f"/runs/{asked.run}/events")
            await watching.has(b"step.log")
            full = time.monotonic()
            redis.ask("CONFIG", "SET", "maxmemory", "1")
            await asyncio.gather(asked.task, watching.task)
            assert max(asked.ended_at, watching.ended_at) - full < TOLD_S
            ends = [events_of(tail.data)[-1] for tail in (asked, watching)]
            for end in ends:
                assert isinstance(end, ev.RunFinished)
                assert end.error is not None
                assert (end.status, end.error.code) == ("failed", "storage")
            assert ends[0] == ends[1]
            assert (await far.post("/assist", json=talk(3))).status_code == 503
            for http in (near, far):
                assert (await http.get(f"/runs/{run}/events")).content == old, "old runs replay"
            redis.ask("CONFIG", "SET", "maxmemory", "0")
            again = events_of((await far.post("/assist", json=talk(3))).content)
            assert again[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
            written = f"/runs/{asked.run}/events"
            await eventually(lambda: _has_end(far, written, ends[0]))
            check_log(events_of((await far.get(written)).content))


async def _has_end(http: httpx.AsyncClient, path: str, end: ev.LogEvent) -> bool:
    return events_of((await http.get(path)).content)[-1] == end


@pytest.mark.needs("redis-server")
async def test_a_server_whose_store_is_not_fit_does_not_start() -> None:
    with redis_process("--appendonly", "no") as redis:
        process = await asyncio.create_subprocess_exec(
            *_command("--log", redis.url.replace("//", "//user:hunter2@")),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert b"hunter2" not in said
        process = await asyncio.create_subprocess_exec(
            *_command("--log", redis.url), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert b"appendonly yes" in said
        assert b"Traceback" not in said


def test_without_a_redis_log_its_client_is_not_imported() -> None:
    code = "import sys, backend.server; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.tiny_server", "--alone", "--port", "0", *arguments]
