"""What goes out to one client: how much of it still waits somewhere, and when it has waited too long.

asyncssh doesn't heed its transport, so what waits is looked up in all three places: the channel (the client's window is
full), the transport, and the kernel.
"""

import fcntl
import logging
import struct
import termios
import time
from contextlib import suppress
from typing import Any

import asyncssh

GATE = 12 * 1024
"""Bytes that may wait before painting stops: more of them is only older news."""

_EMPTY = 2
"""SSH_MSG_IGNORE."""
_AROUND = 64
"""Bytes of a packet beside its data."""

log = logging.getLogger(__name__)


class Outlet:
    """The way out through ``channel``. ``limit``: bytes that may wait; ``stall_s``: how long nothing may be taken."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", limit: int, stall_s: float) -> None:
        self.closed = False
        self.sent = 0
        self._channel = channel
        self._limit = limit
        self._stall_s = stall_s
        self._connection: Any = channel.get_connection()
        self._is_chained = "cbc" in (self._connection.get_extra_info("send_cipher") or "cbc")
        self._taken_at = time.monotonic()
        self._least = 0
        self._at_most = 0

    def unsent(self) -> int:
        """Bytes that the client hasn't been given yet, as far as this machine can know."""
        if self.closed:
            return 0
        waiting = self._channel.get_write_buffer_size()
        transport = self._connection._transport
        if transport is None:
            return waiting
        waiting += transport.get_write_buffer_size()
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            with suppress(OSError):
                waiting += struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]
        return int(waiting)

    def is_free(self, gate: int = GATE) -> bool:
        """Whether no more than ``gate`` waits. Gives up on the client when it has taken nothing for too long.

        It is looked up only where it could be more: what waited at the last look and has been written since.
        """
        if not self._least and self._at_most <= gate:
            return True
        waiting = self._at_most = self.unsent()
        now = time.monotonic()
        if waiting <= gate:
            self._taken_at, self._least = now, 0
            return True
        if not self._least or waiting < self._least:
            self._taken_at, self._least = now, waiting
        elif now - self._taken_at > self._stall_s:
            self.give_up("it took nothing for too long")
        return False

    def write(self, data: bytes) -> None:
        """Send; a client for which too much waits is given up instead."""
        if self.closed or not data:
            return
        self._at_most += len(data) + _AROUND
        if self._at_most > self._limit:
            self._at_most = self.unsent() + len(data)
            if self._at_most > self._limit:
                self.give_up("too much waited for it")
                return
        self.sent += len(data)
        try:
            self._write_at_once(data)
        except (OSError, asyncssh.Error):
            self.closed = True

    def _write_at_once(self, data: bytes) -> None:
        """asyncssh sends an empty packet before each, against those who guess at ciphers, in a write of its own. Here
        all packets are one write (two would cost twice, and wake the client for nothing), and the empty ones go out
        only where the cipher has the weakness (RFC 4251, 9.3.1), as with OpenSSH."""
        packets: list[bytes] = []
        connection = self._connection
        send_packet = connection.send_packet

        def send_meant(kind: int, *parts: bytes, handler: Any = None) -> None:
            if kind != _EMPTY:
                send_packet(kind, *parts, handler=handler)

        connection._send = packets.append
        if not self._is_chained:
            connection.send_packet = send_meant
        try:
            self._channel.write(data)
        finally:
            del connection._send
            connection.__dict__.pop("send_packet", None)
            connection._send(b"".join(packets))

    def write_stderr(self, data: bytes) -> None:
        if self.closed or not data:
            return
        self._at_most += len(data) + _AROUND
        try:
            self._channel.write_stderr(data)
        except (OSError, asyncssh.Error):
            self.closed = True

    def give_up(self, why: str) -> None:
        """End the connection at once: what waits is lost, and was never going to be read."""
        if not self.closed:
            self.closed = True
            log.info("a client is given up: %s", why)
            self._connection.abort()
