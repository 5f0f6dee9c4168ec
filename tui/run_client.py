"""The client as the app needs it, so that a recorded run, or a test, can stand in for a server."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

from tui.connection import Connection, PipelineInfo, Received, RunSummary


class RunClient(Protocol):
    """What the app needs of ``tui.client.AssistClient``."""

    @property
    def url(self) -> str: ...

    def ask(
        self, q: str, *, pipeline: str | None = None, options: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Sequence[Received], None]: ...

    def attach(self, run: str) -> AsyncGenerator[Sequence[Received], None]: ...

    async def cancel(self, run: str) -> object: ...

    async def pipelines(self) -> Sequence[PipelineInfo]: ...

    async def runs(self, limit: int = 50) -> Sequence[RunSummary]: ...


Connect: TypeAlias = Callable[[Callable[[Connection], None]], AbstractAsyncContextManager[RunClient]]
"""Given a listener for the state of the connection: a client of a server that is there, for as long as it is entered.

Entering raises ClientError where there is no such server.
"""
