"""A pipeline whose work takes its time, in small pieces, and may be gone on with by another server."""

import asyncio
from dataclasses import dataclass

from backend.pipeline import Context, Pipeline, Question, Step
from shared.events import Column, RowUpsert

PIECES = 40
PIECE_S = 0.05


@dataclass(frozen=True)
class Route:
    stops: list[str]


@dataclass(frozen=True)
class Carried:
    stops: int


@dataclass(frozen=True)
class Arrived:
    count: int


async def plan(question: Question, ctx: Context) -> Route:
    ctx.log("planned")
    return Route([f"stop {number}" for number in range(PIECES)])


async def carry(route: Route, ctx: Context) -> Carried:
    for number, stop in enumerate(route.stops):
        await asyncio.sleep(PIECE_S)
        ctx.rows([RowUpsert(id=f"r{number}", cells={"stop": stop}, state="confirmed")])
    return Carried(len(route.stops))


async def arrive(carried: Carried, ctx: Context) -> Arrived:
    ctx.say(f"{carried.stops} stops")
    return Arrived(carried.stops)


def relay_pipeline() -> Pipeline:
    return Pipeline(
        name="relay",
        title="From hand to hand",
        columns=[Column(key="stop", label="Stop", kind="text")],
        steps=[Step("plan", "Plan it", plan), Step("carry", "Carry it", carry), Step("arrive", "Arrive", arrive)],
        examples=["carry this"],
        repeatable=True,
    )
