"""What an author of a pipeline may write, and what is refused when the pipeline is made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
import pytest

from backend.pipeline import Context, Later, Need, Pipeline, PlanError, Question, Step, to_json
from backend.registry import PIPELINES
from shared.events import PlanStep
from tests.asked_runs import First, Second, Third, pipeline_of


class Atlas:
    """A resource."""


async def first(question: Question) -> First: ...  # type: ignore[empty-body]  # only its signature matters
async def first_again(question: Question) -> First: ...  # type: ignore[empty-body]  # as all of these
async def second(a: First) -> Second: ...  # type: ignore[empty-body]
async def second_maybe(a: First | None) -> Second: ...  # type: ignore[empty-body]
async def second_late(a: Later[First]) -> Second: ...  # type: ignore[empty-body]
async def second_late_maybe(a: Later[First | None]) -> Second: ...  # type: ignore[empty-body]
async def third(b: Second, ctx: Context, a: First, atlas: Atlas) -> Third: ...  # type: ignore[empty-body]
async def needs_itself(a: First) -> First: ...  # type: ignore[empty-body]
async def of_a_union(a: First | Second) -> Third: ...  # type: ignore[empty-body]
async def late_of_a_union(a: Later[First | Second | None]) -> Third: ...  # type: ignore[empty-body]
async def returns_a_question(a: First) -> Question: ...  # type: ignore[empty-body]
async def returns_an_atlas(a: First) -> Atlas: ...  # type: ignore[empty-body]
async def returns_a_union(a: First) -> Second | None: ...
async def returns_nothing_said(a: First): ...  # type: ignore[no-untyped-def]
async def of_no_type(question: Question, b) -> Second: ...  # type: ignore[no-untyped-def, empty-body]
async def by_position(a: First, /) -> Second: ...  # type: ignore[empty-body]
async def of_any_number(*a: First) -> Second: ...  # type: ignore[empty-body]
async def two_contexts(a: First, ctx: Context, other: Context) -> Second: ...  # type: ignore[empty-body]
def not_async(a: First) -> Second: ...  # type: ignore[empty-body]


def step(run: Callable[..., Any], step_id: str | None = None, **more: Any) -> Step:
    return Step(step_id or run.__name__, "T", run, **more)


REFUSED: dict[str, tuple[list[Step], str]] = {
    "nobody returns it": ([step(second)], "step 'second' asks for First, which no earlier step returns"),
    "a later step does": ([step(second), step(first)], "step 'second' asks for First, which no earlier step returns"),
    "late, and a later step does": (
        [step(second_late), step(first)],
        "step 'second_late' asks for First, which no earlier step returns",
    ),
    "the step itself does": ([step(needs_itself)], "asks for First, which no earlier step returns"),
    "two steps do": ([step(first), step(first_again)], "step 'first_again' returns First, which exists already"),
    "an optional step's value": (
        [step(first, optional=True), step(second)],
        r"step 'second' must ask for First \| None: step 'first' decides that",
    ),
    "an optional step's value, late": ([step(first, optional=True), step(second_late)], r"must ask for First \| None"),
    "a required step's value": ([step(first), step(second_maybe)], "must ask for First: step 'first' decides that"),
    "a required step's value, late": ([step(first), step(second_late_maybe)], "must ask for First: step 'first'"),
    "a union": ([step(first), step(second), step(of_a_union)], "of_a_union: 'a' asks for a union"),
    "a late union": ([step(first), step(second), step(late_of_a_union)], "'a' asks for a union"),
    "no type": ([step(of_no_type)], "of_no_type: parameter 'b' has no type"),
    "no return type": ([step(first), step(returns_nothing_said)], "returns_nothing_said doesn't say what it returns"),
    "a union returned": ([step(first), step(returns_a_union)], "returns_a_union returns a union"),
    "Question returned": (
        [step(first), step(returns_a_question)],
        "step 'returns_a_question' returns Question, which exists already",
    ),
    "a resource returned": ([step(first), step(returns_an_atlas)], "returns Atlas, which exists already"),
    "one id twice": ([step(first, "a"), step(second, "a")], "two steps are called 'a'"),
    "by position alone": ([step(first), step(by_position)], "by_position: 'a' can't be given by name"),
    "any number": ([step(first), step(of_any_number)], "of_any_number: 'a' can't be given by name"),
    "two contexts": ([step(first), step(two_contexts)], "two_contexts asks for its Context twice"),
    "not async": ([step(first), step(not_async)], "not_async isn't async"),
}


@pytest.mark.parametrize(("steps", "message"), REFUSED.values(), ids=REFUSED)
def test_a_pipeline_that_cannot_work_is_refused_when_it_is_made(steps: list[Step], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        pipeline_of(*steps, resources={Atlas: lambda config: Atlas()})


def test_the_plan_tells_what_each_step_waits_for_and_nothing_else() -> None:
    pipeline = pipeline_of(step(first), step(second_late), step(third), resources={Atlas: lambda config: Atlas()})
    assert pipeline.plan() == (
        PlanStep(id="first", title="T"),
        PlanStep(id="second_late", title="T"),  # a late value holds nothing back
        PlanStep(id="third", title="T", needs=("second_late", "first")),  # neither the context nor a resource is a step
    )


def test_the_plan_marks_what_is_optional() -> None:
    pipeline = pipeline_of(step(first, optional=True), step(second_maybe, optional=True))
    assert [(each.optional, each.needs) for each in pipeline.plan()] == [(True, ()), (True, ("first",))]


def test_needs_say_how_each_value_is_asked_for() -> None:
    assert step(third).needs == (Need("b", Second), Need("a", First), Need("atlas", Atlas))
    assert step(third).context_name == "ctx"
    assert step(second_late_maybe).needs == (Need("a", First, later=True, nullable=True),)
    assert step(second).context_name is None
    assert step(second).returns is Second


def test_a_question_may_be_asked_for_by_every_step_and_late_too() -> None:
    async def late(question: Later[Question], a: First) -> Second: ...  # type: ignore[empty-body]

    assert pipeline_of(step(first), step(late)).plan()[1].needs == ("first",)


def test_a_value_asked_for_twice_is_one_need() -> None:
    async def twice(a: First, again: First) -> Second: ...  # type: ignore[empty-body]

    assert pipeline_of(step(first), step(twice)).plan()[1].needs == ("first",)


def test_a_pipeline_keeps_what_it_was_given_and_nothing_can_change_it_from_outside() -> None:
    steps, examples, resources = [step(first)], ["why?"], {Atlas: lambda config: Atlas()}
    pipeline = Pipeline(name="p", title="P", columns=[], steps=steps, examples=examples, resources=resources)
    steps.append(step(second))
    examples.clear()
    resources.clear()
    assert ([each.id for each in pipeline.steps], pipeline.examples, list(pipeline.resources)) == (
        ["first"], ("why?",), [Atlas]
    )  # fmt: skip
    assert (pipeline.options, pipeline.deadline_s, tuple(pipeline.attributions())) == ((), None, ())


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda pipeline: pipeline.name)
def test_each_value_of_a_registered_pipeline_comes_from_exactly_one_earlier_step(pipeline: Pipeline) -> None:
    given = {Question, *pipeline.resources}
    seen: list[Any] = []
    for each in pipeline.steps:
        for need in each.needs:
            assert need.type in given or seen.count(need.type) == 1
        seen.append(each.returns)
    assert len({column.key for column in pipeline.columns}) == len(pipeline.columns)
    assert pipeline.examples
    order = [planned.id for planned in pipeline.plan()]
    for planned in pipeline.plan():
        assert all(order.index(need) < order.index(planned.id) for need in planned.needs)


def test_names_of_registered_pipelines_are_unique() -> None:
    assert len({pipeline.name for pipeline in PIPELINES}) == len(PIPELINES)


class Kind(msgspec.Struct):
    day: date


@dataclass
class Box:
    kind: Kind


def test_typed_outcomes_become_plain_json_values() -> None:
    assert to_json(Box(Kind(date(2026, 11, 22)))) == {"kind": {"day": "2026-11-22"}}
    with pytest.raises(TypeError):
        to_json(object())
