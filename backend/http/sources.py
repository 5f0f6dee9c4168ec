"""``GET /sources``: how the sources of facts fare, which is what ``windowseat doctor`` asks.

Asking them costs time and sometimes a call of a plan. So they are asked only for a client on the server's own network,
at most once in ``MEMORY_S``; everybody else hears what is set and what was learned so far. Nothing of it is secret.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from quart import Blueprint, Response, request

from backend.checking import SourceReport
from backend.http.application import extension
from backend.http.assist import refuse_other_sites
from backend.http.client_address import ClientAddresses
from backend.http.runs import json_response
from backend.pipeline import Pipeline

TIME_LIMIT_S = 6.0
MEMORY_S = 10.0

Reports = list[dict[str, Any]]

blueprint = Blueprint("sources", __name__)


class Checks:
    """The checks of ``pipelines``, each with its resources."""

    def __init__(self, pipelines: Sequence[Pipeline], resources: Mapping[str, Mapping[Any, Any]]) -> None:
        self._checked = [pipeline for pipeline in pipelines if pipeline.check is not None]
        self._resources = resources
        self._asking = asyncio.Lock()
        self._asked_at = -MEMORY_S
        self._reports: Reports = []

    async def known(self) -> Reports:
        """What is known without asking anybody."""
        return await self._check(None)

    async def asked(self) -> Reports:
        """What the sources say themselves; of a moment ago, if somebody has just asked."""
        async with self._asking:
            if time.monotonic() - self._asked_at > MEMORY_S:
                self._reports = await self._check(time.monotonic() + TIME_LIMIT_S)
                self._asked_at = time.monotonic()
            return self._reports

    async def _check(self, deadline: float | None) -> Reports:
        return [
            {"pipeline": one.name, "title": one.title, "sources": await self._reports_of(one, deadline)}
            for one in self._checked
        ]

    async def _reports_of(self, pipeline: Pipeline, deadline: float | None) -> Sequence[SourceReport]:
        assert pipeline.check is not None
        return await pipeline.check(self._resources.get(pipeline.name, {}), deadline)


@blueprint.get("/sources")
async def sources() -> Response:
    refuse_other_sites()
    checks: Checks = extension("checks")
    addresses: ClientAddresses = extension("client_addresses")
    may_ask = addresses.is_near(request.scope) and request.args.get("ask") != "0"
    reports = await (checks.asked() if may_ask else checks.known())
    return json_response({"asked": may_ask, "pipelines": reports})
