"""A whole run where there is no network: it ends well on what is bundled, two seconds later at most, and only once."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import without_network

QUESTION = "somewhere hot tomorrow, under 5 hours"  # names no place: where one is has to be found out, too
TOTAL_S = 2.0
KEYS = {
    "AIRLABS_API_KEY": "key-of-nobody-1", "OPENWEATHER_API_KEY": "key-of-nobody-2", "GROQ_API_KEY": "key-of-nobody-3",
    "WINDOWSEAT_CONTACT": "someone@example.org",
}  # fmt: skip


def runs(words: list[str], env: dict[str, str]) -> list[dict[str, object]]:
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **env},
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.needs("network namespaces")
@pytest.mark.parametrize("kind", ["vanishing", "unreachable"])
@pytest.mark.parametrize("env", [{}, KEYS], ids=["no key", "all keys"])
def test_a_run_costs_two_seconds_more_at_most_and_the_next_ones_nothing(
    kind: without_network.Kind, env: dict[str, str], tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "tests.e2e.runs_without_network", QUESTION]
    offline = runs(program, {"WINDOWSEAT_OFFLINE": "1"})
    cut_off = runs(without_network.command(kind, tmp_path, program), {"WINDOWSEAT_OFFLINE": "0", **env})
    usual = max(float(str(run["seconds"])) for run in offline)
    seconds = [float(str(run["seconds"])) for run in cut_off]
    assert seconds[0] < usual + TOTAL_S + 1.0  # of a busy machine
    assert max(seconds[1:]) < usual + 1.0
    assert [run["rows"] for run in cut_off] == [run["rows"] for run in offline]
    if env:
        assert [run["status"] for run in cut_off] == ["partial"] * 3
        assert "AirLabs" in str(cut_off[0]["notices"])
    else:
        assert [run["status"] for run in cut_off] == ["ok"] * 3


def test_the_machine_without_a_network_has_none(tmp_path: Path) -> None:
    if not without_network.is_possible():
        pytest.skip("counted by the tests above")
    began = time.monotonic()
    program = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    words = without_network.command("vanishing", tmp_path, [sys.executable, "-c", program])
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    assert "timed out" in done.stderr
    assert time.monotonic() - began >= 1
