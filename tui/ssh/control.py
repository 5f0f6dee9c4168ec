"""Between the front and a worker: JSON lines over a Unix socket, some of which carry a connection (SCM_RIGHTS).

Neither side ever waits for the other: what the socket doesn't take is kept and sent when it does.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import msgspec

Message: TypeAlias = dict[str, Any]
Heard: TypeAlias = Callable[[Message, socket.socket | None], None]

_CHUNK = 65536
_MAX_FDS = 64
_MAX_LINE = 1024 * 1024


class Control:
    """One end. ``heard`` gets each message, and the connection that came with it; ``lost`` is called once, at the end.

    A message with the key ``"fd"`` has a connection. Must be made in the event loop; ``close`` is idempotent.
    """

    def __init__(self, end: socket.socket, heard: Heard, lost: Callable[[], None]) -> None:
        end.setblocking(False)
        self._end = end
        self._heard = heard
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[bytes, socket.socket | None]] = deque()
        self._arrived: deque[int] = deque()
        self._rest = b""
        self._closed = False
        self._writing = False
        self._loop.add_reader(end, self._read)

    def send(self, message: Message, connection: socket.socket | None = None) -> None:
        """``connection`` is given away: it is closed here as soon as the other side has it, or is gone."""
        if self._closed:
            if connection is not None:
                connection.close()
            return
        if connection is not None:
            message = {**message, "fd": True}
        self._waiting.append((msgspec.json.encode(message) + b"\n", connection))
        if not self._writing:
            self._write()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._end)
        self._loop.remove_writer(self._end)
        self._end.close()
        while self._waiting:
            _, connection = self._waiting.popleft()
            if connection is not None:
                connection.close()
        while self._arrived:
            socket.socket(fileno=self._arrived.popleft()).close()
        self._lost()

    def _write(self) -> None:
        try:
            while self._waiting:
                data, connection = self._waiting[0]
                if connection is not None:
                    sent = socket.send_fds(self._end, [data], [connection.fileno()])
                    connection.close()
                else:
                    sent = self._end.send(data)
                self._waiting.popleft()
                if sent < len(data):
                    self._waiting.appendleft((data[sent:], None))
        except (BlockingIOError, InterruptedError):
            if not self._writing:
                self._writing = True
                self._loop.add_writer(self._end, self._write)
            return
        except OSError:
            self.close()
            return
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._end)

    def _read(self) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(self._end, _CHUNK, _MAX_FDS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, fds = b"", []
        self._arrived.extend(fds)
        if not data:
            self.close()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) > _MAX_LINE:
            self.close()

    def _take(self, line: bytes) -> None:
        message = None
        with suppress(msgspec.DecodeError):
            message = msgspec.json.decode(line, type=dict[str, Any])
        if message is None:
            self.close()
            return
        connection = None
        if message.pop("fd", False) and self._arrived:
            connection = socket.socket(fileno=self._arrived.popleft())
        self._heard(message, connection)
