import asyncio
from pathlib import Path

import pytest

from backend.runs.log import Entry, RunSummary
from backend.runs.sqlite import SQLiteRunLog


def summary(run: str) -> RunSummary:
    return RunSummary(run=run, pipeline="p", question="q", started_at="2026-11-22T00:00:00Z", events=1)


@pytest.mark.parametrize("attempt", range(12))
async def test_many_may_open_a_fresh_folder_at_the_same_time(tmp_path: Path, attempt: int) -> None:
    logs = [SQLiteRunLog(tmp_path) for _ in range(6)]
    await asyncio.gather(*(log.append(summary(f"r{n}"), [Entry(1, b"{}")]) for n, log in enumerate(logs)))
    assert {found.run for found in await logs[0].runs(20)} == {f"r{n}" for n in range(6)}
    for log in logs:
        await log.aclose()
