"""What the app does with a server: connect, ask, cancel, fetch runs of the past. It never knows a widget.

One question is answered at a time; ``runs`` has it last, after those before it. The coroutines here are run by the
screen, as workers it owns; what they learn is left in ``runs``, ``link`` and ``pipelines`` for the painting timer,
which sees by ``version`` that something is new.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any

from shared.text import clean
from tui.connection import (
    ClientError,
    Connection,
    NotReachable,
    PipelineInfo,
    Received,
    RecordingError,
    Refused,
    RunSummary,
)
from tui.run_client import Connect, RunClient
from tui.watch import Link, Trouble, Watch

CANCEL_S = 5.0
"""How long a request to cancel may take before the app stops waiting for it."""
RESTORED = 5
"""Runs of the past that the transcript begins with."""
MAX_RUNS = 200
"""Runs that the transcript holds; older ones are in the server's history."""
MAX_LOADED = 20
"""Runs whose whole state is kept: of older ones their line, until somebody opens them again."""
PREVIOUS = "previous"
"""The option that names the run whose wish a question refines; sent where the pipeline takes it."""

_AGAIN = "press esc to try again"


class Desk:
    """``options`` go with every question. ``pipeline`` is asked (None: the server's first) until another is chosen.

    ``restored``: so many of the newest runs that ``is_mine`` knows stand in the transcript from the beginning.
    ``begun`` hears of each run asked for here once it has an id, ``tap`` of every event of it. ``clock`` gives
    seconds.
    ``place``: what the server is called, where its URL means nothing to the person.
    ``left_open``: a run that somebody who was cut off may want to go on with, and ``lost`` why they were; ``left`` is
    then that run, or the newest of theirs that still goes on, and ``resumed`` the run if they do.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        pipeline: str | None = None,
        options: Mapping[str, Any] | None = None,
        restored: int = RESTORED,
        is_mine: Callable[[RunSummary], bool] = lambda summary: True,
        begun: Callable[[Watch], None] = lambda watch: None,
        tap: Callable[[Received], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        left_open: str = "",
        lost: str = "",
        place: str = "",
    ) -> None:
        self.left: Watch | None = None
        self.resumed: Watch | None = None
        self.lost = lost
        self.runs: list[Watch] = []
        self.link = Link("starting")
        self.trouble: Trouble | None = None
        self.pipelines: tuple[PipelineInfo, ...] = ()
        self.server = ""
        self.events = 0
        self._watch: Watch | None = None
        self._connect = connect
        self._chosen = pipeline
        self._options = dict(options or {})
        self._restored = restored
        self._is_mine = is_mine
        self._begun = begun
        self._tap = tap
        self._clock = clock
        self._left_open = left_open
        self._place = place
        self._client: RunClient | None = None
        self._connected = asyncio.Event()
        self._changes = 0
        self._stack = AsyncExitStack()
        self._reading = asyncio.Lock()
        self._loads: list[asyncio.Event] = []

    @property
    def watch(self) -> Watch | None:
        """The question asked last; None before the first one of this session."""
        return self._watch

    @property
    def last(self) -> Watch | None:
        """What somebody leaves with: the question asked last, else the run of an earlier session that they took up."""
        return self._watch or self.resumed

    @property
    def version(self) -> tuple[int, int]:
        """Another value than before means that something is new to paint."""
        return self._changes, sum(watch.version for watch in self.runs)

    @property
    def pipeline(self) -> PipelineInfo | None:
        """The pipeline that will be asked, once the server has told what it has."""
        named = [info for info in self.pipelines if self._chosen in (None, info.name)]
        return named[0] if named else None

    def set_option(self, name: str, value: Any) -> None:
        """It goes with the next questions; None: it doesn't."""
        self._options = (
            {**self._options, name: value}
            if value is not None
            else {key: other for key, other in self._options.items() if key != name}
        )

    async def open(self) -> None:
        """Reach the server and learn what can be asked. A failure is left in ``trouble``."""
        try:
            self._client = await self._stack.enter_async_context(self._connect(self._heard))
            self.server = self._place or self._client.url
            self.pipelines = tuple(await self._client.pipelines())
            await self._restore(self._client)
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
            for load in list(self._loads):
                await load.wait()
            await self._stack.aclose()

    async def ask(self, question: str, pipeline: str | None = None, *, refines: str | None = None) -> None:
        """Ask, and watch until the run is over or lost. A run that is still going is cancelled first.

        ``pipeline`` is chosen for this question and those after it. ``refines``: the run whose wish this one changes.
        """
        self._chosen = pipeline or self._chosen
        before, self._watch = self._watch, Watch(clean(question), self._clock, refines=refines)
        watch = self._watch
        self._keep(watch)
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

    async def load(self, watch: Watch) -> None:
        """Fetch the events of a run of which only the summary is known; one that still goes on is followed."""
        if self._client is None or not watch.dormant:
            return
        watch.load()
        done = asyncio.Event()
        self._loads.append(done)
        try:
            async with aclosing(self._client.attach(watch.run)) as stream:
                async for several in stream:
                    for received in several:
                        watch.receive(received)
        except ClientError as error:
            watch.fail(Trouble(str(error), error.hint or ""))
        finally:
            watch.loading = False
            self._loads.remove(done)
            done.set()

    def fetch(self, summary: RunSummary) -> Watch:
        """A run of the history as a part of the transcript: the one that is there, or another, still dormant."""
        found = next((watch for watch in self.runs if watch.run == summary.run), None)
        if found is None:
            found = Watch(summary.question, summary=summary)
            self.runs.insert(0, found)
            self._changes += 1
        return found

    async def history(self, limit: int = 200) -> Sequence[RunSummary]:
        """The newest runs of the server, newest first. Raises ClientError."""
        await self._connected.wait()
        if self._client is None:
            raise NotReachable("there is no server whose history could be shown")
        return await self._client.runs(limit)

    async def cancel(self) -> None:
        """Cancel what is going on. Before the run has an id the wish is kept, and sent when it has one."""
        watch = self.watch
        if watch is None or not watch.live or watch.asked_cancel:
            return
        watch.asked_cancel = True
        self._changes += 1
        if watch.view.run and self._client is not None:
            await self._cancel(self._client, watch, _AGAIN)

    def _keep(self, watch: Watch) -> None:
        """One more run: those long past shrink to their line, or go."""
        self.runs.append(watch)
        for old in self.runs[:-MAX_LOADED]:
            if not old.dormant:
                old.forget()
        del self.runs[:-MAX_RUNS]
        self._changes += 1

    async def _restore(self, client: RunClient) -> None:
        if self._restored <= 0:
            return
        with suppress(ClientError):  # a server that keeps no history can still be asked
            found = [summary for summary in await client.runs(limit=50) if self._is_mine(summary)]
            past = [Watch(summary.question, summary=summary) for summary in found[: self._restored]]
            self.runs[:0] = reversed(past)
            self.left = next((one for one in past if _was_left(one.summary, self._left_open)), None)

    async def _read(self, client: RunClient, watch: Watch, group: asyncio.TaskGroup) -> None:
        options = dict(self._options)
        if watch.refines is not None:
            options[PREVIOUS] = watch.refines
        async with aclosing(client.ask(watch.question, pipeline=self._chosen, options=options)) as stream:
            async for several in stream:
                for received in several:
                    watch.receive(received)
                    self.events += 1
                    self._record(received)
                    if watch.view.upto == 1:
                        self._begun(watch)
                    if watch.asked_cancel and watch.view.upto == 1:
                        group.create_task(self._cancel(client, watch, _AGAIN))

    def _record(self, received: Received) -> None:
        """A file that can't be written any more ends the recording, and not the run."""
        if self._tap is None:
            return
        try:
            self._tap(received)
        except (OSError, RecordingError) as error:
            self._tap = None
            self.trouble = Trouble(f"The recording has ended: {error}")
            self._changes += 1

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


def _was_left(summary: RunSummary | None, left_open: str) -> bool:
    return summary is not None and (summary.run == left_open or summary.status == "running")


def _link_after(error: ClientError) -> Link:
    """A server that refuses is there all the same; of one that was cut off, nobody knows."""
    if isinstance(error, Refused):
        return Link("connected")
    return Link("unreachable" if isinstance(error, NotReachable) else "interrupted", str(error))


async def closed(desk: Desk) -> None:
    """``desk.close()`` for the way out: a connection that breaks while it is given up is of no interest."""
    with suppress(ClientError):
        await desk.close()
