"""Where ``print`` goes in a process of many apps: one object for all of them, which writes to the log.

Textual redirects the process's stdout and stderr to each app as it starts, and back in the order in which they end,
which need not be the order in which they began. With one and the same target that does no harm.
"""

import io
import logging

from rich.console import Console

log = logging.getLogger("tui.ssh.printed")


class Router(io.TextIOBase):
    """What would be printed is logged, line by line."""

    def __init__(self) -> None:
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                log.info("%s", line.rstrip()[:500])
        self._rest = self._rest[-500:]
        return len(text)

    def isatty(self) -> bool:
        return False


ROUTER = Router()


def error_console() -> Console:
    """For ``App.error_console``: by default it is the terminal, and a traceback has the values of variables in it."""
    return Console(file=ROUTER, color_system=None, width=100)  # type: ignore[arg-type]  # a TextIOBase is enough
