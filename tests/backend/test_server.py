"""The server as a process: how it starts, what it says, how it stops."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import httpx
import pytest

from shared import events as ev
from tests.invariants import check_log
from tests.served import client, events_of, frames_of

LINE = "Windowseat is listening on "
ASK = {"q": "somewhere hot tomorrow, under 4 hours, from New York"}


async def start(*arguments: str, module: str = "backend", **env: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**os.environ, **env}
    )


async def started(*arguments: str, module: str = "backend", **env: str) -> tuple[Process, str]:
    process = await start("--port", "0", *arguments, module=module, **env)
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith(LINE), (line, await process.communicate())
    return process, line.removeprefix(LINE).strip()


async def stopped(process: Process) -> tuple[int, str]:
    """Exit code and what it said on stderr."""
    _, stderr = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode is not None
    return process.returncode, stderr.decode()


FAST = ("--http", "uvicorn", "--event-loop", "uvloop")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("settings", [(), FAST])
async def test_a_signal_ends_it_without_a_word(settings: tuple[str, ...], number: int, tmp_path: Path) -> None:
    process, url = await started("--data-dir", str(tmp_path), *settings)
    async with client(url) as http:
        events_of((await http.post("/assist", json=ASK)).content)
    process.send_signal(number)
    assert await stopped(process) == (0, "")
    assert list((tmp_path / "owners").iterdir()) == []


async def test_a_child_ends_when_its_parent_lets_go_of_its_input() -> None:
    process, _ = await started("--data-dir", ":memory:", "--until-stdin-closes")
    assert process.stdin is not None
    process.stdin.close()
    assert await stopped(process) == (0, "")


@pytest.mark.parametrize("settings", [(), FAST])
async def test_open_streams_hear_a_farewell_and_runs_are_marked_interrupted(
    settings: tuple[str, ...], tmp_path: Path
) -> None:
    process, url = await started("--data-dir", str(tmp_path), *settings, module="tests.tiny_server")
    async with client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait", "pipeline": "tiny"}) as response:
            run, received = response.headers["windowseat-run"], b""
            async for chunk in response.aiter_raw():
                received += chunk
                if b'"step":"count"' in received and process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.send_signal(signal.SIGTERM)
        # Read to its end without an error: the stream was ended, not cut.
        bye = frames_of(received)[-1]
        assert ev.decode_event(bye.data) == ev.StreamBye(reason="shutdown", retry_ms=2000)
        assert (bye.id, bye.retry) == (f"{run}.{len(frames_of(received)) - 1}", 2000)
    assert await stopped(process) == (0, "")
    process, url = await started("--data-dir", str(tmp_path))
    async with client(url) as http:
        events = events_of((await http.get(f"/runs/{run}/events")).content)
    check_log(events)
    assert events[-1].status == "interrupted"  # type: ignore[union-attr]  # run.finished, as check_log proved
    process.terminate()
    await stopped(process)


async def test_a_step_that_swallows_its_cancellation_can_not_hold_up_the_stop(tmp_path: Path) -> None:
    process, url = await started("--data-dir", str(tmp_path), "--until-stdin-closes", module="tests.tiny_server")
    assert process.stdin is not None
    async with client(url) as http:
        body = {"q": "wait and be stubborn", "pipeline": "tiny", "options": {"on_disconnect": "continue"}}
        async with http.stream("POST", "/assist", json=body) as response:
            run, received = response.headers["windowseat-run"], b""
            async for chunk in response.aiter_raw():
                received += chunk
                if b'"step":"count"' in received:
                    break
    process.stdin.close()
    code, said = await stopped(process)
    assert code == 1
    assert "held up the stop" in said
    process, url = await started("--data-dir", str(tmp_path))
    async with client(url) as http:
        events = events_of((await http.get(f"/runs/{run}/events")).content)
    assert events[-1].status == "interrupted"  # type: ignore[union-attr]  # run.finished is the last
    process.terminate()
    await stopped(process)


async def test_what_people_asked_is_theirs_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    process, url = await started("--data-dir", str(folder))
    async with client(url) as http:
        await http.post("/assist", json=ASK)
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.glob("runs.sqlite*"))}
    assert modes.pop("data") == "0o700"
    assert set(modes.values()) == {"0o600"}
    process.terminate()
    await stopped(process)


async def test_a_run_of_a_killed_process_is_marked_interrupted(tmp_path: Path) -> None:
    process, url = await started("--data-dir", str(tmp_path), module="tests.tiny_server")
    async with client(url) as http:
        with contextlib.suppress(httpx.RemoteProtocolError):
            async with http.stream("POST", "/assist", json={"q": "please wait", "pipeline": "tiny"}) as response:
                run, received = response.headers["windowseat-run"], b""
                async for chunk in response.aiter_raw():
                    received += chunk
                    if b'"step":"count"' in received and process.returncode is None:
                        process.kill()
    await process.communicate()
    process, url = await started("--data-dir", str(tmp_path))
    async with client(url) as http:
        whole = (await http.get(f"/runs/{run}/events")).content
    events = events_of(whole)
    check_log(events)
    assert events[: len(events_of(received))] == events_of(received)  # nobody saw what the log doesn't have
    assert events[-1].status == "interrupted"  # type: ignore[union-attr]  # as above
    process.terminate()
    await stopped(process)


async def test_history_outlives_the_process(tmp_path: Path) -> None:
    process, url = await started("--data-dir", str(tmp_path))
    async with client(url) as http:
        response = await http.post("/assist", json=ASK)
        run = response.headers["windowseat-run"]
        live = (await http.get(f"/runs/{run}/events")).content
    process.kill()
    await process.communicate()
    process, url = await started("--data-dir", str(tmp_path))
    async with client(url) as http:
        assert (await http.get(f"/runs/{run}/events")).content == live
    process.terminate()
    await stopped(process)


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels don't share new connections out")
async def test_servers_that_share_a_port_and_a_folder_share_the_work_and_know_each_others_runs(tmp_path: Path) -> None:
    shared = ("--data-dir", str(tmp_path), "--reuse-port")
    first, url = await started(*shared)
    port = url.rpartition(":")[2]
    second = await start("--port", port, *shared)
    assert second.stdout is not None
    assert (await second.stdout.readline()).decode().startswith(LINE)
    runs: set[str] = set()
    alone = True
    while alone:  # until the one that answers hasn't begun all of them
        async with client(url) as http:  # a connection of its own each time
            runs.add((await http.post("/assist", json=ASK)).headers["windowseat-run"])
            alone = f"windowseat_runs_started_total {len(runs)}\n" in (await http.get("/metrics")).text
    first.terminate()
    assert await stopped(first) == (0, "")
    async with client(url) as http:
        known = {run["run"] for run in (await http.get("/runs")).json()["runs"]}
    assert runs <= known
    second.terminate()
    assert await stopped(second) == (0, "")


async def test_a_taken_port_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = await start("--port", str(taken.getsockname()[1]), "--data-dir", ":memory:")
        code, said = await stopped(process)
    assert code == 1
    assert "can't listen on 127.0.0.1" in said
    assert "--port" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "env", "says"),
    [
        (["--port", "abc"], {}, "--port"),
        (["--heartbeat-s", "nan"], {}, "--heartbeat-s"),
        ([], {"WINDOWSEAT_PORT": "x"}, "WINDOWSEAT_PORT"),
        ([], {"WINDOWSEAT_OFFLINE": "perhaps"}, "WINDOWSEAT_OFFLINE"),
        ([], {"DEMO_LAT": "39.4"}, "demo_lon"),
        ([], {"WINDOWSEAT_CONFIG": "/does/not/exist.toml"}, "/does/not/exist.toml"),
        (["--cold-max-c", "30"], {}, "cold_max_c"),
    ],
)
async def test_a_wrong_setting_is_named_and_ends_with_2(arguments: list[str], env: dict[str, str], says: str) -> None:
    code, said = await stopped(await start(*arguments, **env))
    assert code == 2
    assert says in said
    assert "Traceback" not in said


async def test_a_data_folder_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    process = await start("--port", "0", "--data-dir", str(tmp_path / "file"))
    code, said = await stopped(process)
    assert code == 1
    assert str(tmp_path / "file") in said
    assert "Traceback" not in said


async def test_the_first_answer_comes_from_the_bundled_data_alone() -> None:
    process, url = await started("--data-dir", ":memory:", "--offline")
    async with httpx.AsyncClient(base_url=url, timeout=10, verify=False) as http:
        events = events_of((await http.post("/assist", json=ASK)).content)
    assert events[-1].status == "ok"  # type: ignore[union-attr]  # run.finished is the last
    process.terminate()
    await stopped(process)
