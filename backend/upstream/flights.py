"""Single-flight: who asks for the same thing at the same time shares one answer (and one failure)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Flight(Generic[T]):
    """``deadline`` is the latest of those who wait, on ``time.monotonic()``; ``retries`` were made so far.

    ``overdue``: it is being cancelled because nobody could wait any longer, not because nobody wanted to.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.retries = 0
        self.waiting = 0
        self.overdue = False
        self.task: asyncio.Task[T] | None = None


class Flights(Generic[T]):
    """Each flight is a task of its own: it goes on while anybody waits, and is cancelled when the last one leaves."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, Flight[T]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def join(self, key: Hashable, deadline: float, start: Callable[[Flight[T]], Awaitable[T]]) -> T:
        """What ``start`` returns or raises, begun now unless it is under way. Raises TimeoutError at the deadline."""
        flight = self._flying.get(key)
        if flight is None:
            flight = self._flying[key] = Flight(deadline)
            flight.task = self._begin(key, flight, start)
        assert flight.task is not None
        flight.waiting += 1
        flight.deadline = max(flight.deadline, deadline)
        try:
            await asyncio.wait({flight.task}, timeout=max(0.0, deadline - time.monotonic()))
            if flight.task.done():
                return flight.task.result()
            flight.overdue = flight.waiting == 1
            raise TimeoutError
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:
                self._forget(key, flight)
                flight.task.cancel()

    async def aclose(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, key: Hashable, flight: Flight[T], start: Callable[[Flight[T]], Awaitable[T]]) -> "asyncio.Task[T]":
        async def fly() -> T:
            return await start(flight)

        def landed(task: "asyncio.Task[T]") -> None:
            self._tasks.discard(task)
            self._forget(key, flight)
            if not task.cancelled():
                task.exception()  # seen, also when nobody waits any more

        task = asyncio.create_task(fly())
        self._tasks.add(task)
        task.add_done_callback(landed)
        return task

    def _forget(self, key: Hashable, flight: Flight[T]) -> None:
        if self._flying.get(key) is flight:
            del self._flying[key]
