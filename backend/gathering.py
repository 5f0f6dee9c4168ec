"""A writer that lets the head of a response wait for what comes behind it.

Hypercorn writes head and body by themselves, and a write is a third of what an event costs. An answer that is ready
goes out with its head in one write; one that isn't, a turn of the event loop later, which nobody notices. To gather
all of a turn would spare one more write for each response, and cost each lone event a turn of the loop: a tenth.
"""

import asyncio


class GatheringWriter(asyncio.StreamWriter):
    """The ``StreamWriter`` of ``transport``; ``drain`` waits as ever once the kernel takes no more."""

    def __init__(self, transport: asyncio.Transport, reader: asyncio.StreamReader) -> None:
        self._turns = asyncio.get_running_loop()
        super().__init__(transport, transport.get_protocol(), reader, self._turns)
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data[:5] == b"HTTP/":
            self._head = bytes(data)
            self._turns.call_soon(self._hand_on)
            return
        super().write(data)

    def _hand_on(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            if not self.transport.is_closing():
                super().write(head)

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
