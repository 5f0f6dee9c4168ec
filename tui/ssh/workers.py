"""The worker processes as the front sees them: started, asked whether they live, replaced when they don't."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from tui.local_server import server_environment
from tui.ssh.control import Control, Message

PING_S = 1.0
AT_ONCE_S = 0.25
"""A worker that doesn't answer within so long gets no new session while there are others."""
_LONGEST_PAUSE_S = 5.0
_GOOD_LIFE_S = 30.0
_NEVER_OURS = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "SSH_CONNECTION", "SSH_TTY", "TMUX")

ENDED = "the process that served you ended unexpectedly"
BLOCKED = "the process that served you stopped answering and was replaced"

log = logging.getLogger(__name__)


class Worker:
    """One process. ``heard`` gets its messages, ``gone`` is called once when it is no more, with the reason."""

    def __init__(self, heard: Callable[["Worker", Message], None], gone: Callable[["Worker", str], None]) -> None:
        self.connections: set[int] = set()
        self.ready = False
        self.why = ENDED
        self.started_at = self.answered_at = time.monotonic()
        self._heard = heard
        self._gone = gone
        self._control: Control | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, configuration: Message) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "tui.ssh.worker", str(theirs.fileno())),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    env=worker_environment(),
                    start_new_session=True,  # Ctrl+C in our terminal is for us to tell them about
                )
            except OSError:
                ours.close()
                raise
        self._control = Control(ours, self._take, self.kill)
        self._control.send(configuration)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def quiet_s(self) -> float:
        return time.monotonic() - self.answered_at

    def send(self, message: Message, connection: socket.socket | None = None) -> None:
        if self._control is not None:
            self._control.send(message, connection)
        elif connection is not None:
            connection.close()

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)  # its own send_signal would reap a process that is dead

    async def ended(self) -> None:
        """Wait until the process is no more, then tell."""
        assert self._process is not None
        code = await self._process.wait()
        self.ready = False
        log.info("worker %s ended with code %s", self.pid, code)
        if self._control is not None:
            self._control.close()
        self._gone(self, self.why)

    def _take(self, message: Message, connection: socket.socket | None) -> None:
        if connection is not None:
            connection.close()
        self.answered_at = time.monotonic()
        if message.get("kind") == "ready":
            self.ready = True
        self._heard(self, message)


class Workers:
    """``count`` of them, always. ``gone`` hears of each that ended, while it still has its connections."""

    def __init__(
        self,
        count: int,
        configuration: Callable[[], Message],
        heard: Callable[[Worker, Message], None],
        gone: Callable[[Worker, str], None],
        *,
        patience_s: float,
    ) -> None:
        self.all: list[Worker] = []
        self._count = count
        self._configuration = configuration
        self._heard = heard
        self._gone = gone
        self._patience_s = patience_s
        self._changed = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Keep them all alive; for ever, so cancel it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            for _ in range(self._count):
                group.create_task(self._keep_one())

    async def best(self, timeout_s: float) -> Worker | None:
        """The one with the fewest connections, if it answers at once; else of those that do. Waits while none does."""
        asked_at = time.monotonic()
        for worker in self.all:
            worker.send({"kind": "ping"})
        while (waited_s := time.monotonic() - asked_at) < timeout_s:
            ready = [worker for worker in self.all if worker.ready]
            answered = [worker for worker in ready if worker.answered_at >= asked_at]
            best = _least_busy(ready if waited_s < AT_ONCE_S else answered)
            if best in answered:
                return best
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_ONCE_S if ready else timeout_s - waited_s):
                    await self._changed.wait()
        return None

    async def stop(self, why: str, within_s: float) -> None:
        """Let everybody say goodbye, then end who is still there."""
        self._stopping = True
        for worker in self.all:
            worker.send({"kind": "stop", "why": why})
        deadline = time.monotonic() + within_s
        while self.all and time.monotonic() < deadline:
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    await self._changed.wait()
        for worker in self.all:
            worker.kill()

    def tell(self, message: Message) -> None:
        for worker in self.all:
            worker.send(message)

    async def _keep_one(self) -> None:
        pause_s = 0.1
        while not self._stopping:
            worker = Worker(self._take, self._lost)
            self.all.append(worker)
            try:
                await worker.start(self._configuration())
                await worker.ended()
            finally:
                worker.kill()
                self.all.remove(worker)
                self._changed.set()
            if self._stopping:
                return
            pause_s = 0.1 if time.monotonic() - worker.started_at > _GOOD_LIFE_S else min(pause_s * 2, _LONGEST_PAUSE_S)
            log.warning("a worker has ended, another one starts in %.1f s", pause_s)
            await asyncio.sleep(pause_s)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            for worker in self.all:
                # One that starts imports for seconds, and answers when it has.
                patience_s = self._patience_s if worker.ready else self._patience_s + 30
                if worker.quiet_s > patience_s:
                    log.warning("worker %s has not answered for %.0f s and is ended", worker.pid, worker.quiet_s)
                    worker.why = BLOCKED
                    worker.kill()
                elif worker.ready:
                    worker.send({"kind": "ping"})

    def _take(self, worker: Worker, message: Message) -> None:
        self._changed.set()
        self._heard(worker, message)

    def _lost(self, worker: Worker, why: str) -> None:
        self._gone(worker, why)
        worker.connections.clear()


def _least_busy(workers: Iterable[Worker]) -> Worker | None:
    return min(workers, key=lambda worker: len(worker.connections), default=None)


def worker_environment() -> dict[str, str]:
    """Ours, but for what would tell the workers about the terminal that we happen to stand in."""
    env = {name: value for name, value in server_environment().items() if name not in _NEVER_OURS}
    return env | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_COLOR_SYSTEM": "truecolor",
                  "TEXTUAL_ANIMATIONS": "none",
                  "PYTHONUNBUFFERED": "1"}  # fmt: skip
