"""The run log on SQLite between processes: real ones, killed for real."""

import contextlib
import signal
from pathlib import Path

from backend.runs.sqlite import SQLiteRunLog
from tests.asked_runs import entries, numbers, summary_of
from tests.log_processes import log_process, wait_ready


async def abandoned_in(folder: Path) -> list[str]:
    log = SQLiteRunLog(folder)
    try:
        return sorted(run.run for run in await log.abandoned())
    finally:
        await log.aclose()


async def test_runs_of_a_killed_process_are_abandoned_and_those_of_a_live_one_are_not(tmp_path: Path) -> None:
    with log_process(tmp_path, "open", "killed") as killed, log_process(tmp_path, "open", "alive") as alive:
        wait_ready(killed)
        wait_ready(alive)
        assert await abandoned_in(tmp_path) == []
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert await abandoned_in(tmp_path) == ["killed"]
        assert await abandoned_in(tmp_path) == ["killed"], "asking changes nothing"
    assert await abandoned_in(tmp_path) == ["alive", "killed"]


async def test_a_killed_process_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with log_process(tmp_path, "append", "r", "50") as process:
        wait_ready(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    log = SQLiteRunLog(tmp_path)
    assert len(await log.runs(1000)) == 50
    for number in range(50):
        assert numbers(await log.read(f"r-{number}", 0, 1000)) == [1, 2]
    await log.aclose()


async def test_a_run_left_open_by_an_orderly_end_is_abandoned_too(tmp_path: Path) -> None:
    log = SQLiteRunLog(tmp_path)
    await log.append(summary_of("r", 1), entries(1))
    assert await log.abandoned() == [], "its writer is here"
    await log.aclose()
    assert await abandoned_in(tmp_path) == ["r"]


async def test_a_finished_run_is_never_abandoned(tmp_path: Path) -> None:
    with log_process(tmp_path, "append", "r", "3") as process:
        wait_ready(process)
    assert await abandoned_in(tmp_path) == []


async def test_nothing_in_memory_is_abandoned() -> None:
    log = SQLiteRunLog(":memory:")
    await log.append(summary_of("r", 1), entries(1))
    assert await log.abandoned() == []
    await log.aclose()


async def test_several_processes_open_one_new_file_and_append_to_it_at_once(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d"]
    with contextlib.ExitStack() as stack:
        for process in [stack.enter_context(log_process(tmp_path, "append", name, "25")) for name in names]:
            wait_ready(process)
    log = SQLiteRunLog(tmp_path)
    found = {run.run: run.status for run in await log.runs(1000)}
    assert found == {f"{name}-{number}": "ok" for name in names for number in range(25)}
    await log.aclose()
