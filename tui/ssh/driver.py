"""Textual on an SSH channel: what it writes goes to the client, the client's keys and size come to it.

With ``app`` and ``keyboard`` it stands on private pieces of Textual: tests/tui/ssh/test_private.py names each of them,
and fails when one has changed.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from tui.ssh.client_terminal import ClientTerminal
from tui.ssh.colors import downgrade
from tui.ssh.keyboard import Keyboard
from tui.ssh.link import Link

_MOUSE = ("\x1b[?1000h", "\x1b[?1003h", "\x1b[?1015h", "\x1b[?1006h")
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[>25u\x1b[?2026$p\x1b[?2004h\x1b[?7l"
_LEAVE = (
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l"
    "\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h\x1b[0m"
)
_ENTER_PLAIN, _LEAVE_PLAIN = "\x1b[?7l\x1b[?25l\x1b[2J\x1b[H", "\x1b[0m\x1b[?7h\x1b[2J\x1b[H\x1b[?25h"
_OSC = re.compile("\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)")
_PRIVATE_MODE = re.compile("\x1b\\[\\?2026[hl]")
_NO_FILES = "Files stay on the server: copy it instead (y copies, x exports to your clipboard)."


class ChannelDriver(Driver):
    """Made by the app, which must have ``link``: the way to the client."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.link: Link = app.link  # type: ignore[attr-defined]  # SshApp
        self._terminal: ClientTerminal = self.link.terminal
        self._is_modern, self._depth = self._terminal.is_modern, self._terminal.depth
        self._size = (self._terminal.width, self._terminal.height)
        echo: Callable[[str], bool] = app.echo  # type: ignore[attr-defined]
        self._keyboard = Keyboard(self.process_message, echo, self.link.pause_reading, self.link.resume_reading)
        self._written: list[str] = []
        self._is_drawing = self._has_posted = False
        self._typed: Callable[[], None] = app.pace.typed  # type: ignore[attr-defined]

    @property
    def can_suspend(self) -> bool:
        return False

    def send_message(self, message: Message) -> None:
        """We are in the app's own loop: no other thread has to be asked."""
        self._has_posted = True
        self._app.post_message(message)

    # --- out --------------------------------------------------------------------------------------------------------

    def write(self, data: str) -> None:
        if not self._written:
            self._loop.call_soon(self.flush)
        self._written.append(data)

    def flush(self) -> None:
        text, self._written = "".join(self._written), []
        if text:
            self.send(text)

    def send(self, text: str) -> None:
        """At once, before what is written and not flushed yet."""
        if not self._is_modern:
            text = _PRIVATE_MODE.sub("", _OSC.sub("", text))
        self.link.outlet.write(self._terminal.encode(downgrade(text, self._depth)))

    def start_application_mode(self) -> None:
        self._is_drawing = True
        if self._is_modern:
            self.write(_ENTER + ("".join(_MOUSE) if self._mouse else ""))
        else:
            self.write(_ENTER_PLAIN)
        self.flush()
        self.link.feed, self.link.resized = self._feed, self._resized
        self._resized()
        self.link.resume_reading()

    def stop_application_mode(self) -> None:
        """Whatever happened, the terminal is as it was. Idempotent."""
        self.disable_input()
        self._written.clear()
        if self._is_drawing:
            self._is_drawing = False
            self.write(_LEAVE if self._is_modern else _LEAVE_PLAIN)
            self.flush()

    def disable_input(self) -> None:
        self.link.feed, self.link.resized = None, None
        self._keyboard.close()

    def close(self) -> None:
        self.stop_application_mode()

    # --- in ---------------------------------------------------------------------------------------------------------

    def _feed(self, data: bytes) -> None:
        self._has_posted = False
        self._keyboard.feed(self._terminal.decode(data))
        if self._has_posted:
            self._typed()

    def _resized(self) -> None:
        self._size = (self._terminal.width, self._terminal.height)
        size = Size(*self._size)
        self._app.post_message(events.Resize(size, size))

    # --- what would happen on the server's machine ------------------------------------------------------------------

    def open_url(self, url: str, new_tab: bool = True) -> None:
        self._app.copy_to_clipboard(url)
        self._app.notify("The link is sent to your clipboard (OSC 52).", markup=False)

    def deliver_binary(
        self,
        binary: BinaryIO | TextIO,
        *,
        delivery_key: str,
        save_path: Path,
        open_method: Literal["browser", "download"] = "download",
        encoding: str | None = None,
        mime_type: str | None = None,
        name: str | None = None,
    ) -> None:
        binary.close()
        self._app.notify(_NO_FILES, severity="warning", markup=False)
