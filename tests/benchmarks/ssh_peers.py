"""What ``bench_ssh`` measures beside the front door, as processes: the server that all ask, and a process per session.

``python -m tests.benchmarks.ssh_peers stream`` serves runs that tell something new twenty times a second;
``… processes URL KEY`` serves SSH in the plain way: each session is the app in a new process on a pty. Both print
their port.
"""

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from pathlib import Path
from typing import Any

import asyncssh

from shared import events as ev
from tests.pty_app import ROOT, frames, info
from tests.scripted_server import ScriptedServer
from tests.tui.app.scripted import started, step_started

PER_S = 20
LASTS_S = 300


def script() -> list[Any]:
    """A run that tells something twenty times a second, for five minutes, each time something that is on the screen:
    how far a step has got."""

    def frame(seq: int, event: Any) -> bytes:
        return frames([event]).replace(b'"seq":0', b'"seq":%d' % seq, 1)

    parts: list[Any] = [frame(1, started()), frame(2, step_started("intent", "Reading the wish…"))]
    for number in range(PER_S * LASTS_S):
        told: dict[str, Any] = {"seq": 0, "t": number * 1000 // PER_S, "step": "intent", "attempt": 1}
        parts += [frame(3 + number, ev.StepProgress(**told, done=number, total=PER_S * LASTS_S)), 1 / PER_S]
    return parts


async def stream() -> None:
    async with ScriptedServer([script()] * 1_000, pipelines=info()) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


class PtySession(asyncssh.SSHServerSession[bytes]):
    """The app in a process of its own, as sshd with a forced command would have it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ours = -1
        self._is_gone = False
        self._size = (80, 24)
        self._channel: Any = None
        self._process: asyncio.subprocess.Process | None = None

    def connection_made(self, chan: Any) -> None:
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: Any, term_modes: Any) -> bool:
        self._size = term_size[:2]
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", self._size[1], self._size[0], 0, 0))
        env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        env |= {"TERM": "xterm-256color", "SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 2", "SSH_TTY": "/dev/pts/0"}
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tui", "app", "--url", self._url, "--no-restore"),
            stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=ROOT, start_new_session=True,
            preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(theirs)
        asyncio.get_running_loop().add_reader(self._ours, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            data = b""
        is_gone = self._is_gone or self._channel.is_closing()
        if data and not is_gone:
            self._channel.write(data)
        else:
            asyncio.get_running_loop().remove_reader(self._ours)
            if not is_gone:
                self._channel.exit(0)

    def data_received(self, data: bytes, datatype: Any) -> None:
        os.write(self._ours, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_gone = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()


def _take_terminal() -> None:
    """As sshd does: a process whose terminal goes is told, and none stays behind."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class PtyServer(asyncssh.SSHServer):
    def __init__(self, url: str) -> None:
        self._url = url

    def begin_auth(self, username: str) -> bool:
        return False

    def session_requested(self) -> Any:
        return PtySession(self._url)


async def processes(url: str, key: str) -> None:
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=lambda: PtyServer(url), server_host_keys=[key], encoding=None, line_editor=False,
        backlog=200,
    )  # fmt: skip
    print(server.get_port(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(stream() if sys.argv[1] == "stream" else processes(sys.argv[2], str(Path(sys.argv[3]))))
