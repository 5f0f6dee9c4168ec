"""A server as a process of its own, to be stopped, killed and started again on the same port."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.proxies import free_port

ROOT = Path(__file__).parents[1]
_LISTENING = b"Windowseat is listening on "


class NodeProcess:
    """``python -m MODULE``, by default the shipped pipelines and the tiny one. ``settings`` are environment variables
    without their prefix (``LOG``, ``DATA_DIR``)."""

    def __init__(self, module: str = "tests.tiny_server", **settings: Any) -> None:
        self._module = module
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = {f"WINDOWSEAT_{name}": str(value) for name, value in settings.items()}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self.said = b""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Returns when it listens."""
        listening = asyncio.Event()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, "--port", str(self.port), "--offline",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT, env={**os.environ, "WINDOWSEAT_CONFIG": os.devnull, **self._env},
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self._process, listening))
        try:
            await asyncio.wait_for(listening.wait(), 25)
        except TimeoutError:
            raise AssertionError(f"it doesn't listen: {self.said.decode()}") from None

    async def kill(self) -> None:
        """As kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """As SIGTERM; its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        if self._process is None or self._reading is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)
        code = await asyncio.wait_for(self._process.wait(), 20)
        await self._reading
        self._process = self._reading = None
        return code

    async def _read(self, process: asyncio.subprocess.Process, listening: asyncio.Event) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.said += line
            if line.startswith(_LISTENING):
                listening.set()
        listening.set()


@contextlib.asynccontextmanager
async def node_process(module: str = "tests.tiny_server", **settings: Any) -> AsyncIterator[NodeProcess]:
    """A running one; it is killed when the block ends, if it lives."""
    node = NodeProcess(module, **settings)
    try:
        await node.start()
        yield node
    finally:
        await node.kill()
