"""The app in an ordinary SSH session, behind a real sshd: the line breaks, and the run is offered in the next one."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.line import Line
from tests.served import client, running_server
from tests.ssh_door import ROOT, gone, on_a_terminal
from tests.sshd import an_sshd
from tests.tiny import Gate, tiny_pipeline

pytestmark = [pytest.mark.needs("ssh", "sshd"), pytest.mark.timeout(120)]

LEFT = b"\x1b[?1049l"
DELAY_S = 0.15


def windowseat(url: str, *words: str) -> str:
    """For the login shell: sshd gives a session none of our environment."""
    ours = [
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith(("WINDOWSEAT_", "XDG_")) or name in ("HOME", "PYTHONPATH")
    ]
    words = (sys.executable, "-m", "tui", *words, "--url", url)
    return f"cd {shlex.quote(str(ROOT))} && exec env {shlex.join([*ours, *words])}"


async def test_a_run_outlives_the_line_and_is_offered_in_the_next_session(tmp_path: Path) -> None:
    """The second session comes over a line with a third of a second there and back, as from another continent."""
    gate = Gate()
    async with (
        running_server([tiny_pipeline(gate)], grace_s=60) as url,
        an_sshd(tmp_path) as sshd,
        Line(sshd.port, delay_s=DELAY_S) as line,
    ):
        async with on_a_terminal(sshd.command(windowseat(url, "app"))) as seat:
            await seat.has("How many letters?")
            seat.type(b"please wait for elephants\r")
            await seat.has("4 words")  # the plan alone is shown before there is a run
            await gate.reached.wait()
            seat.process.kill()
            await seat.process.wait()
        assert not gate.cancelled.is_set()
        async with on_a_terminal(sshd.command(windowseat(url, "app"), port=line.port)) as seat:
            await seat.has("You left before the end")
            await seat.has("please wait for elephants")
            seat.type(b"\r")
            await seat.has("Count the letters")
            gate.opened.set()
            await seat.has("elephants")
            await seat.has("22 letters")
            seat.type(b"\x11")
            assert await seat.ended() == 0
            after = seat.sent[seat.sent.rindex(LEFT) :]
            assert b"elephants" in after, "the answer stays on the normal screen"
            assert b"\x1b[?25h" in after
        async with on_a_terminal(sshd.command(windowseat(url, "attach", "--last", "--plain"))) as seat:
            assert await seat.ended() == 0
            await seat.has("elephants")


async def test_an_app_whose_sshd_is_killed_ends_and_its_run_goes_on(tmp_path: Path) -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], grace_s=60) as url, an_sshd(tmp_path) as sshd:
        pids = tmp_path / "pid"
        line = f"echo $$ > {shlex.quote(str(pids))}; " + windowseat(url, "app", "please wait")
        async with on_a_terminal(sshd.command(line)) as seat:
            await seat.has("2 words")
            await gate.reached.wait()
            seat.process.kill()
            await seat.process.wait()
        await gone([int(pids.read_text())])
        gate.opened.set()
        async with client(url) as http:
            runs = (await http.get("/runs")).json()["runs"]
        assert [run["question"] for run in runs] == ["please wait"]
        assert not gate.cancelled.is_set()
