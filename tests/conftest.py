"""What all tests share: missing programs skip loudly, and nothing of the developer's own settings leaks in."""

import functools
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from tests import without_network

# The suite says the same each time it runs on the same code; HYPOTHESIS_PROFILE=wide looks further and elsewhere.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("wide", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_skipped: list[str] = []

# Whole directories and files of tests that start many servers, browsers or proxies, or go through whole corpora.
_SLOW = (
    "tests/deploy/test_nodes.py",
    "tests/deploy/test_proxies.py",
    "tests/e2e/test_canary.py",
    "tests/e2e/test_fresh_clone.py",
    "tests/e2e/test_herd.py",
    "tests/e2e/test_no_network.py",
    "tests/backend/test_disk_faults.py",
    "tests/backend/test_two_nodes.py",
    "tests/backend/test_stop.py",
    "tests/backend/runs/test_machine.py",
    "tests/backend/runs/test_nodes.py",
    "tests/backend/runs/test_redis_faults.py",
    "tests/backend/runs/test_sqlite_processes.py",
    "tests/backend/web/test_journeys.py",
    "tests/backend/pipelines/escape/test_live_failures.py",
    "tests/backend/pipelines/escape/sources/test_hostile.py",
    "tests/backend/pipelines/escape/sources/chat/test_corpus.py",
    "tests/tui/conform/test_kit.py",
    "tests/tui/ssh/test_leaks.py",
    "tests/tui/ssh/test_hostile_clients.py",
    "tests/test_wheel.py",
    "tests/tui/ssh/test_lines_that_fail.py",
    "tests/tui/ssh/test_sshd.py",
    "tests/tui/ssh/test_tmux.py",
    "tests/tui/ssh/test_whose_address.py",
    "tests/tui/ssh/test_front.py",
    "tests/tui/app/test_hostile.py",
    "tests/backend/pipelines/escape/test_live.py::",
    "tests/backend/pipelines/escape/test_live_edges.py",
    "tests/backend/pipelines/escape/sources/test_where.py",
    "tests/backend/test_lost_tail.py",
    "tests/backend/http/test_slow_viewers.py",
    "tests/e2e/test_app_tmux.py",
    "tests/tui/test_resuming.py",
    "tests/tui/ssh/test_app.py",
    "tests/backend/web/test_page_in_browser.py",
    "tests/backend/http/agui/test_mapping.py",
    "tests/backend/pipelines/escape/sources/chat/test_live.py",
)
_OURS = re.compile(r"WINDOWSEAT_|DEMO_|LLM_|\w+_(API_KEY|MODEL|PROXY)$", re.IGNORECASE)


@pytest.fixture(autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test, and no test writes where a person's runs are kept."""
    for name in list(os.environ):
        if _OURS.match(name) and not name.startswith("WINDOWSEAT_TESTS_"):
            monkeypatch.delenv(name)
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("WINDOWSEAT_OFFLINE", "1")  # no test reaches out; one that means to says so itself
    monkeypatch.setenv("WINDOWSEAT_DOTENV", os.devnull)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    for name in ("SSH_CONNECTION", "SSH_TTY", "NO_COLOR", "TMUX", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(_SLOW):
            item.add_marker("slow")


@functools.cache
def _is_there(tool: str) -> bool:
    """Whether a program is on the path, ``npm:<package>`` among those that node finds for tests, or the kernel able."""
    if tool == "network namespaces":
        return without_network.is_possible()
    if tool.startswith("npm:"):
        return (Path(__file__).parent / "npm" / "node_modules" / tool.removeprefix("npm:")).is_dir()
    # Daemons are where the path of an ordinary user doesn't lead.
    return shutil.which(tool) is not None or shutil.which(tool, path="/usr/sbin:/sbin") is not None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for tool in mark.args:
            if not _is_there(tool):
                _skipped.append(f"{item.nodeid}: {tool} is not to be had here")
                pytest.skip(f"{tool} is not to be had here")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped:
        terminalreporter.section(f"{len(_skipped)} TESTS DID NOT RUN: programs are missing")
        for line in _skipped:
            terminalreporter.line(line)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _skipped and os.environ.get("WINDOWSEAT_TESTS_NO_SKIPS") and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
