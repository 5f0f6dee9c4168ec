"""Processes of their own that write a run log, as servers do: ``python -m tests.log_processes FOLDER COMMAND …``."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.runs.sqlite import SQLiteRunLog
from backend.runs.takeover import interrupt_abandoned
from tests.asked_runs import entries, summary_of

ROOT = Path(__file__).parent.parent


@contextmanager
def log_process(folder: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """Such a process; it says ``ready`` when its command is done and ends when its standard input does, at the latest
    with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.log_processes", str(folder), *command],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if line != "ready\n":
        assert process.stderr is not None
        raise AssertionError(f"{line!r} {process.stderr.read()}")


async def main(folder: str, command: str, *arguments: str) -> None:
    log = SQLiteRunLog(folder)
    match command:
        case "open":  # a run that is under way
            await log.append(summary_of(arguments[0], 2), entries(2))
        case "append":  # many small runs, one after the other
            for number in range(int(arguments[1])):
                run = f"{arguments[0]}-{number}"
                await log.append(summary_of(run, 1), entries(1))
                await log.append(summary_of(run, 2, "ok"), entries(1, first=2))
        case "recover":
            await interrupt_abandoned(log)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await log.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
