"""A writer that lets the head of a response, and what is known to be its last chunk, wait for what comes behind them.

Hypercorn writes head, body and end by themselves, and a write is a third of what an event costs. An answer that is
ready goes out in one write; a head that waits for its answer, a turn of the event loop later, which nobody notices. To
gather all of a turn would spare one more write for some responses, and cost each lone event a turn of the loop: a
tenth.
"""

import asyncio


class GatheringWriter:
    """Writes to ``transport``, whose protocol tells of it with ``pause``, ``resume`` and ``lost``.

    ``drain`` waits while the kernel takes no more.
    """

    __slots__ = ("_held", "_loop", "_lost", "_paused", "_transport", "_waiting")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held = b""
        self._paused = self._lost = False
        self._waiting: tuple[asyncio.Future[None], ...] = ()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send ``data``, unless the connection is being closed."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data[:5] == b"HTTP/":
            self.hold(bytes(data))
            return
        if not self._transport.is_closing():
            self._transport.write(data)

    def hold(self, data: bytes) -> None:
        """``write``, but together with what is written next, if that comes in this turn of the loop."""
        if not self._held:
            self._loop.call_soon(self._hand_on)
        self._held += data

    @property
    def is_clear(self) -> bool:
        """Whether the kernel has taken all and nothing broke, so that ``drain`` has nothing to wait for or to tell."""
        return not self._transport.is_closing() and not self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        """Whether what is written goes nowhere."""
        return self._transport.is_closing()

    def _hand_on(self) -> None:
        if self._held:
            self.write(b"")

    async def drain(self) -> None:
        """Wait until more may be written. Raises ConnectionResetError where nobody is left to write to."""
        if self._transport.is_closing():
            await asyncio.sleep(0)  # so that a connection that just broke is known to have
        if self._lost:
            raise ConnectionResetError("the connection is lost")
        if self._paused:
            waiter = self._loop.create_future()
            self._waiting += (waiter,)
            await waiter

    def close(self) -> None:
        """Send what is held, then close."""
        self._hand_on()
        self._transport.close()

    # ---- what the protocol hears of its transport

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        for waiter in self._waiters():
            waiter.set_result(None)

    def lost(self) -> None:
        self._lost = True
        for waiter in self._waiters():
            waiter.set_exception(ConnectionResetError("the connection is lost"))

    def _waiters(self) -> list["asyncio.Future[None]"]:
        waiting, self._waiting = self._waiting, ()
        return [waiter for waiter in waiting if not waiter.done()]
