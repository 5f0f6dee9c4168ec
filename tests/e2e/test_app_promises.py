"""What the app promises of bytes and of its loop, in numbers: the benchmark's own measures, held to their limits."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.benchmarks.bench_app import Check, bytes_streaming, bytes_waiting, stall

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.mark.parametrize("measure", [bytes_waiting, bytes_streaming, stall])
async def test_the_app_keeps_to_its_limits(measure: Callable[[], Awaitable[Sequence[Check]]]) -> None:
    for what, found, limit, unit in await measure():
        assert found <= limit, f"{what}: {found:.1f} of {limit:g} {unit}"
