"""A pipeline that never rests: it says something every few milliseconds until it is stopped (``"q": "forever"``), or so
many times (``"q": "20"``)."""

import asyncio
from dataclasses import dataclass

from backend.pipeline import Context, Pipeline, Question, Step
from shared.events import Column


@dataclass(frozen=True)
class Said:
    times: int


@dataclass(frozen=True)
class Counted:
    times: int


async def talk(question: Question, ctx: Context) -> Said:
    times = int(question.text) if question.text.isdecimal() else 1 << 30
    for number in range(times):
        ctx.log(f"{number} " + "x" * (4000 if "loud" in question.text else 100))
        await asyncio.sleep(0.01)
    return Said(times)


async def count(said: Said, ctx: Context) -> Counted:
    for number in range(5):
        ctx.progress(number, 5)
        await asyncio.sleep(0.05)
    return Counted(said.times)


def busy_pipeline() -> Pipeline:
    return Pipeline(
        name="busy",
        title="Busy",
        columns=[Column(key="n", label="n", kind="integer")],
        steps=[Step("talk", "Talk", talk), Step("count", "Count", count)],
        repeatable=True,
    )
