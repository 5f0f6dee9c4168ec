"""What all sessions of a worker share: settings, the way to the front, the governor, and turns at starting."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tui.ssh.control import Message
from tui.ssh.governor import Governor
from tui.ssh.settings import SshSettings


class Entrance(Protocol):
    """A connection, as the worker reaches it: ``door.Door``, which knows the house and not the other way round."""

    def known(self, runs: list[str], open_run: str, lost: str) -> None:
        """What the front remembers of the visitor has come."""

    def end(self, why: str) -> None:
        """Tell the person why, and end."""

    def abort(self) -> None: ...


@dataclass(slots=True)
class House:
    """``tell`` sends to the front. ``url`` is the server's, "" while it isn't known. ``why``: going down, and why."""

    settings: SshSettings
    tell: Callable[[Message], None]
    url: str = ""
    why: str = ""
    governor: Governor = field(default_factory=Governor)
    starting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    doors: dict[int, Entrance] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, task: "asyncio.Task[None]") -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
