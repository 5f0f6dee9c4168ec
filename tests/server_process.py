"""Servers as processes, for tests that stop and kill them."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass

LINE = "Windowseat is listening on "


@dataclass
class ServerProcess:
    process: Process
    url: str

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def ended(self, seconds: float = 15) -> tuple[int, str]:
        """Its exit code, and what it said on stderr."""
        _, stderr = await asyncio.wait_for(self.process.communicate(), seconds)
        assert self.process.returncode is not None
        return self.process.returncode, stderr.decode()


async def start_server(*arguments: str, module: str = "tests.tiny_server", **env: str) -> ServerProcess:
    """A server process that listens; ``--alone --port 0`` unless ``arguments`` say otherwise."""
    given = arguments if "--port" in arguments else ("--port", "0", *arguments)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--alone", *given, stdin=PIPE, stdout=PIPE, stderr=PIPE, env={**os.environ, **env}
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith(LINE), (line, await process.communicate())
    return ServerProcess(process, line.removeprefix(LINE).strip())


@contextlib.asynccontextmanager
async def server_process(
    *arguments: str, module: str = "tests.tiny_server", **env: str
) -> AsyncIterator[ServerProcess]:
    """Such a process; it is gone when the block ends."""
    server = await start_server(*arguments, module=module, **env)
    try:
        yield server
    finally:
        if server.process.returncode is None:
            server.send(signal.SIGKILL)
            await server.process.communicate()
