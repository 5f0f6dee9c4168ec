"""The collector is put back as it was, whatever happens; and an app that is left alone sweeps once."""

import gc
from contextlib import suppress

import pytest

from tests.tui.app.driving import opened
from tests.tui.app.scripted import sample_run
from tui import garbage


def test_the_collector_waits_until_the_app_is_there_and_is_put_back_after() -> None:
    before = gc.get_threshold()
    with suppress(ZeroDivisionError), garbage.looked_after():
        assert not gc.isenabled()
        garbage.opened()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        raise ZeroDivisionError
    assert (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()) == (True, before, 0)


async def test_an_app_of_its_own_sweeps_once_when_nothing_more_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    with garbage.looked_after():
        async with opened(is_alone=True) as app:
            monkeypatch.setattr(garbage, "sweep", lambda: swept.append(app.watch.view.upto))
            await app.ask()
            run = sample_run()
            app.client.say(*run)
            await app.until(lambda: app.watch.view.finished)
            for _ in range(4):
                app.screen._tick()  # as the clock does too
            assert swept.count(len(run)) == 1
