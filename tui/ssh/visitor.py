"""Who has come in, what is known of them, and the server as they may see it: their runs, under their address."""

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice

from shared.events import RunStarted
from tui.client import AssistClient
from tui.connection import ClientError, Connection, Received, RunSummary
from tui.ssh.memory import BY_KEY

GATHER_S = 0.1
"""How long a stream's events gather at least."""
_FORWARDED = "X-Forwarded-For"


@dataclass(slots=True, kw_only=True)
class Visitor:
    """``key`` is the fingerprint of their key, "" where none was asked for. ``runs``: theirs, the newest last.

    ``open`` and ``lost``: see ``memory.Known``; ``began`` hears of each run that they begin.
    """

    address: str
    name: str
    key: str = ""
    runs: list[str] = field(default_factory=list)
    open: str = ""
    lost: str = ""
    began: Callable[[str, str], None] = lambda run, question: None
    is_known: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def who(self) -> str:
        return f"{BY_KEY}{self.key}" if self.key else f"address {self.address} {self.name}"

    def find(self, run: str) -> str:
        """The whole id of a run of theirs by its beginning or "last"; what isn't theirs stays as it is."""
        if run == "last":
            return self.open or (self.runs[-1] if self.runs else "")
        return next((one for one in reversed(self.runs) if one.startswith(run)), run)


class OwnClient(AssistClient):
    """The server as one visitor sees it: its history holds what they asked, and nobody else's questions."""

    def __init__(
        self,
        url: str,
        visitor: Visitor,
        on_connection: Callable[[Connection], None] | None = None,
        gather_s: Callable[[], float] | None = None,
    ) -> None:
        headers = {_FORWARDED: visitor.address} if _is_address(visitor.address) else {}
        super().__init__(url, on_connection=on_connection, headers=headers, gather_s=gather_s)
        self._visitor = visitor

    async def runs(self, limit: int = 50, *, before: str | None = None, search: str | None = None) -> list[RunSummary]:
        mine = self._visitor.runs
        if before in mine:
            mine = mine[: mine.index(before)]
        found = await asyncio.gather(*(self._summary(run) for run in reversed(mine)))
        words = (search or "").casefold().split()
        known = (one for one in found if one is not None and all(word in one.question.casefold() for word in words))
        return list(islice(known, limit))

    async def _summary(self, run: str) -> RunSummary | None:
        try:
            view = await self.run(run)
        except ClientError:
            return None
        return RunSummary(
            run=view.run, pipeline=view.pipeline, question=view.question, started_at=view.started_at,
            status=view.state if view.finished else "running", events=view.upto, ms=view.ms,
        )  # fmt: skip


def begin(visitor: Visitor, received: Received) -> None:
    """Note a run that has begun."""
    event = received.event
    if isinstance(event, RunStarted) and event.run not in visitor.runs:
        visitor.runs.append(event.run)
        visitor.open = event.run
        visitor.began(event.run, event.question)


def connecting(
    url: Callable[[], str], visitor: Visitor, due_s: Callable[[], float]
) -> Callable[..., AbstractAsyncContextManager[AssistClient]]:
    """For ``Desk``; ``due_s`` tells how long it is until events are wanted."""

    def gather_s() -> float:
        return max(GATHER_S, due_s())

    @asynccontextmanager
    async def connect(listener: Callable[[Connection], None]) -> AsyncGenerator[AssistClient, None]:
        async with OwnClient(url(), visitor, listener, gather_s) as client:
            yield client

    return connect


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
