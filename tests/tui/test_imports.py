"""What the quick paths of the command line must not import; each in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("textual", "rich", "httpx", "quart", "hypercorn", "backend", "asyncio", "tomllib")


def loaded_by(code: str) -> set[str]:
    tail = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("flag", ["--version", "--help", "ask --help"])
def test_version_and_help_import_nothing_slow(flag: str) -> None:
    code = f"import contextlib, tui.cli\nwith contextlib.suppress(SystemExit): tui.cli.main({flag.split()!r})"
    assert not loaded_by(code) & {*HEAVY, "msgspec"}


@pytest.mark.parametrize(
    "module",
    [
        "client",
        "headless",
        "export",
        "config",
        "cells",
        "narration",
        "listings",
        "cli",
        "history",
        "recording",
        "conform",
    ],
)
def test_what_works_without_a_screen_never_imports_textual_or_rich(module: str) -> None:
    assert not loaded_by(f"import tui.{module}") & {"textual", "rich", "backend", "quart"}


def test_the_client_imports_no_second_protocol() -> None:
    assert not loaded_by("import tui.client") & {"h2", "hpack", "hyperframe"}


def test_the_local_server_is_started_before_httpx_and_asyncio_are_imported() -> None:
    code = """
import sys, tui.cli, tui.local_server
def start(server):
    loaded = set(sys.modules)
    print(sorted({"httpx", "asyncio", "msgspec"} & loaded), file=sys.stderr)
    raise tui.local_server.LocalServerError("no")
tui.local_server.LocalServer.start = start
tui.cli.main(["ask", "somewhere hot"])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.splitlines()[0] == "[]"
