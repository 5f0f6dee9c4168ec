"""What a client receives, one by one."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from tui.connection import Received


async def each(stream: AsyncGenerator[Sequence[Received], None]) -> AsyncGenerator[Received, None]:
    """The events of ``stream``, which hands over together those that came together."""
    async with aclosing(stream):
        async for several in stream:
            for received in several:
                yield received
