"""The command line with a local server of its own: the real one, and small ones that fail in their ways."""

import asyncio
import csv
import io
import os
import signal
from contextlib import aclosing
from pathlib import Path

import pytest

from shared.events import RunStarted
from tests.node_process import node_process
from tests.received import each
from tests.tui.command_line import Ended, end, start
from tui.client import AssistClient

DYING = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b'data: {"type":"run.started","seq":1,"t":0,"v":1,"run":"r1","pipeline":"p","title":"T",'
                         b'"question":"q","started_at":"","plan":[],"columns":[]}\\n\\n')
        self.wfile.flush()
        print("out of memory", file=sys.stderr, flush=True)
        os._exit(9)
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"Windowseat is listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


async def begin(tmp_path: Path, *arguments: str, **env: str) -> asyncio.subprocess.Process:
    return await start(*arguments, env={"WINDOWSEAT_DATA_DIR": str(tmp_path / "data"), **env})


async def run(tmp_path: Path, *arguments: str, **env: str) -> Ended:
    return await end(await begin(tmp_path, *arguments, **env))


def fake_backend(tmp_path: Path, source: str) -> dict[str, str]:
    place = tmp_path / "imports" / "backend"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("")
    (place / "__main__.py").write_text(source)
    return {"PYTHONPATH": str(tmp_path / "imports")}


async def test_a_question_is_answered_by_a_server_that_exists_for_it_and_kept_for_later(tmp_path: Path) -> None:
    code, out, err = await run(tmp_path, "ask", "somewhere cold next days, from Madrid", "--csv", "--offline")
    assert code == 0, err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) > 5
    assert " rows" in err.splitlines()[-1]

    code, out, _ = await run(tmp_path, "runs")
    (listed,) = out.splitlines()[1:]
    assert "somewhere cold next days, from Madrid" in listed
    code, shown, _ = await run(tmp_path, "show", listed[:6], "--csv", "-q")
    assert code == 0
    assert list(csv.DictReader(io.StringIO(shown))) == rows


@pytest.mark.parametrize("code", [1, 2])
async def test_a_server_that_cannot_start_is_reported_in_its_own_words(tmp_path: Path, code: int) -> None:
    env = fake_backend(tmp_path, f"import sys; print('the disk is full', file=sys.stderr); sys.exit({code})")
    ended, out, err = await run(tmp_path, "ask", "hot", **env)
    assert (ended, out) == ({1: 3, 2: 2}[code], "")
    assert "the disk is full" in err
    assert "Traceback" not in err


async def test_a_wrong_setting_of_the_server_is_wrong_usage(tmp_path: Path) -> None:
    code, _, err = await run(tmp_path, "ask", "hot", WINDOWSEAT_GRACE_S="soon")
    assert code == 2
    assert "WINDOWSEAT_GRACE_S is 'soon'" in err


async def test_a_server_that_dies_in_the_middle_is_not_waited_for(tmp_path: Path) -> None:
    code, _, err = await run(tmp_path, "ask", "hot", **fake_backend(tmp_path, DYING))
    assert code == 3
    assert "the local server ended unexpectedly with code 9:\n  out of memory" in err
    assert "attempt 3" not in err


async def test_ctrl_c_while_the_server_is_still_starting_leaves_quietly(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    env = fake_backend(tmp_path, f"import sys; open({str(ready)!r}, 'w').close(); sys.stdin.read()")
    process = await begin(tmp_path, "ask", "hot", **env)
    await asyncio.to_thread(lambda: ready.open().close())
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, out, err) == (130, b"", b"")


async def test_serve_is_the_server_itself(tmp_path: Path) -> None:
    code, out, _ = await run(tmp_path, "serve", "--help")
    assert code == 0
    assert "--until-stdin-closes" in out
    process = await begin(tmp_path, "serve", "--port", "0")
    assert process.stdout
    assert b"listening on http://127.0.0.1:" in await asyncio.wait_for(process.stdout.readline(), 20)
    process.terminate()
    await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0


async def test_a_run_of_another_process_is_watched_and_cancelled_through_the_file_that_both_share(
    tmp_path: Path,
) -> None:
    async with node_process(DATA_DIR=tmp_path / "data") as node, AssistClient(node.url) as client:
        stream = each(client.ask("wait for me", pipeline="tiny"))
        async with aclosing(stream):
            first = (await anext(stream)).event
            assert isinstance(first, RunStarted)
            watching = await begin(tmp_path, "attach", "--last")
            assert watching.stderr
            assert first.run.encode() in await asyncio.wait_for(watching.stderr.readline(), 20)
            code, out, _ = await run(tmp_path, "cancel", first.run[:6])
            assert (code, out) == (0, f"{first.run} cancelling\n")
            watched = await end(watching)
    assert watched.code == 1
    assert "ancelled" in watched.err.splitlines()[-1]
