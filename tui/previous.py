"""Which run a follow-up question is about: the one named, the one whose id begins so, or the last of its pipeline."""

import asyncio
import re

from tui.arguments import UsageError
from tui.client import AssistClient
from tui.history import find_run

LAST = "last"
_SEARCHED = 200
_WHOLE_ID = re.compile(r"[a-z2-7]{26}")


def find_previous(url: str, given: str, pipeline: str | None) -> str:
    """The id of the run meant by ``given``. Raises UsageError where there is none yet, and as ``find_run``."""
    return given if _WHOLE_ID.fullmatch(given) else asyncio.run(_find(url, given, pipeline))


async def _find(url: str, given: str, pipeline: str | None) -> str:
    async with AssistClient(url) as client:
        if given != LAST:
            return await find_run(client, given)
        asked = pipeline or next((one.name for one in await client.pipelines()), None)
        last = next((run.run for run in await client.runs(limit=_SEARCHED) if run.pipeline == asked), None)
    if last is None:
        raise UsageError("there is no run yet that a question could follow up", "ask without --previous first")
    return last
