"""Cold starts: the command line's question beside ``import httpx``, what the server imports.

Run: ``python -m tests.benchmarks.bench_start [--rounds N]``. CPU time of whole processes, bytecode compiled before. The
first line of an answer is also measured as a person waits for it: wall time, the local server and its start included.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks.harness import ROOT, Options, Row, alone, cpu_of_child, interleaved, ratio
from tests.benchmarks.load import server

LATER = (
    "backend.http.agui.mapping",
    "backend.http.openapi",
    "backend.pipelines.escape.sources.chat",
    "backend.pipelines.escape.sources.checking",
    "backend.runs.importing",
    "backend.runs.redis",
    "backend.upstream.exchange",
    "backend.uvicorn_connections",
    "dotenv",
    "hypercorn.protocol.h2",
    "uvloop",
)
"""What the server imports when it is first needed, if ever; a test compares."""
NOTHING = {"PYTHONDONTWRITEBYTECODE": "", "WINDOWSEAT_CONFIG": os.devnull}


def python(*arguments: str) -> Callable[[], float]:
    return lambda: cpu_of_child([sys.executable, *arguments], NOTHING)


def first_line(*arguments: str, folder: str) -> Callable[[], float]:
    """Seconds from the start of ``python -m …`` to the first line on stdout or stderr; it may end then."""
    command = [sys.executable, "-P", "-m", *arguments, "--offline", "--data-dir", folder]
    env = {**os.environ, **NOTHING, "PYTHONPATH": str(ROOT)}

    def side() -> float:
        began = time.monotonic()
        with subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            line = process.stdout.readline()
            took = time.monotonic() - began
            process.stdin.close()
            process.stdout.read()
        if not line or process.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {line!r}, exit code {process.returncode}")
        return took

    return side


def waited(call: Callable[[], object]) -> Callable[[], float]:
    def side() -> float:
        began = time.monotonic()
        call()
        return time.monotonic() - began

    return side


def first_lines(rounds: int) -> Iterator[Row]:
    """A question with a local server, beside that server's start and half as much again as importing httpx."""
    question = ("tui", "ask", "somewhere hot tomorrow, under 4 hours, from Valencia")
    with tempfile.TemporaryDirectory() as folder:
        found = interleaved(
            {
                "ask": first_line(*question, folder=folder),
                "listening": first_line("backend", "--port", "0", "--until-stdin-closes", folder=folder),
                "httpx": waited(python("-c", "import httpx")),
            },
            rounds,
        )
    budget = [server + 1.5 * httpx for server, httpx in zip(found["listening"], found["httpx"], strict=True)]
    yield ratio(
        "windowseat ask, first line / server listens + 1.5 × import httpx", found["ask"], budget,
        target=1.0, scale=1e3, each="ms", guarded=False, note="wall time",
    )  # fmt: skip


def rows(options: Options) -> Iterator[Row]:
    yield from first_lines(options.rounds)
    told: dict[str, Any] = {"scale": 1e3, "each": "ms"}
    with server("ours") as one:
        found = interleaved(
            {
                "ask": python("-m", "tui", "ask", "--url", f"http://127.0.0.1:{one.port}", "burst 5"),
                "help": python("-m", "tui", "--help"),
                "httpx": python("-c", "import httpx"),
                "server": python("-c", "import backend.server"),
                "peers": python("-c", "import quart, hypercorn.asyncio, msgspec"),
                "eager": python("-c", f"import backend.server, {', '.join(LATER)}"),
                "python": python("-c", "pass"),
            },
            options.rounds,
        )
    yield ratio("windowseat ask, a whole run / import httpx", found["ask"], found["httpx"], target=1.5, **told)
    yield ratio("windowseat --help / import httpx", found["help"], found["httpx"], target=0.5, **told)
    yield ratio("import of the server / of Quart and Hypercorn", found["server"], found["peers"], **told)
    yield ratio("import of the server / with all that it may need", found["server"], found["eager"], target=0.5, **told)
    yield ratio("python -c pass / import httpx", found["python"], found["httpx"], **told)


if __name__ == "__main__":
    alone(rows)
