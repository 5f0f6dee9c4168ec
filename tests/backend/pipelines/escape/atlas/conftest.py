"""The bundled atlas, opened once, and its source tables to compare it with."""

from collections.abc import Iterator

import pytest

from backend.pipelines.escape.atlas import Atlas
from backend.pipelines.escape.atlas.build.sources import Sources


@pytest.fixture(scope="session")
def atlas() -> Iterator[Atlas]:
    with Atlas.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def sources() -> Sources:
    return Sources()
