"""The run log: what a store must do. A run is an append-only list of events, numbered from 1 without a gap.

Rule 1: an event is shown to a viewer only after ``append`` returned: nobody ever sees a number that a crash gives to
another event. Rule 2: a run has one writer, the process that began it or adopted it; the store refuses everybody else,
and a number that is not the next one. Rule 3: what is read is what was written, byte for byte. Rule 4: the same append,
made again by the same writer because the answer to the first was lost, changes nothing and succeeds; what has come to
it meanwhile is added.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from backend.errors import StorageError


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One event of the log: its number and its JSON line (UTF-8, no line end), and the ``forks`` of the log up to it
    (``forks.py``), as the store has them.

    A struct that the garbage collector needn't look at: 60 ns to make, a NamedTuple takes 320 and its share of
    collections.
    """

    seq: int
    data: bytes
    forks: str = ""


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


class Claim(msgspec.Struct, frozen=True):
    """The ``Idempotency-Key`` that a run was asked for with, and what the body of that request meant."""

    key: str
    fingerprint: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a run's first append brings along: the claim that no other run may have, and the ``recipe`` (opaque bytes,
    kept until the run ends) by which another process could go on with it."""

    claim: Claim | None = None
    recipe: bytes | None = None


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose writer is now this process: what its origin left, the ``values`` kept by step, whether somebody has
    asked to cancel it, and the ``forks`` of its log, the one of this very adoption among them."""

    summary: RunSummary
    recipe: bytes | None
    values: dict[str, bytes]
    cancelling: bool
    forks: str = ""


class Signal(NamedTuple):
    """From another process. ``cancel``: somebody there wants the run to end; ``viewers``: its first viewer there came
    or its last one left."""

    kind: Literal["cancel", "viewers"]
    run: str


class News(NamedTuple):
    """What other processes wrote since last asked."""

    entries: dict[str, list[Entry]]
    signals: list[Signal]


class ClaimTaken(Exception):
    """The key belongs to ``run``, which was asked for by a body with ``fingerprint``. Nothing was written."""

    def __init__(self, run: str, fingerprint: str) -> None:
        super().__init__(f"the key belongs to run {run}")
        self.run, self.fingerprint = run, fingerprint


class LeaseLost(StorageError):
    """Another process writes this run now."""


class EventsLost(StorageError):
    """The store no longer has all that it acknowledged: it ends at ``head``, as after a failover."""

    def __init__(self, run: str, head: int) -> None:
        super().__init__(f"the run log has lost what run {run} had after event {head}")
        self.run, self.head = run, head


class RunLog(Protocol):
    """A store of runs. Every method raises StorageError when the store can't do it."""

    async def append(
        self,
        summary: RunSummary,
        entries: Sequence[Entry],
        *,
        origin: Origin | None = None,
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        """Add ``entries``, in order, make ``summary`` the run's and keep ``values`` (by step) until it ends; all or
        nothing. Durable against a killed process when it returns. Entry 1 creates the run, with its ``origin``.

        Raises ClaimTaken, LeaseLost, and EventsLost when the entries before these are gone.
        """

    async def read(self, run: str, after: int, limit_bytes: int) -> list[Entry]:
        """The entries after number ``after``, in order: as many as fit into ``limit_bytes``, at least one if any."""

    async def summary(self, run: str) -> RunSummary | None:
        """The run's summary, or None if the log doesn't have it."""

    async def runs(self, limit: int, before: str | None = None, words: Sequence[str] = ()) -> list[RunSummary]:
        """The newest runs first; with ``before``, those older than that run; with ``words``, those whose question has
        all of them (case folded)."""

    async def claimed(self, key: str) -> tuple[str, str] | None:
        """The run that was asked for with this key, and the fingerprint of its body."""

    async def delete(self, run: str) -> bool:
        """Forget a finished run; False for one that is under way or isn't there."""

    async def retain(self, days: float, runs: int) -> int:
        """Forget finished runs that came into this log more than ``days`` ago, and all but the newest ``runs``; tidy up
        behind dead processes. Returns how many were forgotten."""

    # ---- between processes

    async def abandoned(self) -> list[RunSummary]:
        """Unfinished runs whose writer is gone: its process ended without an end for them, or handed them over."""

    async def adopt(self, run: str) -> Adopted | None:
        """Become the writer of an abandoned run; None if it isn't one any more. Of several who try, one gets it."""

    async def hand_over(self, run: str) -> None:
        """Stop being the writer of a run that is under way: others may adopt it."""

    async def others(self) -> int:
        """How many other processes use this store now."""

    async def ask_cancel(self, run: str) -> bool:
        """Tell the writer, whichever process it is or will be, to cancel; False if the run is over or isn't there."""

    async def cancelling(self, run: str) -> bool:
        """Whether ``ask_cancel`` was called for a run that isn't over."""

    async def watch(self, run: str, present: bool) -> None:
        """Tell the writer that this process has viewers of its run, or none any more."""

    async def watched(self, run: str) -> bool:
        """Whether another live process has viewers of this run."""

    async def news(self, heads: Mapping[str, int]) -> News:
        """What came after the given number in each of these runs, and signals. Waits for it, at most NEWS_S seconds, or
        until ``wake``; a run that grew longer may need several calls. For one caller at a time."""

    def wake(self) -> None:
        """Let ``news`` return now."""

    async def tell_end(self, run: str, entries: Sequence[Entry]) -> None:
        """Tell other processes how a run of this one ends, whose last ``entries`` the store doesn't take. They may not
        hear it."""

    async def told_end(self) -> tuple[str, list[Entry]]:
        """Wait until another process tells of such an end. For one caller at a time."""

    # ---- the store itself

    async def renew(self) -> None:
        """Say that this process lives; to be called every RENEW_S seconds."""

    async def check(self, size: int = 1) -> None:
        """Raise StorageError unless the store takes ``size`` bytes now."""

    async def aclose(self) -> None:
        """Write what is pending and close. Idempotent."""


NEWS_S = 0.4
RENEW_S = 2.0
LEASE_S = 8.0
"""A process that hasn't renewed for so long is dead to the others: its runs are theirs."""
