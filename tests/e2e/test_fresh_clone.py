"""The project as somebody gets it: its files in an empty folder, make and Python, nothing else."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.needs("git", "make"), pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What git would hand out, in a folder whose name needs quoting."""
    folder = tmp_path_factory.mktemp("a new folder") / "window seat"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def make(clone: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`make` with no terminal on any stream, and without the virtual environment that the tests run in."""
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments],
        cwd=clone, env={**kept, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_make_run_sets_everything_up_and_narrates_a_sample_question(clone: Path) -> None:
    ended = make(clone, "run")
    assert ended.returncode == 0, ended.stderr
    assert "Where can I escape to?" in ended.stderr
    assert "ok   7  Rank what is left" in ended.stderr
    header, *rows = ended.stdout.splitlines()
    assert header.startswith("City  ")
    assert rows


def test_another_make_run_installs_nothing_and_asks_what_it_is_given(clone: Path) -> None:
    installed = (clone / ".venv/.runtime").stat().st_mtime_ns
    # A question is text for the shell too: nothing in it is run.
    ended = make(clone, "run", 'Q=cold on Friday, "under 3 hours", from Oslo $$(touch owned) `touch owned`')
    assert ended.returncode == 0, ended.stderr
    assert "Oslo, Norway (from your question)" in ended.stderr
    assert "at most 3 h of flight" in ended.stderr
    assert not (clone / "owned").exists()
    assert (clone / ".venv/.runtime").stat().st_mtime_ns == installed


def test_changed_pins_are_installed(clone: Path) -> None:
    installed = (clone / ".venv/.runtime").stat().st_mtime_ns
    with (clone / "constraints.txt").open("a") as pins:
        pins.write("# another day\n")
    ended = make(clone, "run")
    assert ended.returncode == 0, ended.stderr
    assert (clone / ".venv/.runtime").stat().st_mtime_ns > installed


def test_make_test_runs_every_check(clone: Path) -> None:
    planned = make(clone, "--dry-run", "test").stdout
    checks = ["ruff format --check .", "ruff check .", "mypy", "lint-imports", "python -m pytest"]
    found = [planned.find(check) for check in checks]
    assert -1 not in found
    assert found == sorted(found)


def test_an_old_python_is_named(clone: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\nexit 1\n')
    old.chmod(0o755)
    shutil.rmtree(clone / ".venv")
    ended = make(clone, "run", f"PYTHON={old}")
    assert ended.returncode != 0
    assert "Windowseat needs Python 3.11 or newer" in ended.stdout + ended.stderr
    assert "Python 3.9.2" in ended.stdout + ended.stderr
