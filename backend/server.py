"""The server process: its own listening socket, its own stop. Hypercorn serves, one process, HTTP/1.1.

Why not Hypercorn's command line: its defaults hurt a server of streams (a kernel buffer of megabytes for each reader
that stalls, cuts without a farewell at SIGTERM, workers that don't share the work).
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from backend.app import create_app
from backend.config import Config
from backend.connections import Connections
from backend.errors import ConfigError
from backend.heads import DatedConfig
from backend.http.client_address import ClientAddresses
from backend.pipeline import Pipeline
from backend.registry import PIPELINES
from backend.resources import open_resources
from backend.runs.log import RunLog
from backend.runs.manager import Limits, RunManager
from backend.runs.sqlite import SQLiteRunLog

if TYPE_CHECKING:
    from quart import Quart

    from backend.uvicorn_connections import UvicornConnections

_log = logging.getLogger(__name__)

NOTSENT_LOWAT_BYTES = 16 * 1024
"""What the kernel may hold unsent for a reader: 14 KB then, where it took 2.8 MB by default."""
STALLED_READER_MS = 30_000
"""A reader that acknowledges nothing for so long is gone."""
BACKLOG = 4096
SWITCH_S = 0.0005
"""For how long at most a busy event loop keeps the interpreter from the log's threads: an append beside one takes 4 ms
so; with Python's 5 ms it takes 8. It costs nothing that could be measured."""
STREAMS_END_S, RUNS_END_S = 1.0, 5.0
"""At a stop: for responses to say goodbye, and for runs to come to their own end."""
FAST_HINT = "pip install 'windowseat[fast]'"
STOPPED_S = 7.5
"""After so long the process ends whatever still holds it, such as a step that swallows its cancellation."""


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening TCP socket; ``shared`` with other processes of the same user. Raises ConfigError when the address
    can't be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        for option, value in (("TCP_NOTSENT_LOWAT", NOTSENT_LOWAT_BYTES), ("TCP_USER_TIMEOUT", STALLED_READER_MS)):
            if hasattr(socket, option):  # accepted sockets inherit both; macOS lacks the second
                listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        listening.bind(address)
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        hint = "is a Windowseat running there already? Choose another with --port"
        raise ConfigError(f"can't listen on {host} port {port}: {error} ({hint})") from error
    listening.setblocking(False)
    return listening


def url_of(listening: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def new_event_loop(config: Config) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the loop that ``config`` asks for. Raises ConfigError when it isn't installed."""
    if config.event_loop == "asyncio":
        return asyncio.new_event_loop
    try:
        import uvloop
    except ImportError as error:
        raise ConfigError(f"event_loop = 'uvloop' needs what isn't installed: {error} ({FAST_HINT})") from error
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def run(config: Config, announce: Callable[[str], None]) -> None:
    """``serve`` the registered pipelines until SIGTERM, SIGINT or, if so configured, the end of standard input."""
    stopping = asyncio.Event()
    with _stop_signals(stopping):
        if config.until_stdin_closes:
            _watch_stdin(stopping)
        overdue = asyncio.create_task(_end_when_overdue(stopping))
        try:
            await serve(config, announce, PIPELINES, stopping)
        finally:
            overdue.cancel()


async def serve(
    config: Config, announce: Callable[[str], None], pipelines: Sequence[Pipeline], stopping: asyncio.Event
) -> None:
    """Serve ``pipelines`` until ``stopping`` is set. ``announce`` gets the URL once the socket listens.

    Raises ConfigError when the address can't be had and StorageError when the run log can't be opened.
    """
    listening = listen(config.host, config.port, shared=config.reuse_port)
    try:
        log = await open_log(config)
    except BaseException:
        listening.close()
        raise
    try:
        limits = Limits(
            runs=config.max_runs,
            deadline_s=config.deadline_s,
            grace_s=config.grace_s,
            heartbeat_s=config.heartbeat_s,
            stall_s=config.stall_s,
            take_over=bool(config.log),
        )
        async with open_resources(pipelines, config) as resources:
            manager = RunManager(log, limits, pipelines=pipelines, resources=resources)
            await manager.open(retain_days=config.retain_days, retain_runs=config.retain_runs)
            announce(url_of(listening))
            # With the parent of a child server every viewer has gone: no run is worth waiting for.
            runs_end_s = 0.0 if config.until_stdin_closes else RUNS_END_S
            addresses = ClientAddresses(config.trusted_proxies, config.proxy_header)
            app = create_app(manager, pipelines, addresses, resources)
            connections = _connections(config, app, listening)
            await _serve_until(stopping, connections, manager, runs_end_s)
    finally:
        listening.close()
        await log.aclose()


async def open_log(config: Config) -> RunLog:
    """The run log that ``config`` names. Raises ConfigError and StorageError."""
    if not config.log:
        return SQLiteRunLog(config.data_dir)
    from backend.runs.redis import RedisRunLog  # its client takes a fifth of a second to import

    log = RedisRunLog(config.log, retain_days=config.retain_days, may_forget=config.log_may_forget)
    try:
        await log.open()
    except BaseException:
        await log.aclose()
        raise
    return log


def _connections(config: Config, app: "Quart", listening: socket.socket) -> "Connections | UvicornConnections":
    """What speaks HTTP. Raises ConfigError when it isn't installed."""
    if config.http == "hypercorn":
        return Connections(app.asgi_app, _hypercorn_config(), listening)
    try:
        from backend.uvicorn_connections import UvicornConnections
    except ImportError as error:
        raise ConfigError(f"http = {config.http!r} needs what isn't installed: {error} ({FAST_HINT})") from error
    return UvicornConnections(app, listening, BACKLOG)


async def _serve_until(
    stopping: asyncio.Event, connections: "Connections | UvicornConnections", manager: RunManager, runs_end_s: float
) -> None:
    await connections.open()
    try:
        await stopping.wait()
    finally:
        # Whoever asks meanwhile hears that the server is stopping, so that a balancer finds out before it is gone.
        await manager.aclose(runs_end_s)
        await connections.close(STREAMS_END_S)


def _hypercorn_config() -> DatedConfig:
    config = DatedConfig()
    config.backlog = BACKLOG
    config.include_server_header = False
    config.keep_alive_timeout = 5  # also what ends a request that sends its headers too slowly
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


async def _end_when_overdue(stopping: asyncio.Event) -> None:
    """Once told to stop, the process does: a thread of its own sees to it, since asyncio waits for tasks for ever."""
    await stopping.wait()
    timer = threading.Timer(STOPPED_S, _end_now)
    timer.daemon = True
    timer.start()


def _end_now() -> None:
    _log.error("something held up the stop for more than %g s; what was not finished is marked interrupted", STOPPED_S)
    logging.shutdown()
    os._exit(1)


@contextlib.contextmanager
def _stop_signals(stopping: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _watch_stdin(stopping: asyncio.Event) -> None:
    """Stop when the other end of standard input is closed, as it is when the parent process dies, however it dies."""
    loop = asyncio.get_running_loop()
    number = sys.stdin.fileno()

    def readable() -> None:
        if not os.read(number, 4096):
            loop.remove_reader(number)
            stopping.set()

    loop.add_reader(number, readable)
