"""The process that listens. It lets in, hands each connection to a worker, and remembers whose run was cut off.

It never speaks SSH itself, so that nothing a client sends can stop it.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

import msgspec

from tui.ssh.audit import Audit
from tui.ssh.control import Message
from tui.ssh.gate import Gate
from tui.ssh.memory import Memory
from tui.ssh.settings import SshSettings
from tui.ssh.upstream import Upstream
from tui.ssh.workers import Worker, Workers

GOODBYE_S = 2.5
"""How long the workers have to say goodbye: everything together must end within five seconds."""
SEND_BUFFER = 32 * 1024
"""What the kernel may hold for one client; it doubles the number."""
GOING_DOWN = "the server is going down"

log = logging.getLogger(__name__)


class Front:
    """``upstream`` is the server that is asked."""

    def __init__(self, settings: SshSettings, upstream: Upstream, *, verbose: bool = False) -> None:
        self.settings = settings
        self._verbose = verbose
        self.gate = Gate(settings.max_sessions, settings.max_per_address, settings.max_unauthenticated)
        self.memory = Memory(settings.remember_s)
        count = settings.workers or max(2, os.cpu_count() or 1)
        self.workers = Workers(count, self._configuration, self._take, self._gone, patience_s=settings.worker_s)
        self._upstream = upstream
        self._audit = Audit(settings.audit)
        self._who: dict[int, str] = {}
        self._next = 0

    async def serve(self, announce: Callable[[str, int], None], stopping: asyncio.Event) -> None:
        """Listen until ``stopping``; everybody is told, and everything ended, within five seconds.

        Raises OSError, and LocalServerError in a group."""
        sockets = listening(self.settings.host, self.settings.port)
        try:
            await self._upstream.start(self._moved)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.workers.run())]
                await self._upstream.reached()
                tasks.append(group.create_task(self._upstream.watch()))
                if await self.workers.best(60) is not None:
                    tasks += [group.create_task(self._accept(one)) for one in sockets]
                    announce(self.settings.host, sockets[0].getsockname()[1])
                    await stopping.wait()
                for one in sockets:
                    one.close()
                leaving = group.create_task(self._upstream.close())
                await self.workers.stop(GOING_DOWN, GOODBYE_S)
                await leaving
                for task in tasks:
                    task.cancel()
        finally:
            for one in sockets:
                one.close()
            await self._upstream.close()
            self._audit.close()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        pending: set[asyncio.Task[None]] = set()
        while True:
            try:
                connection, peer = await loop.sock_accept(listener)
            except OSError as error:
                if listener.fileno() < 0:
                    return
                log.warning("a connection could not be accepted: %s", error)
                await asyncio.sleep(0.1)
                continue
            task = asyncio.create_task(self._let_in(connection, str(peer[0])))
            pending.add(task)
            task.add_done_callback(pending.discard)

    async def _let_in(self, connection: socket.socket, address: str) -> None:
        refused = self.gate.refusal(address)
        if refused is not None:
            _turn_away(connection, refused)
            return
        self._next += 1
        number = self._next
        self.gate.enter(number, address)
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        worker = await self.workers.best(self.settings.login_s)
        if worker is None:
            self.gate.leave(number)
            _turn_away(connection, "Nobody is there to serve you. Try again in a minute.")
            return
        worker.connections.add(number)
        worker.send({"kind": "connection", "connection": number}, connection)

    def _configuration(self) -> Message:
        settings: Message = msgspec.to_builtins(asdict(self.settings), enc_hook=str)
        return {"kind": "configure", "settings": settings, "url": self._upstream.url, "verbose": self._verbose}

    def _moved(self, url: str) -> None:
        self.workers.tell({"kind": "server", "url": url})

    def _take(self, worker: Worker, message: Message) -> None:
        number = message.get("connection", 0)
        match message.get("kind"):
            case "authenticated":
                self.gate.authenticated(number)
                self._who[number] = message["who"]
                known = self.memory.known(message["who"])
                told = {"runs": list(known.runs), "open": known.open, "lost": known.lost}
                worker.send({"kind": "known", "connection": number, **told})
            case "run":
                self.memory.asked(message["who"], message["run"])
                self._audit.asked(message)
            case "closed":
                self._closed(worker, number, message.get("lost", ""))

    def _closed(self, worker: Worker, number: int, lost: str) -> None:
        worker.connections.discard(number)
        self.gate.leave(number)
        who = self._who.pop(number, None)
        if who is not None and lost:
            self.memory.lost(who, lost)
        elif who is not None and who not in self._who.values():
            self.memory.left(who)

    def _gone(self, worker: Worker, why: str) -> None:
        for number in list(worker.connections):
            self._closed(worker, number, why)


def listening(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of ``host``, all on one port. Raises OSError."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            if family not in (socket.AF_INET, socket.AF_INET6):
                continue
            if sockets:
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
            one = socket.create_server(address[:2], family=family, backlog=128, dualstack_ipv6=both)
            one.setblocking(False)
            sockets.append(one)
    except OSError:
        for one in sockets:
            one.close()
        raise
    if not sockets:
        raise OSError(f"there is no address {host}")
    return sockets


def _turn_away(connection: socket.socket, why: str) -> None:
    """A line before the version is what SSH allows a server to say; ``ssh -v`` shows it."""
    with connection, suppress(OSError):
        connection.setblocking(False)
        connection.send(f"{why}\r\n".encode())
