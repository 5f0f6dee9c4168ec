"""What a client says in one request, on its way from the connection to the application."""

import asyncio
from collections.abc import Callable
from typing import Any

ROOM = 10
"""Messages that wait for an application; further ones wait with the client."""


class Inbox:
    """``receive`` as ASGI has it, for an application that asks. One that knows this class has messages handed over as
    they come, with no task and no queue in between."""

    __slots__ = ("_change", "_messages", "_taker")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._taker: Callable[[Any], None] | None = None
        self._change: asyncio.Future[None] | None = None

    def hand_to(self, taker: Callable[[Any], None]) -> None:
        """Call ``taker`` with each message, those that are here first."""
        self._taker = taker
        messages, self._messages = self._messages, []
        for message in messages:
            taker(message)
        self._changed()

    def close(self) -> None:
        """Nobody hears what else is said."""
        self.hand_to(lambda _: None)

    async def put(self, message: Any) -> None:
        """The client says ``message``; that it has left is heard at once."""
        while self._taker is None and len(self._messages) >= ROOM and message["type"] != "http.disconnect":
            await self._next_change()
        if self._taker is not None:
            self._taker(message)
        else:
            self._messages.append(message)
            self._changed()

    async def __call__(self) -> Any:
        while not self._messages:
            await self._next_change()
        message = self._messages.pop(0)
        self._changed()
        return message

    def _changed(self) -> None:
        if self._change is not None:
            self._change.set_result(None)
            self._change = None

    async def _next_change(self) -> None:
        if self._change is None:
            self._change = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._change)  # others may wait for it too
