"""How long a run goes on for nobody."""

import asyncio

import pytest

from backend.errors import StorageError
from backend.runs import grace as grace_module
from backend.runs.grace import Grace
from tests.nodes import eventually


class Run:
    """``elsewhere`` says whether other processes have viewers; or is the error that asking gives."""

    def __init__(self, grace_s: float) -> None:
        self.elsewhere: bool | StorageError = False
        self.asked = self.abandoned = 0
        self.grace = Grace(grace_s, self._watched, self._abandon)

    async def _watched(self) -> bool:
        self.asked += 1
        if isinstance(self.elsewhere, StorageError):
            raise self.elsewhere
        return self.elsewhere

    def _abandon(self) -> None:
        self.abandoned += 1


async def test_when_the_last_one_has_left_the_clock_runs_out_once() -> None:
    run = Run(0.01)
    run.grace.count(1)
    assert not run.grace.counting
    run.grace.count(0)
    assert run.grace.counting
    await eventually(lambda: run.abandoned == 1)
    await asyncio.sleep(0.03)
    assert (run.abandoned, run.grace.counting) == (1, False)


async def test_one_that_comes_in_time_stops_the_clock() -> None:
    run = Run(0.02)
    for _ in range(3):
        run.grace.count(0)
        run.grace.count(1)
    await asyncio.sleep(0.05)
    assert run.abandoned == 0


@pytest.mark.parametrize("elsewhere", [True, StorageError("can't be asked")])
async def test_as_long_as_somebody_may_watch_elsewhere_it_is_asked_again(
    elsewhere: bool | StorageError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grace_module, "LOOK_AGAIN_S", 0.01)
    run = Run(0.0)
    run.elsewhere = elsewhere
    run.grace.count(0)
    await eventually(lambda: run.asked >= 3)
    assert run.abandoned == 0
    run.elsewhere = False
    await eventually(lambda: run.abandoned == 1)


async def test_somebody_who_leaves_elsewhere_starts_the_clock_anew() -> None:
    run = Run(0.05)
    run.grace.count(0)
    for _ in range(4):
        await asyncio.sleep(0.03)
        run.grace.restart()
    assert run.abandoned == 0
    await eventually(lambda: run.abandoned == 1)


async def test_a_run_that_nobody_has_come_to_yet_waits_longer_at_first() -> None:
    run = Run(0.0)
    run.grace.wait_for_viewers(0.05)
    await asyncio.sleep(0.02)
    assert (run.asked, run.abandoned) == (0, 0)
    await eventually(lambda: run.abandoned == 1)


async def test_nothing_happens_after_the_end() -> None:
    run = Run(0.0)
    run.grace.count(0)
    run.grace.close()
    run.grace.count(0)
    await asyncio.sleep(0.02)
    assert (run.asked, run.abandoned, run.grace.counting) == (0, 0, False)
