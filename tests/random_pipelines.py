"""Random pipelines for hypothesis: step graphs with delays, failures, retries, optional steps and late values."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, make_dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from backend.errors import StepError
from backend.pipeline import Context, Later, Pipeline, Question, Step
from shared.events import Column, RowRemoval, RowUpsert

Outcome = Literal["ok", "degraded", "fail", "fail once", "bug", "slow"]


@dataclass(frozen=True)
class Plan:
    """One step: which earlier ones it needs (and which of those late), how long it takes, how it ends."""

    needs: tuple[tuple[int, bool], ...]
    turns: int
    outcome: Outcome
    optional: bool
    rows: int
    says: int


@st.composite
def plans(draw: st.DrawFn) -> list[Plan]:
    count = draw(st.integers(1, 6))
    outcomes: list[Outcome] = ["ok", "ok", "ok", "ok", "degraded", "fail", "fail once", "bug", "slow"]
    return [
        Plan(
            needs=tuple(draw(st.dictionaries(st.integers(0, index - 1), st.booleans(), max_size=3)).items())
            if index
            else (),
            turns=draw(st.integers(0, 4)),
            outcome=draw(st.sampled_from(outcomes)),
            optional=draw(st.booleans()),
            rows=draw(st.integers(0, 4)),
            says=draw(st.integers(0, 3)),
        )
        for index in range(count)
    ]


async def _next_turn() -> None:
    await asyncio.sleep(0)


def build(
    steps: list[Plan],
    *,
    name: str = "random",
    turn: Callable[[], Awaitable[None]] = _next_turn,
    repeatable: bool = False,
) -> Pipeline:
    """A real pipeline whose steps do what ``steps`` says; each returns a type of its own. ``turn`` is awaited at each
    of a step's turns."""
    kinds: list[type] = [make_dataclass(f"Value{index}", [("tries", int)]) for index in range(len(steps))]
    return Pipeline(
        name=name,
        repeatable=repeatable,
        title="Random",
        columns=[Column(key="n", label="n", kind="integer")],
        steps=[
            Step(
                f"s{index}",
                f"Step {index}",
                _function(plan, kinds[index], kinds, steps, turn),
                optional=plan.optional,
                attempts=2,
                timeout_s=0.05 if plan.outcome == "slow" else None,
            )
            for index, plan in enumerate(steps)
        ],
    )


def _function(
    plan: Plan, returned: type, kinds: list[type], steps: list[Plan], wait: Callable[[], Awaitable[None]]
) -> Any:
    tries = 0

    async def run(ctx: Context, **values: Any) -> Any:
        nonlocal tries
        tries += 1
        for turn in range(plan.turns):
            await wait()
            ctx.progress(turn + 1, plan.turns)
        await _speak(plan, ctx, returned.__name__)
        for index, late in plan.needs:
            value = values[f"v{index}"]
            value = await value if late else value
            assert value is None or isinstance(value, kinds[index])
        if plan.outcome == "degraded":
            ctx.degraded("part is missing")
        if plan.outcome == "fail" or (plan.outcome == "fail once" and tries == 1):
            raise StepError("It didn't work.", retryable=plan.outcome == "fail once")
        if plan.outcome == "bug":
            raise ZeroDivisionError
        if plan.outcome == "slow":
            await asyncio.Event().wait()
        return returned(tries)

    hints: dict[str, Any] = {"ctx": Context, "return": returned}
    names = ["ctx"]
    for index, late in plan.needs:
        hint: Any = kinds[index] | None if steps[index].optional else kinds[index]
        hints[f"v{index}"] = Later[hint] if late else hint
        names.append(f"v{index}")
    run.__annotations__ = hints
    run.__signature__ = _signature(names)  # type: ignore[attr-defined]  # what inspect.signature reads
    return run


def _signature(names: list[str]) -> Any:
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names])


async def _speak(plan: Plan, ctx: Context, name: str) -> None:
    for number in range(plan.says):
        ctx.token(f"{name} {number} ", kind="reasoning" if number % 2 else "answer")
        async with ctx.call("fake", "ask", number=number) as call:
            await asyncio.sleep(0)
            call.bytes = number
        ctx.log(f"line {number}")
    rows = [RowUpsert(id=f"r{row}", cells={"n": row}, state="confirmed") for row in range(plan.rows)]
    ctx.rows(rows, [RowRemoval(id="r0", why="too low")] if plan.rows > 2 else [])
    ctx.order([row.id for row in reversed(rows)])


QUESTION = Question("what now?")
