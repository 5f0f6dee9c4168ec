"""From the start of a session to its end: the app, a plain run, or questions line by line; and how each is left."""

import asyncio
import logging
import time
from contextlib import suppress

from tui.arguments import UsageError
from tui.connection import ANSWERED, UNREACHABLE, USAGE, Received, RunSummary, run_options
from tui.desk import RESTORED, Desk, closed
from tui.epilogue import epilogue
from tui.session import Session
from tui.ssh.app import SshApp
from tui.ssh.command import Command, understand
from tui.ssh.dialogue import LineReader
from tui.ssh.house import House
from tui.ssh.link import Link
from tui.ssh.plain import PlainRun
from tui.ssh.turns import Seat
from tui.ssh.visitor import GATHER_S, Visitor, begin, connecting
from tui.terminal import Terminal
from tui.watch import Watch

KNOWN_S = 2.0
"""How long a session waits for what the front remembers."""
FIRST_PAINT_S = 10.0
LEAVE_S = 2.0
_IDLE_LOOK_S = 5.0
READ_S = 0.1
"""What has gathered is read so long before it is painted: that takes a few milliseconds, and others have turns too."""
_TELL_HOW = 'To be asked without a terminal: ssh HOST "somewhere warm on Friday". For the app: ssh -t HOST.'

log = logging.getLogger(__name__)


class Visit:
    """``command`` is what stood after the host, None where nothing did. ``seat``: whose turns its tasks are."""

    def __init__(self, house: House, visitor: Visitor, link: Link, command: str | None) -> None:
        self.seat = Seat()
        self._house = house
        self._visitor = visitor
        self._link = link
        self._command = command
        self._app: SshApp | None = None
        self._task: asyncio.Task[int] | None = None
        self._plain: PlainRun | None = None
        self._reader: LineReader | None = None
        self._typed_at = time.monotonic()
        self._why = ""
        self._exit_code: int | None = None
        self._gone = False
        self._input_ended = False
        self._early = bytearray()

    async def run(self) -> int:
        """The exit status."""
        with suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_S):
                await self._visitor.is_known.wait()
        self._task = asyncio.create_task(self._serve())
        if self._gone or self._house.why:
            self._task.cancel()
        try:
            code = await self._task
        except asyncio.CancelledError:
            code = self._exit_code or 1
        finally:
            self._task.cancel()
        if self._why and not self._gone:
            self._link.say(f"Windowseat: {self._why}.\n")
        return code if self._exit_code is None else self._exit_code

    # --- what the session hears -------------------------------------------------------------------------------------

    def typed(self, data: bytes) -> None:
        self._typed_at = time.monotonic()
        if self._plain is not None and b"\x03" in data and self._link.terminal.has_pty:
            self.interrupt(130)
            return
        if self._link.feed is not None:
            self._link.feed(data)
        elif len(self._early) < 4096:
            self._early += data  # typed ahead, before there was an app

    def input_ended(self) -> None:
        self._input_ended = True
        if self._reader is not None:
            self._reader.end()

    def interrupt(self, code: int) -> None:
        """A signal, or Ctrl+C where there is no app that hears it as a key."""
        if self._plain is not None:
            self._plain.stop(code)
        elif self._app is not None:
            self._app.exit()
        elif self._reader is not None and code == 130:
            self._reader.interrupt()
        elif self._task is not None:
            self._exit_code = code
            self._task.cancel()

    def end(self, why: str) -> None:
        """We end it, and say why."""
        self._why = self._why or why
        if self._exit_code is None:
            self._exit_code = UNREACHABLE
        if self._plain is not None:
            self._plain.stop(UNREACHABLE, cancels=False)
        elif self._app is not None:
            self._app.exit(return_code=UNREACHABLE)
        elif self._task is not None:
            self._task.cancel()

    def abandon(self) -> bool:
        """The client is gone. Whether somebody may come back for what they were watching."""
        self._gone = True
        if self._plain is not None:
            self._plain.stop(130)
        elif self._app is not None:
            self._app.exit()
            return True
        elif self._reader is not None:
            self._reader.end()
        elif self._task is not None:
            self._task.cancel()
        return False

    # --- the three ways ---------------------------------------------------------------------------------------------

    async def _serve(self) -> int:
        terminal = self._link.terminal
        try:
            command = understand(self._command) if self._command else None
        except UsageError as error:
            return await PlainRun(self._url, self._link, self._visitor).complain(error)
        if terminal.can_draw and (command is None or not command.wants_lines):
            return await self._open_app(command)
        if command is None:
            return await self._dialogue()
        if command.text == "-":
            command = await self._from_stdin(command)
            if command is None:
                return USAGE
        return await self._answer(command)

    async def _answer(self, command: Command) -> int:
        self._plain = PlainRun(self._url, self._link, self._visitor)
        try:
            return await self._plain.answer(command)
        finally:
            self._plain = None

    async def _dialogue(self) -> int:
        if not self._link.terminal.has_pty:
            command = await self._from_stdin(Command(text="-"))
            return USAGE if command is None else await self._answer(command)
        code = ANSWERED
        reader = self._listen()
        self._tell_loss("ssh HOST attach --last shows it")
        self._link.say("Windowseat. Ask in your own words, one question a line; ctrl+d leaves.\n")
        while not self._gone:
            self._link.say("> ")
            line = await reader.line()
            if line is None:
                break
            if not line.strip():
                continue
            try:
                code = await self._answer(understand(line.strip()))
            except UsageError as error:
                code = await PlainRun(self._url, self._link, self._visitor).complain(error)
        return code

    async def _from_stdin(self, command: Command) -> Command | None:
        from dataclasses import replace

        text = (await self._listen().text()).strip()
        if text:
            return replace(command, text=text)
        await PlainRun(self._url, self._link, self._visitor).complain(UsageError("there is no question", _TELL_HOW))
        return None

    def _listen(self) -> LineReader:
        self._reader = LineReader(self._link)
        if self._early:
            self._reader.feed(bytes(self._early))
        if self._input_ended:
            self._reader.end()
        return self._reader

    async def _open_app(self, command: Command | None) -> int:
        desk = self._desk(command)
        started: asyncio.Task[int | None] | None = None
        try:
            async with self._house.starting:  # one at a time: a start costs the others a fifth of a second
                app = self._app = SshApp(
                    desk, command.text if command else None,
                    session=self._session(command), link=self._link, governor=self._house.governor, seat=self.seat,
                )  # fmt: skip
                started = asyncio.create_task(
                    app.run_async(size=(self._link.terminal.width, self._link.terminal.height))
                )
                painted = asyncio.create_task(app.painted.wait())
                await asyncio.wait({started, painted}, timeout=FIRST_PAINT_S, return_when=asyncio.FIRST_COMPLETED)
                painted.cancel()
            if self._early and self._link.feed is not None:
                self._link.feed(bytes(self._early))
            await self._while_open(started, desk)
        finally:
            self._app = None
            await _ended(started)
            await closed(desk)
        return self._left(app, desk)

    async def _while_open(self, started: "asyncio.Task[int | None]", desk: Desk) -> None:
        """Until the app has ended; one that nobody uses is ended, and one that can't end is cancelled."""
        while not started.done():
            await asyncio.wait({started}, timeout=LEAVE_S if self._why or self._gone else _IDLE_LOOK_S)
            if started.done() or self._gone or self._why:
                break
            is_busy = desk.last is not None and desk.last.live
            if not is_busy and time.monotonic() - self._typed_at > self._house.settings.idle_s:
                self._exit_code = ANSWERED
                self.end("nothing was typed for a long time")
        await asyncio.wait({started}, timeout=LEAVE_S)

    def _left(self, app: SshApp, desk: Desk) -> int:
        if self._gone:
            return 1
        if app.crashed:
            self._link.say("Windowseat failed, and it is our fault. What you asked is kept: connect again.\n")
            return 1
        if desk.last is not None:
            self._link.say(epilogue(desk.last, self._link.terminal.width, again="ssh HOST attach"))
        return app.return_code or (UNREACHABLE if desk.link.state == "unreachable" else ANSWERED)

    # --- parts ------------------------------------------------------------------------------------------------------

    def _url(self) -> str:
        return self._house.url

    def _desk(self, command: Command | None) -> Desk:
        settings = command.settings if command is not None else None
        zone = (settings.tz if settings is not None else None) or self._link.terminal.zone
        visitor = self._visitor

        def is_mine(summary: RunSummary) -> bool:
            return summary.run in visitor.runs

        def tap(received: Received) -> None:
            begin(visitor, received)

        def begun(watch: Watch) -> None:
            self._typed_at = time.monotonic()

        return Desk(
            connecting(self._url, visitor, self._due_s),
            pipeline=settings.pipeline if settings is not None else None,
            options=run_options(settings.origin if settings is not None else None, zone,
                                dict(command.options) if command is not None else None),
            restored=RESTORED,
            is_mine=is_mine,
            begun=begun,
            tap=tap,
            left_open=visitor.open,
            lost=visitor.lost,
            place="over SSH",
        )  # fmt: skip

    def _due_s(self) -> float:
        """How long events may gather: they are wanted by the time that they are painted, and not by and by before."""
        period_s = self._house.governor.period_s
        return max(period_s, self._app.paints_in_s(GATHER_S + READ_S) - READ_S) if self._app is not None else period_s

    def _session(self, command: Command | None) -> Session:
        terminal = self._link.terminal
        return Session(
            expand=command.settings.expand if command is not None else "failed",  # type: ignore[arg-type]  # checked
            motion=False,
            terminal=Terminal(remote=True, color=terminal.wants_color, can_save=False, name=terminal.name),
        )

    def _tell_loss(self, how: str) -> None:
        visitor = self._visitor
        if visitor.lost:
            self._link.say(f"Your last session ended: {visitor.lost}." + (f" {how}." if visitor.open else "") + "\n")


async def _ended(task: "asyncio.Task[int | None] | None") -> None:
    """Cancelled if need be, and waited for."""
    if task is None:
        return
    if not task.done():
        task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
