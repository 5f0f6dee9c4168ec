"""The real program in a tmux of its own: what is on the screen, and how to press keys."""

import asyncio
import shlex
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.pty_app import PROGRAM, ROOT


class Terminal:
    """The program in a tmux of its own, with tmux's defaults."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ["tmux", "-S", str(folder / "s"), "-f", "/dev/null"]

    async def start(self, *arguments: str, size: tuple[int, int] = (80, 24)) -> None:
        # A plug-in of pytest sets COLUMNS and LINES for all that is started here, and programs believe them.
        command = shlex.join([*PROGRAM, *arguments]) + '; echo "left with $?"; exec sleep 60'
        await self.begin(f"unset COLUMNS LINES; cd {shlex.quote(str(ROOT))}; {command}", size=size)

    async def begin(self, line: str, *, size: tuple[int, int] = (80, 24)) -> None:
        """Any line of the shell."""
        width, height = size
        await self.run("new-session", "-d", "-x", str(width), "-y", str(height), line)

    async def keys(self, *keys: str) -> None:
        await self.run("send-keys", *keys)

    async def screen(self) -> str:
        return await self.run("capture-pane", "-p")

    async def shows(self, *texts: str) -> str:
        """Wait until the screen has all the texts."""
        return await self.until(lambda screen: all(text in screen for text in texts), f"{texts} never came")

    async def until(self, is_so: Callable[[str], bool], complaint: str = "it never came to that") -> str:
        screen = ""
        try:
            async with asyncio.timeout(40):
                while not is_so(screen):
                    screen = await self.screen()
        except TimeoutError:
            raise AssertionError(f"{complaint}:\n{screen}") from None
        return screen

    async def format(self, *names: str) -> list[str]:
        """What tmux knows of the pane, by its names: ``alternate_on`` is "1" or "0"."""
        return (await self.run("display-message", "-p", " ".join(f"#{{{name}}}" for name in names))).split()

    async def run(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._tmux, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        return out.decode()


@asynccontextmanager
async def a_tmux() -> AsyncIterator[Terminal]:
    """With nothing running in it yet."""
    # Not tmp_path: the path of a socket may have some hundred characters and no more.
    with tempfile.TemporaryDirectory(prefix="ws-") as folder:
        terminal = Terminal(Path(folder))
        yield terminal
        await terminal.run("kill-server")
