"""A real sshd on loopback, for one who has an account: the user that runs the tests, with a key of the tests."""

import asyncio
import os
import shutil
import signal
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.ssh_door import OPTIONS

_CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowTcpForwarding no
"""


class Sshd:
    def __init__(self, port: int, key: Path, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self.process = process
        self._key = key

    def command(self, line: str, *, port: int | None = None) -> list[str]:
        """``ssh`` with a terminal, running the shell's ``line``; ``port`` to get there another way."""
        where = ["-p", str(port or self.port), "-i", str(self._key), "-o", "IdentitiesOnly=yes"]
        return ["ssh", *OPTIONS, "-tt", *where, "127.0.0.1", line]


@asynccontextmanager
async def an_sshd(folder: Path) -> AsyncIterator[Sshd]:
    for name in ("host", "user"):
        maker = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)
        )
        assert await maker.wait() == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "config").write_text(_CONFIG.format(port=port, folder=folder))
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # as its service does where there is one
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/sbin")
    assert program is not None
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(program, "-D", "-e", "-f", str(folder / "config")), stdin=DEVNULL, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(10):
            while b"Server listening" not in (folder / "log").read_bytes():
                await asyncio.sleep(0.02)
                assert process.returncode is None, (folder / "log").read_text()
        yield Sshd(port, folder / "user", process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()
