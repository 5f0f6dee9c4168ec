"""What a follow-up question builds on: the outcomes of an earlier run, read from the log on whichever server it ran."""

from contextlib import aclosing

from backend.errors import InvalidRequest, NotFound
from backend.pipeline import Pipeline, Previous
from backend.runs.log import RunLog
from backend.runs.recovery import read_run
from shared import events as ev


async def read_previous(log: RunLog, run: str, pipeline: Pipeline) -> Previous:
    """The outcomes of the steps of ``run`` that ``pipeline`` follows, as far as they are known now.

    Raises NotFound for an unknown run, InvalidRequest (422) for one of another pipeline, StorageError.
    """
    summary = await log.summary(run)
    if summary is None:
        detail = f"There is no run {run!r} here that a question could follow up."
        raise NotFound(
            detail, hint="`windowseat runs` lists those that there are; leave options.previous out to ask anew."
        )
    if summary.pipeline != pipeline.name:
        detail = f"Run {run} is one of {summary.pipeline!r}; a question to {pipeline.name!r} can't follow it up."
        raise InvalidRequest(detail, status=422, title="Unprocessable content", hint="Leave options.previous out.")
    return Previous(run, summary.question, await _details(log, run, set(pipeline.follows)))


async def _details(log: RunLog, run: str, wanted: set[str]) -> dict[str, object]:
    details: dict[str, object] = {}
    async with aclosing(read_run(log, run)) as events:
        async for event, _ in events:
            if isinstance(event, ev.StepFinished) and event.step in wanted and event.status in ("ok", "degraded"):
                details[event.step] = event.detail
                wanted.discard(event.step)
                if not wanted:
                    break
    return details
