"""Questions and answers line by line, where the client has a terminal that can't be drawn on (``TERM=dumb``), or none
and sends its question on stdin.
"""

import asyncio
import codecs
from contextlib import suppress

from tui.ssh.link import Link

MAX_LINE = 4096
MAX_TEXT = 100_000
END, INTERRUPT = "\x04", "\x03"


class LineReader:
    """What is typed, as lines: echoed and edited here where there is a pty, since the client's terminal is raw then."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._line = ""
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._size = 0
        self._ended = False
        link.feed = self.feed

    def feed(self, data: bytes) -> None:
        for char in self._decode(self._link.terminal.decode(data)):
            if not self._ended:
                self._take(char)
        self._size += len(data)
        if self._size > MAX_TEXT:
            self.end()

    def end(self) -> None:
        """Nothing more will come."""
        if not self._ended:
            self._ended = True
            if self._line:
                self._lines.put_nowait(self._line)
            self._lines.put_nowait(None)

    def interrupt(self) -> None:
        """Ctrl+C: what was typed is thrown away."""
        self._line = ""
        self._echo("^C\r\n")
        self._lines.put_nowait("")

    async def line(self) -> str | None:
        """The next one; None at the end."""
        return await self._lines.get()

    async def text(self) -> str:
        """All of it."""
        lines = []
        while (line := await self.line()) is not None:
            lines.append(line)
        return "\n".join(lines)

    def _take(self, char: str) -> None:
        is_typed = self._link.terminal.has_pty
        if char in "\r\n":
            self._echo("\r\n")
            self._lines.put_nowait(self._line)
            self._line = ""
        elif char == END and is_typed:
            if not self._line:
                self.end()
        elif char == INTERRUPT and is_typed:
            self.interrupt()
        elif char in "\x7f\b" and is_typed:
            if self._line:
                self._line = self._line[:-1]
                self._echo("\b \b")
        elif char.isprintable() and len(self._line) < MAX_LINE:
            self._line += char
            self._echo(char)

    def _echo(self, text: str) -> None:
        if self._link.terminal.has_pty:
            with suppress(OSError):
                self._link.outlet.write(self._link.terminal.encode(text))
