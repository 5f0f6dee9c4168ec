"""The run log: what a store must do. A run is an append-only list of events, numbered from 1 without a gap.

Rule 1: an event is shown to a viewer only after ``append`` returned: nobody ever sees a number that a crash gives to
another event. Rule 2: one writer a run; the store refuses a number that exists. Rule 3: what is read is what was
written, byte for byte.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec


class Entry(NamedTuple):
    """One event of the log: its number and its JSON line (UTF-8, no line end)."""

    seq: int
    data: bytes


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run as lists show it. ``status`` is ``running`` until ``run.finished``; ``ms`` is its duration then, else None.

    ``events`` is the length of the log so far; ``started_at`` is RFC 3339 in UTC.
    """

    run: str
    pipeline: str
    question: str
    started_at: str
    status: str = "running"
    events: int = 0
    ms: int | None = None


class RunLog(Protocol):
    """A store of runs. Every method raises StorageError when the store can't do it."""

    async def append(self, summary: RunSummary, entries: Sequence[Entry]) -> None:
        """Add ``entries``, in order, and make ``summary`` the run's; both or neither. Durable against a killed
        process when it returns. The first call of a run creates it."""

    async def read(self, run: str, after: int, limit_bytes: int) -> list[Entry]:
        """The entries after number ``after``, in order: as many as fit into ``limit_bytes``, at least one if any."""

    async def summary(self, run: str) -> RunSummary | None:
        """The run's summary, or None if the log doesn't have it."""

    async def runs(self, limit: int, before: str | None = None) -> list[RunSummary]:
        """The newest runs first; with ``before``, those older than that run."""

    async def abandoned(self) -> list[RunSummary]:
        """Unfinished runs whose writer is gone: its process ended without an end for them."""

    async def aclose(self) -> None:
        """Write what is pending and close. Idempotent."""
