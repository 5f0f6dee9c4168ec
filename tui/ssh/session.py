"""One session of a connection, as SSH has it: what the client says of its terminal, what it wants, what it types."""

import asyncio
import logging
from typing import Any

import asyncssh

from tui.ssh.client_terminal import ClientTerminal
from tui.ssh.house import House
from tui.ssh.link import Link
from tui.ssh.outlet import Outlet
from tui.ssh.turns import SEAT
from tui.ssh.visit import Visit
from tui.ssh.visitor import Visitor

_SIGNALS = {"INT": 130, "TERM": 143, "HUP": 129, "QUIT": 131}
_CLOSE_S = 2.0

log = logging.getLogger(__name__)


class ChannelSession(asyncssh.SSHServerSession[bytes]):
    def __init__(self, house: House, visitor: Visitor) -> None:
        self.terminal = ClientTerminal()
        self._house = house
        self._visitor = visitor
        self._channel: Any = None
        self._command: str | None = None
        self._link: Link | None = None
        self._visit: Visit | None = None
        self._is_over = False

    def connection_made(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        self._channel = chan

    # --- requests ---------------------------------------------------------------------------------------------------

    def env_requested(self, packet: Any) -> bool:
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        return self.terminal.set_env(name, value)

    def pty_requested(self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Any) -> bool:
        self.terminal.has_pty = True
        self.terminal.name = term_type[:64].lower()
        self.terminal.resize(term_size[0], term_size[1])
        return True

    def shell_requested(self) -> bool:
        return True

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        settings = self._house.settings
        outlet = Outlet(self._channel, settings.max_unsent, settings.stall_s)
        self._link = Link(self._channel, self.terminal, outlet)
        self._visit = Visit(self._house, self._visitor, self._link, self._command)
        self._house.spawn(asyncio.create_task(self._run(self._visit)))

    # --- what comes -------------------------------------------------------------------------------------------------

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        self.terminal.resize(width, height)
        if self._link is not None and self._link.resized is not None:
            self._link.resized()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._visit is not None and datatype is None:
            self._visit.typed(data)

    def eof_received(self) -> bool:
        if self._visit is not None:
            self._visit.input_ended()
        return True

    def signal_received(self, signal: str) -> None:
        if self._visit is not None:
            self._visit.interrupt(_SIGNALS.get(signal, 130))

    def break_received(self, msec: int) -> bool:
        if self._visit is not None:
            self._visit.interrupt(130)
        return True

    # --- the end ----------------------------------------------------------------------------------------------------

    def end(self, why: str) -> None:
        """Tell the person why, and end."""
        if self._visit is not None:
            self._visit.end(why)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost("")

    def lost(self, why: str) -> str:
        """The client is gone; ``why`` if that is worth telling when it comes back, else ""."""
        if self._link is not None:
            self._link.outlet.closed = True
        if self._is_over or self._visit is None:
            return ""
        return why if self._visit.abandon() else ""

    async def _run(self, visit: Visit) -> None:
        SEAT.set(visit.seat)
        code = 1
        try:
            code = await visit.run()
        except Exception:
            log.exception("a session failed")
            if self._link is not None:
                self._link.say("\nWindowseat failed, and it is our fault. What you asked is kept: connect again.\n")
        finally:
            # One that we end ourselves has been told why, and may come back for its run.
            self._is_over = not self._house.why
            self._leave(code)

    def _leave(self, code: int) -> None:
        try:
            self._channel.exit(code)
        except (OSError, asyncssh.Error, AssertionError):
            return
        connection = self._channel.get_connection() if self._channel._conn is not None else None
        if connection is not None:
            # Most clients hang up themselves once their only session is over.
            asyncio.get_running_loop().call_later(_CLOSE_S, connection.close)
