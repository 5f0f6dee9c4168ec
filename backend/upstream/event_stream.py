"""A streamed answer: the data of each server-sent event as it comes, bounded in bytes and in time.

It is read with our own frame parser, which follows the standard where httpx-sse 0.4.3 doesn't (a leading BOM loses the
first event there, each heartbeat after an id becomes an empty one, a CR holds an event back), and which has a cap.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable

from backend.upstream.errors import UpstreamError
from shared.errors import FrameTooLarge
from shared.frames import FrameParser

MAX_EVENT_BYTES = 256 * 1024


class EventStream:
    """``async for data in stream``: the data without secrets, but not cleaned: pieces of a text are no text yet.

    Ends when the answer ends. Raises UpstreamError: ``truncated``, ``too_large``, ``timeout``. ``bytes`` were received.
    """

    def __init__(self, name: str, parts: AsyncIterator[bytes], max_bytes: int, redact: Callable[[str], str]) -> None:
        self._name, self._parts, self._max_bytes, self._redact = name, parts, max_bytes, redact
        self.bytes = 0

    async def __aiter__(self) -> AsyncGenerator[str, None]:
        parser = FrameParser(max_frame_bytes=min(MAX_EVENT_BYTES, self._max_bytes))
        async for part in self._parts:
            self.bytes += len(part)
            if self.bytes > self._max_bytes:
                raise self._too_large()
            try:
                frames = parser.feed(part)
            except FrameTooLarge:
                raise self._too_large() from None
            for frame in frames:
                yield self._redact(frame.data)

    def _too_large(self) -> UpstreamError:
        said = f"{self._name} streamed more than {self._max_bytes >> 10:,} KiB, which is not read"
        return UpstreamError(self._name, "too_large", said)
