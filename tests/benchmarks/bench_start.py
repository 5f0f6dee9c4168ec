"""Cold starts: the command line's question beside ``import httpx``, what the server imports, the app beside a bare one.

Run: ``python -m tests.benchmarks.bench_start [--rounds N]``. CPU time of whole processes, bytecode compiled before.
"""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks.harness import Options, Row, alone, cpu_of_child, interleaved, ratio
from tests.benchmarks.load import server

LATER = "backend.runs.redis, backend.http.agui.mapping, backend.uvicorn_connections, uvloop"
NOTHING = {"PYTHONDONTWRITEBYTECODE": "", "WINDOWSEAT_CONFIG": os.devnull}


def python(*arguments: str) -> Callable[[], float]:
    return lambda: cpu_of_child([sys.executable, *arguments], NOTHING)


def rows(options: Options) -> Iterator[Row]:
    told: dict[str, Any] = {"scale": 1e3, "each": "ms"}
    with server("ours") as one:
        found = interleaved(
            {
                "ask": python("-m", "tui", "ask", "--url", f"http://127.0.0.1:{one.port}", "burst 5"),
                "help": python("-m", "tui", "--help"),
                "httpx": python("-c", "import httpx"),
                "server": python("-c", "import backend.server"),
                "peers": python("-c", "import quart, hypercorn.asyncio, msgspec"),
                "eager": python("-c", f"import backend.server, {LATER}"),
                "python": python("-c", "pass"),
            },
            options.rounds,
        )
    yield ratio("windowseat ask, a whole run / import httpx", found["ask"], found["httpx"], target=1.5, **told)
    yield ratio("windowseat --help / import httpx", found["help"], found["httpx"], target=0.5, **told)
    yield ratio("import of the server / of Quart and Hypercorn", found["server"], found["peers"], **told)
    yield ratio("import of the server / with all that it may need", found["server"], found["eager"], **told)
    yield ratio("python -c pass / import httpx", found["python"], found["httpx"], **told)


if __name__ == "__main__":
    alone(rows)
