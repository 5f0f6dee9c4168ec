"""The package as it is installed: all that it needs is in it, and it runs without the folder that it was made in."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.pty_app import has, in_pty

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.needs("git"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--quiet", "--wheel-dir", str(folder))
    [built] = folder.glob("windowseat-*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment that the wheel was installed into."""
    folder = tmp_path_factory.mktemp("a new place") / "venv"
    run(sys.executable, "-m", "venv", str(folder))
    pip = str(folder / "bin" / "pip")
    run(pip, "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), str(wheel))
    return folder / "bin"


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def test_every_file_of_the_packages_is_in_it_byte_for_byte(wheel: Path) -> None:
    tracked = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "backend", "shared", "tui",
                  cwd=ROOT).stdout.split("\0")  # fmt: skip
    files = [name for name in tracked if name and (ROOT / name).is_file()]
    for needed in ("tui/map/land.bin", "tui/windowseat.tcss", "backend/web/templates/page.html",
                   "backend/pipelines/escape/atlas/atlas.sqlite"):  # fmt: skip
        assert needed in files
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
        assert sorted(set(files) - inside) == []
        assert [name for name in files if archive.read(name) != (ROOT / name).read_bytes()] == []
        licences = [name for name in inside if "/licenses/" in name]
        assert {Path(name).name for name in licences} == {"LICENSE", "THIRD_PARTY_NOTICES.md"}
        assert not [name for name in inside if name.startswith("tests/")]


def test_it_answers_where_nothing_of_the_project_is(programs: Path, tmp_path: Path) -> None:
    windowseat = str(programs / "windowseat")
    assert run(windowseat, "--version", cwd=tmp_path).stdout.startswith("windowseat 0.")
    assert "Natural Earth" in run(windowseat, "about", cwd=tmp_path).stdout
    told = run(windowseat, "ask", "--json", "somewhere warm on Friday, from Valencia", cwd=tmp_path).stdout
    events = [json.loads(line) for line in told.splitlines()]
    assert events[0]["type"] == "run.started"
    assert (events[-1]["type"], events[-1]["status"]) == ("run.finished", "ok")
    where = run(str(programs / "python"), "-c", "import tui; print(tui.__file__)", cwd=tmp_path).stdout
    assert str(programs.parent) in where


async def test_its_app_opens(programs: Path) -> None:
    async with in_pty(program=[str(programs / "windowseat")]) as (sent, _, _):
        await has(sent, "connected")
