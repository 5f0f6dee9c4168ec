"""What the server does without until it is asked for; in a process of its own."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.bench_start import LATER

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "backend.pipelines.escape.sources."
LIVE = {"airlabs", "chat", "checking", "ip_api", "ipwhois", "met_norway", "open_meteo", "openweather"}


def told_by(code: str) -> set[str]:
    """The names that ``code``, which prints JSON last, tells."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def imported_by(modules: str) -> set[str]:
    return told_by(f"import {modules}, json, sys; print(json.dumps(sorted(sys.modules)))")


def test_the_server_listens_without_what_it_may_never_need() -> None:
    loaded = imported_by("backend.server")
    roots = {name.partition(".")[0] for name in loaded}
    assert "quart" in roots
    assert not roots & {"rich", "pygments", "textual", "pydantic", "redis", "asyncssh", "tui", "httpx", "httpcore"}
    assert not roots & {"h2", "hpack", "hyperframe", "priority", "wsproto", "dotenv"}
    assert not loaded & {SOURCES + name for name in LIVE}


def test_the_benchmark_knows_all_that_the_server_imports_later() -> None:
    missing = set(_imported_in_functions()) - imported_by(f"backend.server, {', '.join(LATER)}")
    assert not missing


def _imported_in_functions() -> Iterator[str]:
    files = [file for file in (ROOT / "backend").rglob("*.py") if "build" not in file.parts]
    for file in files:
        for function in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    assert node.module is not None
                    yield node.module
                    names = (f"{node.module}.{alias.name}" for alias in node.names)
                    yield from (name for name in names if (ROOT / name.replace(".", "/")).with_suffix(".py").is_file())


WITH_SIMULATORS = """
import asyncio, json, sys
from tests.escape_runs import opened
from tests.live_runs import EVERY, live

async def main(live_too):
    async with live(only=EVERY) if live_too else opened() as asker:
        before = set(sys.modules)
        answer = await asker.ask("somewhere hot tomorrow, under 5 hours, from New York")
        assert answer.end.status == "ok", answer.end
        later = [name for name in set(sys.modules) - before if name.startswith("backend.pipelines")]
    loaded = [name for name in before if name.startswith("backend.pipelines.escape.sources.")]
    print(json.dumps(later if sys.argv[1] == "later" else loaded))
"""


@pytest.mark.parametrize("live_too", [False, True], ids=["offline", "every service"])
def test_no_question_waits_for_an_import(live_too: bool) -> None:
    assert not told_by(f"import sys; sys.argv[1:] = ['later']\n{WITH_SIMULATORS}\nasyncio.run(main({live_too}))")


def test_what_the_settings_ask_for_is_loaded_at_the_start_and_nothing_else() -> None:
    code = f"import sys; sys.argv[1:] = ['loaded']\n{WITH_SIMULATORS}\nasyncio.run(main("
    live = {SOURCES + name for name in LIVE - {"checking"}}
    assert not told_by(f"{code}False))") & live
    assert told_by(f"{code}True))") >= live
