"""Which run a follow-up question is about: the one named, the one whose id begins so, or the last of its pipeline."""

import asyncio
import re

from tui.arguments import UsageError
from tui.client import AssistClient

LAST = "last"
_SEARCHED = 200
_WHOLE_ID = re.compile(r"[a-z2-7]{26}")


def find_previous(url: str, given: str, pipeline: str | None) -> str:
    """The id of the run meant by ``given``. Raises UsageError where that isn't one run, and as the client.

    A beginning that none of the newest 200 runs has is taken for an id: the server knows.
    """
    return given if _WHOLE_ID.fullmatch(given) else asyncio.run(_find(url, given, pipeline))


async def _find(url: str, given: str, pipeline: str | None) -> str:
    async with AssistClient(url) as client:
        runs = await client.runs(limit=_SEARCHED)
        if given == LAST:
            asked = pipeline or next((one.name for one in await client.pipelines()), None)
            runs = [run for run in runs if run.pipeline == asked]
            if not runs:
                raise UsageError("there is no run yet that a question could follow up", "ask without --previous first")
            return runs[0].run
    found = [run.run for run in runs if run.run.startswith(given)]
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with {given}: {', '.join(found[:5])} …", "give more of its id")
    return found[0] if found else given
