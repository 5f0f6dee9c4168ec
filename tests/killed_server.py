"""A server that kills itself with SIGKILL at the n-th event that it writes (``KILL_AT``), before it is in the log or
after it, before any viewer has it (``KILL_WHEN``: ``before``, ``after``)."""

import os
import signal
import sys

import backend.registry
from backend.runs.log import Entry
from backend.runs.writer import RunWriter
from tests.tiny import tiny_pipeline

sys.argv = [argument for argument in sys.argv if argument != "--alone"]
backend.registry.PIPELINES = (tiny_pipeline(),)

_left = int(os.environ.get("KILL_AT", "0"))
_before = os.environ.get("KILL_WHEN") == "before"
_append, _store = RunWriter._append, RunWriter._store


async def _append_one_by_one(self: RunWriter, entries: list[Entry]) -> None:
    for entry in entries:
        await _append(self, [entry])


async def _store_and_die(self: RunWriter, entries: list[Entry]) -> None:
    global _left
    _left -= 1
    if _left == 0 and _before:
        os.kill(os.getpid(), signal.SIGKILL)
    await _store(self, entries)
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


if _left:
    RunWriter._append, RunWriter._store = _append_one_by_one, _store_and_die  # type: ignore[method-assign]  # on purpose

if __name__ == "__main__":
    from backend.__main__ import main

    sys.exit(main())
