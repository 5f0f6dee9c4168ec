"""The real command line as a process of its own, for tests."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NamedTuple

from tests.scripted_server import ScriptedServer

ROOT = Path(__file__).resolve().parents[2]


_ALONE = {"WINDOWSEAT_CONFIG": os.devnull, "WINDOWSEAT_DOTENV": os.devnull, "WINDOWSEAT_OFFLINE": "1"}


class Ended(NamedTuple):
    code: int
    out: str
    err: str


async def start(
    *arguments: str, env: dict[str, str] | None = None, stdin: int = asyncio.subprocess.DEVNULL
) -> asyncio.subprocess.Process:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WINDOWSEAT_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", *arguments,
        stdin=stdin, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=ROOT, env={**kept, **_ALONE, **(env or {})},
    )  # fmt: skip


async def end(process: asyncio.subprocess.Process, given: bytes | None = None) -> Ended:
    out, err = await asyncio.wait_for(process.communicate(given), 20)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def run(*arguments: str, env: dict[str, str] | None = None) -> Ended:
    return await end(await start(*arguments, env=env))


async def ask(server: ScriptedServer, *arguments: str) -> Ended:
    return await run("ask", "--url", server.url, "somewhere hot", *arguments)
