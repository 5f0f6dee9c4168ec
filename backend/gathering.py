"""A writer that lets the head of a response, and what is known to be its last chunk, wait for what comes behind them.

Hypercorn writes head, body and end by themselves, and a write is a third of what an event costs. An answer that is
ready goes out in one write; a head that waits for its answer, a turn of the event loop later, which nobody notices. To
gather all of a turn would spare one more write for some responses, and cost each lone event a turn of the loop: a
tenth.
"""

import asyncio


class GatheringWriter(asyncio.StreamWriter):
    """The ``StreamWriter`` of ``transport``; ``drain`` waits as ever once the kernel takes no more."""

    def __init__(self, transport: asyncio.Transport, reader: asyncio.StreamReader) -> None:
        self._turns = asyncio.get_running_loop()
        super().__init__(transport, transport.get_protocol(), reader, self._turns)
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data[:5] == b"HTTP/":
            self.hold(bytes(data))
            return
        super().write(data)

    def hold(self, data: bytes) -> None:
        """``write``, but together with what is written next, if that comes in this turn of the loop."""
        if not self._held:
            self._turns.call_soon(self._hand_on)
        self._held += data

    @property
    def is_clear(self) -> bool:
        """Whether the kernel has taken all and nothing broke, so that ``drain`` has nothing to wait for or to tell."""
        transport: asyncio.Transport = self.transport  # type: ignore[assignment]  # a socket's can be written to
        return not transport.is_closing() and not transport.get_write_buffer_size()

    def _hand_on(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            if not self.transport.is_closing():
                super().write(held)

    async def drain(self) -> None:
        # Where nothing waits and nothing broke there is nothing to wait for: seen here, four calls earlier.
        if not self.is_clear:
            await super().drain()

    def write_eof(self) -> None:
        self._hand_on()
        super().write_eof()

    def close(self) -> None:
        self._hand_on()
        super().close()
