"""A pipeline that says one thing each time its gate is opened: for tests of what holds events back."""

import asyncio
from dataclasses import dataclass

from backend.pipeline import Context, Pipeline, Question, Step
from shared.events import Column


@dataclass(frozen=True)
class Said:
    count: int


class Gates:
    """``open`` lets the next event out."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._opened = asyncio.Semaphore(0)

    def open(self) -> None:
        self._opened.release()

    def close(self) -> None:
        """All are shut again."""
        self._opened = asyncio.Semaphore(0)

    async def passed(self) -> None:
        await self._opened.acquire()


async def say(question: Question, gates: Gates, ctx: Context) -> Said:
    for number in range(gates.count):
        await gates.passed()
        ctx.log(f"line {number}")
    return Said(gates.count)


def gated_pipeline(gates: Gates) -> Pipeline:
    return Pipeline(
        name="gated",
        title="One thing at a time",
        columns=[Column(key="n", label="n", kind="integer")],
        steps=[Step("say", "Say it", say)],
        examples=["go"],
        resources={Gates: lambda config: gates},
    )
