"""What pipelines hold for as long as the server runs: bundled data, clients of upstreams, thresholds."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeAlias

from backend.pipeline import Pipeline

Resources: TypeAlias = Mapping[Any, Any]
"""By type, as the steps' signatures ask for them."""


@contextlib.asynccontextmanager
async def open_resources(pipelines: Sequence[Pipeline], config: Any) -> AsyncIterator[dict[str, Resources]]:
    """Open what each pipeline asks for, by pipeline name; close it all, last opened first, when the block ends.

    An opener is called with ``config``. What it returns is the resource, or a context manager, async or not, that
    yields it.
    """
    async with contextlib.AsyncExitStack() as stack:
        opened: dict[str, Resources] = {}
        for pipeline in pipelines:
            resources: dict[Any, Any] = {}
            for kind, opener in pipeline.resources.items():
                resource = opener(config)
                if hasattr(resource, "__aenter__"):
                    resource = await stack.enter_async_context(resource)
                elif hasattr(resource, "__enter__"):
                    resource = stack.enter_context(resource)
                resources[kind] = resource
            opened[pipeline.name] = resources
        yield opened
