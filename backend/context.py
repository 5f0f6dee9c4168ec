"""What a step is given beside its values: its ``Context``, the ``Question`` that the run began with, ``Later`` values.

An author of a pipeline imports these from ``backend.pipeline``.
"""

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from shared.events import ErrorInfo, Evidence, Level, RowRemoval, RowUpsert, TokenKind

T_co = TypeVar("T_co", covariant=True)


class Later(Awaitable[T_co], Protocol[T_co]):
    """A value that a step wants late: ``wish = await later_wish``. Awaiting twice gives the same value."""


class Previous(msgspec.Struct, frozen=True):
    """The earlier run that a question follows up. ``details``: by step id, the outcomes of the steps that the pipeline
    ``follows``, as JSON; those that didn't end well are missing."""

    run: str
    question: str
    details: Mapping[str, Any] = {}


class Question(msgspec.Struct, frozen=True):
    """What a run begins with.

    ``options`` are the caller's, as JSON, checked by the pipeline. ``address`` is the caller's IP address, if known.
    """

    text: str
    options: Mapping[str, Any] = {}
    address: str | None = None
    previous: Previous | None = None


class Call(Protocol):
    """A recorded call to a source of facts, used as ``async with ctx.call(...) as call``.

    It becomes one ``step.log`` line with evidence when the block ends, however it ends.
    """

    id: str
    status: int | str
    cached: bool
    retries: int
    bytes: int
    as_of: str | None
    excerpt: str | None
    text: str

    async def __aenter__(self) -> "Call": ...
    async def __aexit__(self, *exc_info: object) -> None: ...


class Context(Protocol):
    """A step's voice and its limits, and nothing else."""

    @property
    def attempt(self) -> int:
        """Which attempt of the step this is, from 1."""

    @property
    def failure(self) -> ErrorInfo | None:
        """How the attempt before this one failed; None for the first."""

    @property
    def deadline(self) -> float:
        """``time.monotonic()`` by which this attempt must end, in seconds."""

    def clock(self) -> datetime:
        """Now, in UTC."""

    def say(self, sentence: str) -> None:
        """The sentence in the past tense that the step will end with ("37 non-stop destinations")."""

    def detail(self, outcome: Any) -> None:
        """What to show whoever opens the step, when it is not simply the value returned."""

    def degraded(self, why: str) -> None:
        """Part is missing or a fallback was used: the step ends ``degraded`` and the run ``partial``."""

    def progress(self, done: int, total: int | None = None, unit: str | None = None) -> None:
        """How far it is; the latest wins. ``done`` that falls, or passes ``total``, is a ValueError."""

    def log(self, text: str, *, level: Level = "info", evidence: Evidence | None = None) -> None:
        """A line inside the step."""

    def token(self, text: str, *, kind: TokenKind = "answer") -> None:
        """Text of a language model as it arrives; pieces of one kind are joined before they are numbered."""

    def rows(self, upsert: Sequence[RowUpsert] = (), remove: Sequence[RowRemoval] = ()) -> None:
        """The result as it grows."""

    def order(self, row_ids: Sequence[str]) -> None:
        """The rows that are in, best first, as the run will end with."""

    def call(self, source: str, operation: str, **request: Any) -> Call:
        """A call to a source, timed and recorded. ``request`` is shown: it must hold no secret."""
