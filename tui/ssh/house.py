"""What all sessions of a worker share: settings, the way to the front, the governor, and turns at starting."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui.ssh.control import Message
from tui.ssh.governor import Governor
from tui.ssh.settings import SshSettings

if TYPE_CHECKING:
    from tui.ssh.door import Door


@dataclass(slots=True)
class House:
    """``tell`` sends to the front. ``url`` is the server's, "" while it isn't known. ``why``: going down, and why."""

    settings: SshSettings
    tell: Callable[[Message], None]
    url: str = ""
    why: str = ""
    governor: Governor = field(default_factory=Governor)
    starting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    doors: dict[int, "Door"] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, task: "asyncio.Task[None]") -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
