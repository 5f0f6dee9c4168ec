"""A ``Context`` that records what a step says, for steps run as plain functions; it holds them to the rules."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from backend.pipeline import Later
from shared.events import ErrorInfo, Evidence, Level, RowRemoval, RowUpsert, TokenKind

T = TypeVar("T")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Now(Later[T], Generic[T]):
    """A ``Later`` value that is there already."""

    def __init__(self, value: T) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, Any, T]:
        return self._value
        yield  # what makes this a generator


@dataclass
class FakeCall:
    id: str
    source: str
    operation: str
    request: dict[str, Any]
    status: int | str = "ok"
    cached: bool = False
    retries: int = 0
    bytes: int = 0
    as_of: str | None = None
    excerpt: str | None = None
    text: str = ""
    ended: bool = False

    async def __aenter__(self) -> "FakeCall":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.ended = True


@dataclass
class FakeContext:
    """``removed`` maps row ids to reasons; ``cells`` and ``states`` are the rows as folded so far."""

    now: datetime = NOON
    attempt: int = 1
    failure: ErrorInfo | None = None
    deadline: float = field(default_factory=lambda: time.monotonic() + 60)
    said: str | None = None
    outcome: Any = None
    degradations: list[str] = field(default_factory=list)
    logs: list[tuple[str, str]] = field(default_factory=list)
    progressed: list[tuple[int, int | None, str | None]] = field(default_factory=list)
    tokens: list[tuple[TokenKind, str]] = field(default_factory=list)
    cells: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)
    ordered: tuple[str, ...] | None = None
    calls: list[FakeCall] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def say(self, sentence: str) -> None:
        self.said = sentence

    def detail(self, outcome: Any) -> None:
        self.outcome = outcome

    def degraded(self, why: str) -> None:
        self.degradations.append(why)

    def progress(self, done: int, total: int | None = None, unit: str | None = None) -> None:
        if self.progressed and done < self.progressed[-1][0]:
            raise ValueError(f"progress fell to {done}")
        if total is not None and done > total:
            raise ValueError(f"progress {done} of {total}")
        self.progressed.append((done, total, unit))

    def log(self, text: str, *, level: Level = "info", evidence: Evidence | None = None) -> None:
        self.logs.append((level, text))

    def token(self, text: str, *, kind: TokenKind = "answer") -> None:
        self.tokens.append((kind, text))

    def rows(self, upsert: Sequence[RowUpsert] = (), remove: Sequence[RowRemoval] = ()) -> None:
        for row in upsert:
            self.cells.setdefault(row.id, {}).update(row.cells)
            self.states[row.id] = row.state
            self.removed.pop(row.id, None)
        for removal in remove:
            assert removal.id in self.cells, f"{removal.id} is removed before anybody saw it"
            self.removed[removal.id] = removal.why
            self.states[removal.id] = "removed"

    def order(self, row_ids: Sequence[str]) -> None:
        self.ordered = tuple(row_ids)

    def call(self, source: str, operation: str, **request: Any) -> FakeCall:
        call = FakeCall(f"c{len(self.calls) + 1}", source, operation, request)
        self.calls.append(call)
        return call
