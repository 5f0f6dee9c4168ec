"""The command line when somebody leaves early: Ctrl+C, SIGTERM, closed pipes, full disks."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.scripted_server import RUN, ScriptedServer, a_run
from tests.tui.command_line import ROOT, end, start

EVENTS = a_run()


@pytest.mark.parametrize("form", ["--json", "--plain"])
async def test_ctrl_c_cancels_the_run_on_the_server_and_exits_130(form: str) -> None:
    never = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:4], never]]) as server:
        process = await start("ask", "--url", server.url, "hot", form)
        assert process.stderr
        while b"Read the wish" not in await process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        ended = await end(process)
        assert server.cancelled.is_set()
        never.set()
    assert ended.code == 130
    assert f"note: run {RUN} is cancelled" in ended.err
    assert "Traceback" not in ended.err


async def test_a_second_ctrl_c_leaves_at_once() -> None:
    never = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:4], never]], slow_cancel=never) as server:
        process = await start("ask", "--url", server.url, "hot")
        assert process.stderr
        await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(server.cancelled.wait(), 10)
        process.send_signal(signal.SIGINT)
        ended = await asyncio.wait_for(end(process), 2.5)  # less than it would wait for the cancellation
        never.set()
    assert ended.code == 130
    assert "Traceback" not in ended.err


async def test_a_server_that_cannot_be_told_of_the_cancellation_is_not_waited_for() -> None:
    never = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:4], never]]) as server:
        server.refusals["/runs/"] = (503, {"title": "Draining"})
        process = await start("ask", "--url", server.url, "hot")
        assert process.stderr
        await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        ended = await end(process)
        never.set()
    assert ended.code == 130
    assert f"warning: the server could not be told to cancel run {RUN}" in ended.err


async def test_sigterm_cancels_too_and_exits_143() -> None:
    never = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:4], never]]) as server:
        process = await start("ask", "--url", server.url, "hot")
        assert process.stderr
        await process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        ended = await end(process)
        assert server.cancelled.is_set()
        never.set()
    assert ended.code == 143


async def test_a_pipe_that_closes_early_is_no_error_and_cancels_the_run() -> None:
    more = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:3], more, *EVENTS[3:8], asyncio.Event()]]) as server:
        read, write = os.pipe()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tui", "ask", "--json", "--url", server.url, "hot",
            stdin=asyncio.subprocess.DEVNULL, stdout=write, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read, "rb") as reader:
            first = await asyncio.to_thread(reader.readline)
        more.set()
        ended_code, err = await asyncio.wait_for(process.wait(), 20), (await process.communicate())[1]
        assert server.cancelled.is_set()
    assert json.loads(first)["type"] == "run.started"
    assert ended_code == 0
    assert b"Traceback" not in err
    assert b"BrokenPipe" not in err


async def test_head_on_the_table_is_no_error_either() -> None:
    async with ScriptedServer([EVENTS]) as server:
        process = await asyncio.create_subprocess_shell(
            f"{sys.executable} -m tui ask --url {server.url} hot 2>&1 | head -1; echo ${{PIPESTATUS[0]}}",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT, executable="/bin/bash",
        )  # fmt: skip
        ended = await end(process)
    assert ended.out.splitlines() == [f"Where can I escape to?  (run {RUN})", "0"]
    assert ended.err == ""


async def test_leaving_a_run_that_is_only_shown_does_not_cancel_it() -> None:
    never = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:4], never]]) as server:
        process = await start("show", RUN, "--url", server.url)
        assert process.stderr
        await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        ended = await end(process)
        assert not server.cancelled.is_set()
        never.set()
    assert ended.code == 130


@pytest.mark.parametrize("form", ["--csv", "--json"])
async def test_a_full_disk_is_said_in_a_sentence(form: str) -> None:
    async with ScriptedServer([EVENTS]) as server:
        process = await asyncio.create_subprocess_shell(
            f"{sys.executable} -m tui ask {form} -q --url {server.url} hot > /dev/full",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        ended = await end(process)
    assert (ended.code, ended.err) == (1, "windowseat: the output can't be written: No space left on device\n")


async def test_closed_streams_are_no_reason_to_fail() -> None:
    async with ScriptedServer([EVENTS, EVENTS]) as server:
        for closed in ("<&- >&-", "<&- 2>&-"):
            process = await asyncio.create_subprocess_shell(
                f"{sys.executable} -m tui ask --url {server.url} hot {closed}",
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
            )  # fmt: skip
            ended = await end(process)
            assert ended.code == 0
            assert "Traceback" not in ended.err


async def test_ctrl_c_in_the_middle_of_an_import_exits_130_too(tmp_path: Path) -> None:
    """Where source text was being evaluated, as each dataclass of an import is, the interpreter ended by SIGINT."""
    (tmp_path / "interrupted.py").write_text(
        "import sys\nfrom tui import cli\n"
        "cli._run = lambda argv: exec('raise KeyboardInterrupt')\n"
        "sys.exit(cli.main([]))\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "interrupted"),
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, err) == (130, b"")
