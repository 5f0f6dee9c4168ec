"""What a follow-up question gets of an earlier run."""

from collections.abc import AsyncIterator

import pytest

from backend.errors import InvalidRequest, NotFound, StepError
from backend.pipeline import Context, Pipeline, PlanError, Question, Step
from backend.runs.manager import RunManager
from backend.runs.previous import read_previous
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from tests.asked_runs import First, Second, pipeline_of, read_all


async def first(question: Question, ctx: Context) -> First:
    if question.text == "fail":
        raise StepError("It didn't work.", retryable=True)
    if question.text == "degrade":
        ctx.degraded("part is missing")
    ctx.log("x" * 1000)
    return First(len(question.text))


async def second(value: First) -> Second:
    return Second(value.n * 2)


PIPELINE = pipeline_of(
    Step("first", "First", first, attempts=2), Step("second", "Second", second), follows=("second", "first")
)


async def asked(manager: RunManager, text: str, pipeline: Pipeline = PIPELINE) -> str:
    viewer = manager.start(pipeline, Question(text))
    await read_all(viewer)
    manager.release(viewer)
    return viewer.run


@pytest.fixture
async def manager() -> AsyncIterator[RunManager]:
    manager = RunManager(SQLiteRunLog(MEMORY))
    yield manager
    await manager.aclose(1.0)
    await manager.log.aclose()


async def test_the_outcomes_that_the_pipeline_follows_are_there(manager: RunManager) -> None:
    run = await asked(manager, "four")
    previous = await read_previous(manager.log, run, PIPELINE)
    assert (previous.run, previous.question) == (run, "four")
    assert previous.details == {"first": {"n": 4}, "second": {"n": 8}}
    some = pipeline_of(*PIPELINE.steps, follows=("second",))
    assert (await read_previous(manager.log, run, some)).details == {"second": {"n": 8}}


async def test_what_did_not_end_well_is_missing(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.runs.engine.RETRY_BASE_S", 0.001)
    assert (await read_previous(manager.log, await asked(manager, "fail"), PIPELINE)).details == {}
    degraded = await read_previous(manager.log, await asked(manager, "degrade"), PIPELINE)
    assert set(degraded.details) == {"first", "second"}


async def test_a_long_log_is_read_in_pages(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await asked(manager, "four")
    monkeypatch.setattr("backend.runs.recovery._PAGE_BYTES", 1)
    assert set((await read_previous(manager.log, run, PIPELINE)).details) == {"first", "second"}


async def test_an_unknown_run_and_one_of_another_pipeline_are_refused(manager: RunManager) -> None:
    with pytest.raises(NotFound, match="no run 'nope'"):
        await read_previous(manager.log, "nope", PIPELINE)
    run = await asked(manager, "four", pipeline_of(Step("first", "First", first), name="other"))
    with pytest.raises(InvalidRequest, match="'other'") as raised:
        await read_previous(manager.log, run, PIPELINE)
    assert raised.value.status == 422


def test_a_pipeline_follows_steps_that_it_has() -> None:
    with pytest.raises(PlanError, match="'third', which isn't there"):
        pipeline_of(Step("first", "First", first), follows=("third",))
