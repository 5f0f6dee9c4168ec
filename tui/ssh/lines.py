"""A session's stdout and stderr as text files that a report can write to: what they hold is sent with ``drain``."""

import asyncio
import io
from collections import deque
from typing import Literal

from tui.ssh.link import Link

_PIECE = 16 * 1024
_ROOM = 128 * 1024
"""Bytes that may wait for a client that gets lines: more than for frames, since none of them may be lost."""
_LOOK_S = 0.03


class Lines:
    """``stdout`` and ``stderr`` keep their order between each other."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: deque[tuple[bool, str]] = deque()
        self.stdout = Half(self._waiting, False)
        self.stderr = Half(self._waiting, True)

    async def drain(self) -> None:
        """Send what was written, no faster than the client takes it. Raises BrokenPipeError when it is gone."""
        outlet = self._link.outlet
        while self._waiting:
            is_error, text = self._waiting.popleft()
            for start in range(0, len(text), _PIECE):
                while not outlet.is_free(_ROOM):  # noqa: ASYNC110  # the kernel tells nobody
                    await asyncio.sleep(_LOOK_S)
                if outlet.closed:
                    self._waiting.clear()
                    raise BrokenPipeError
                self._send(text[start : start + _PIECE], is_error)

    def _send(self, text: str, is_error: bool) -> None:
        terminal, outlet = self._link.terminal, self._link.outlet
        if terminal.has_pty:
            text = text.replace("\n", "\r\n")  # the client's terminal is in raw mode
        (outlet.write_stderr if is_error and not terminal.has_pty else outlet.write)(terminal.encode(text))


class Half(io.TextIOBase):
    def __init__(self, waiting: deque[tuple[bool, str]], is_error: Literal[True, False]) -> None:
        self._waiting = waiting
        self._is_error = is_error

    def write(self, text: str) -> int:
        if text:
            self._waiting.append((self._is_error, text))
        return len(text)

    def isatty(self) -> bool:
        return False
