"""A terminal that vanishes takes the app, and the server that it started, with it: with a signal or without."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pty_app import ROOT, has
from tests.ssh_door import gone


def _as_sshd() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("controls", [None, _as_sshd], ids=["no signal", "SIGHUP"])
async def test_the_app_ends_with_its_terminal(tmp_path: Path, controls: Callable[[], None] | None) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tui", "app", "--no-restore"),
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, start_new_session=True, preexec_fn=controls,
        env={**os.environ, "TERM": "xterm-256color", "WINDOWSEAT_OFFLINE": "1", "WINDOWSEAT_DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    os.close(theirs)
    sent = bytearray()
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, lambda: sent.extend(os.read(ours, 65536)))
    try:
        await has(sent, "Where can I escape to?")
        children = [int(pid) for pid in _children(process.pid)]
        assert children, "the local server"
        loop.remove_reader(ours)
        os.close(ours)
        async with asyncio.timeout(10):
            assert await process.wait() == -signal.SIGHUP
        await gone(children)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
