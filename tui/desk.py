"""What the app does with a server: connect, ask, cancel. It has one question at a time and never a widget.

The coroutines here are run by the screen, as workers it owns; what they learn is left in ``watch``, ``link`` and
``pipelines`` for the painting timer, which sees by ``version`` that something is new.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, suppress
from typing import Any, Protocol, TypeAlias

from shared.text import clean
from tui.connection import ClientError, Connection, NotReachable, PipelineInfo, Received, Refused
from tui.watch import Link, Trouble, Watch

CANCEL_S = 5.0
"""How long a request to cancel may take before the app stops waiting for it."""

_AGAIN = "press esc to try again"


class RunClient(Protocol):
    """What the app needs of ``tui.client.AssistClient``."""

    @property
    def url(self) -> str: ...

    def ask(
        self, q: str, *, pipeline: str | None = None, options: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Received, None]: ...

    async def cancel(self, run: str) -> object: ...

    async def pipelines(self) -> Sequence[PipelineInfo]: ...


Connect: TypeAlias = Callable[[Callable[[Connection], None]], AbstractAsyncContextManager[RunClient]]
"""Given a listener for the state of the connection: a client of a server that is there, for as long as it is entered.

Entering raises ClientError where there is no such server.
"""


class Desk:
    """``options`` go with every question. ``pipeline`` is asked (None: the server's first) until another is chosen."""

    def __init__(
        self, connect: Connect, *, pipeline: str | None = None, options: Mapping[str, Any] | None = None
    ) -> None:
        self.watch: Watch | None = None
        self.link = Link("starting")
        self.trouble: Trouble | None = None
        self.pipelines: tuple[PipelineInfo, ...] = ()
        self.server = ""
        self._connect = connect
        self._chosen = pipeline
        self._options = dict(options or {})
        self._client: RunClient | None = None
        self._connected = asyncio.Event()
        self._changes = 0
        self._stack = AsyncExitStack()
        self._reading = asyncio.Lock()

    @property
    def version(self) -> tuple[int, int]:
        """Another value than before means that something is new to paint."""
        return self._changes, self.watch.version if self.watch is not None else 0

    @property
    def pipeline(self) -> PipelineInfo | None:
        """The pipeline that will be asked, once the server has told what it has."""
        named = [info for info in self.pipelines if self._chosen in (None, info.name)]
        return named[0] if named else None

    async def open(self) -> None:
        """Reach the server and learn what can be asked. A failure is left in ``trouble``."""
        try:
            self._client = await self._stack.enter_async_context(self._connect(self._heard))
            self.server = self._client.url
            self.pipelines = tuple(await self._client.pipelines())
        except ClientError as error:
            self.trouble = Trouble(str(error), error.hint or "")
            self.link = Link("unreachable", str(error))
        else:
            self.link = Link("connected")
        self._changes += 1
        self._connected.set()

    async def close(self) -> None:
        """Leave the server; a local one ends with this. Call when no worker runs any more, or is about to end."""
        async with self._reading:
            await self._stack.aclose()

    async def ask(self, question: str, pipeline: str | None = None) -> None:
        """Ask, and watch until the run is over or lost. A run that is still going is cancelled first.

        ``pipeline`` is chosen for this question and those after it.
        """
        self._chosen = pipeline or self._chosen
        before, self.watch = self.watch, Watch(clean(question))
        watch = self.watch
        self._changes += 1
        await self._connected.wait()
        if self._client is None:
            watch.fail(self.trouble or Trouble("there is no server to ask"))
            return
        if watch.asked_cancel:
            watch.fail(Trouble("you cancelled before the server was there"))
            return
        async with self._reading, asyncio.TaskGroup() as group:
            if before is not None and before.live and before.view.run:
                group.create_task(self._cancel(self._client, before, "it ends by itself when nobody watches it"))
            try:
                await self._read(self._client, watch, group)
            except ClientError as error:
                watch.fail(Trouble(str(error), error.hint or ""))
                self.link = _link_after(error)

    async def cancel(self) -> None:
        """Cancel what is going on. Before the run has an id the wish is kept, and sent when it has one."""
        watch = self.watch
        if watch is None or not watch.live or watch.asked_cancel:
            return
        watch.asked_cancel = True
        self._changes += 1
        if watch.view.run and self._client is not None:
            await self._cancel(self._client, watch, _AGAIN)

    async def _read(self, client: RunClient, watch: Watch, group: asyncio.TaskGroup) -> None:
        stream = client.ask(watch.question, pipeline=self._chosen, options=self._options)
        async with aclosing(stream):
            async for received in stream:
                watch.receive(received.event)
                if watch.asked_cancel and watch.view.upto == 1:
                    group.create_task(self._cancel(client, watch, _AGAIN))

    async def _cancel(self, client: RunClient, watch: Watch, if_not: str) -> None:
        try:
            async with asyncio.timeout(CANCEL_S):
                await client.cancel(watch.view.run)
        except (ClientError, TimeoutError) as error:
            # The user may press the key again; the run itself is still being watched.
            watch.asked_cancel = False
            why = str(error) or "no answer in time"
            self.trouble = Trouble(f"the run “{watch.question}” could not be cancelled ({why}): {if_not}")
            self._changes += 1

    def _heard(self, connection: Connection) -> None:
        if connection.state == "reconnecting":
            self.link = Link("reconnecting", f"attempt {connection.attempt}: {connection.why}")
        elif connection.state != "connecting":
            self.link, self.trouble = Link("connected"), None
        self._changes += 1


def _link_after(error: ClientError) -> Link:
    """A server that refuses is there all the same; of one that was cut off, nobody knows."""
    if isinstance(error, Refused):
        return Link("connected")
    return Link("unreachable" if isinstance(error, NotReachable) else "interrupted", str(error))


async def closed(desk: Desk) -> None:
    """``desk.close()`` for the way out: a connection that breaks while it is given up is of no interest."""
    with suppress(ClientError):
        await desk.close()
