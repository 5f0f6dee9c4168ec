"""A program: serves the escape pipeline and asks it the same three times over, by HTTP.

Writes how long each run took, how it ended, with how many rows, and what it told on the way, as JSON.
"""

import asyncio
import json
import sys
import time

from backend.config import load_config
from backend.registry import PIPELINES
from shared import events as ev
from tests.served import client, events_of, running_server


async def main(question: str) -> None:
    config = load_config({}, pipelines={one.name: one.settings for one in PIPELINES if one.settings is not None})
    told = []
    serving = running_server(PIPELINES, offline=config.offline, pipelines=config.pipelines)
    async with serving as url, client(url) as http:
        for _ in range(3):
            began = time.monotonic()
            body = {"q": question, "options": {"tz": "America/New_York"}}
            events = events_of((await http.post("/assist", json=body, timeout=25)).content)
            end = events[-1]
            assert isinstance(end, ev.RunFinished)
            told.append(
                {
                    "seconds": time.monotonic() - began,
                    "status": end.status,
                    "rows": len(end.order or ()),
                    "notices": [event.text for event in events if isinstance(event, ev.RunNotice)],
                }
            )
    json.dump(told, sys.stdout)


asyncio.run(main(sys.argv[1]))
