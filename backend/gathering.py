"""A writer that hands the kernel everything of one turn of the event loop at once.

Hypercorn writes the head of a response, each chunk and its end by itself, and a write is a third of what an event
costs. Gathered, an answer that is ready is one write. Nothing is delayed: the turn ends in any case before the loop
waits for anything.
"""

import asyncio

GATHERED_BYTES = 16 * 1024
"""What is gathered at most: a block of a replay goes out at once, so that a stalled reader holds no copy more."""


class GatheringWriter(asyncio.StreamWriter):
    """The ``StreamWriter`` of ``transport``; ``drain`` waits as ever once the kernel takes no more."""

    def __init__(self, transport: asyncio.Transport, reader: asyncio.StreamReader) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(transport, transport.get_protocol(), reader, loop)
        self._turn = loop
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._gathered:
            self._turn.call_soon(self._hand_on)
        self._gathered.append(bytes(data))
        self._gathered_bytes += len(data)
        if self._gathered_bytes >= GATHERED_BYTES:
            self._hand_on()

    def _hand_on(self) -> None:
        if self._gathered:
            data, self._gathered, self._gathered_bytes = b"".join(self._gathered), [], 0
            if not self.transport.is_closing():
                self.transport.write(data)

    async def drain(self) -> None:
        # Where nothing waits and nothing broke there is nothing to wait for: seen here, four calls earlier.
        transport: asyncio.Transport = self.transport  # type: ignore[assignment]  # a socket's can be written to
        if transport.is_closing() or transport.get_write_buffer_size():
            await super().drain()

    def write_eof(self) -> None:
        self._hand_on()
        super().write_eof()

    def close(self) -> None:
        self._hand_on()
        super().close()
