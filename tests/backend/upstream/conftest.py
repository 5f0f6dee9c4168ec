"""The service and an upstream that calls it, as fixtures."""

from collections.abc import AsyncIterator

import pytest

from backend.upstream import Upstream, Upstreams, open_upstreams
from tests.backend.upstream.service import Clock, Service, spec_of


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with Service() as service:
        yield service


@pytest.fixture
async def upstreams() -> AsyncIterator[Upstreams]:
    async with open_upstreams() as upstreams:
        yield upstreams


@pytest.fixture
async def upstream(service: Service, upstreams: Upstreams) -> Upstream:
    """The service as it is called, with a key in the query."""
    return upstreams.open(spec_of(service))


@pytest.fixture
def clock() -> Clock:
    return Clock()
