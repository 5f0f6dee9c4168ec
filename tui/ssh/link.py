"""One session's way to its client, shared by whoever talks to it: the app's driver, or the lines of a plain run."""

from collections.abc import Callable
from contextlib import suppress

import asyncssh

from tui.ssh.client_terminal import ClientTerminal
from tui.ssh.outlet import Outlet


class Link:
    """``feed`` gets what is typed and ``resized`` hears of another size, while somebody wants to know."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", terminal: ClientTerminal, outlet: Outlet) -> None:
        self.terminal = terminal
        self.outlet = outlet
        self.feed: Callable[[bytes], None] | None = None
        self.resized: Callable[[], None] | None = None
        self._channel = channel

    def pause_reading(self) -> None:
        with suppress(OSError, asyncssh.Error):
            self._channel.pause_reading()

    def resume_reading(self) -> None:
        with suppress(OSError, asyncssh.Error, AssertionError):
            self._channel.resume_reading()

    def say(self, text: str) -> None:
        """Lines for the client's normal screen, or its stderr where it has no terminal."""
        if self.terminal.has_pty:
            self.outlet.write(self.terminal.encode(text.replace("\n", "\r\n")))
        else:
            self.outlet.write_stderr(self.terminal.encode(text))
