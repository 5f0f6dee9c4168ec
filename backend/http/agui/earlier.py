"""The run that a question in a thread follows up: the last one of which the thread has a plan."""

from typing import TYPE_CHECKING

from backend.pipeline import Pipeline
from backend.runs.log import RunLog

if TYPE_CHECKING:
    from ag_ui.core import RunAgentInput

PLAN, STEP = "windowseat.plan", "windowseat.step"
"""The types of the activity messages that a run leaves in its thread."""


async def earlier_run(asked: "RunAgentInput", pipeline: Pipeline, log: RunLog) -> str | None:
    """Its id; None for a thread without one, or with one that isn't here or is another pipeline's."""
    for message in reversed(asked.messages):
        if message.role == "activity" and message.activity_type == PLAN:
            run = message.content.get("run")
            summary = await log.summary(run) if isinstance(run, str) else None
            return summary.run if summary is not None and summary.pipeline == pipeline.name else None
    return None
