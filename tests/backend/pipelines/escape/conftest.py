"""The atlas, opened once, and somebody to ask the whole pipeline."""

from collections.abc import AsyncIterator, Iterator

import pytest

from backend.pipelines.escape.atlas import Atlas
from tests.escape_runs import Asker, opened


@pytest.fixture(scope="session")
def bundled() -> Iterator[Atlas]:
    with Atlas.open() as atlas:
        yield atlas


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with opened() as asker:
        yield asker
