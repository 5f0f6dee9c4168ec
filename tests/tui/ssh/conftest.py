"""Tests of the front door: the environment of a worker, and where its parts are."""

import pytest

from tui.ssh.workers import worker_environment


@pytest.fixture(autouse=True)
def _as_in_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich looks at the environment when an app is made."""
    for name in ("TERM", "COLORTERM"):
        monkeypatch.setenv(name, worker_environment()[name])
