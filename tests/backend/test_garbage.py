"""The collector of a server: what is there when it opens is never looked at again."""

import gc
from collections.abc import Iterator

import pytest

from backend import garbage


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_there_when_the_server_opens_stays_out_of_collections_and_cycles_of_later_do_not() -> None:
    garbage.opened()
    assert gc.get_freeze_count() > 1000
    assert gc.isenabled()
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1


def test_at_the_end_nothing_is_left_to_look_at() -> None:
    garbage.ends()
    assert len(gc.get_objects()) < 100


def test_before_it_has_opened_nothing_is_looked_for_and_whatever_comes_of_it_afterwards_again() -> None:
    with garbage.left_alone():
        assert not gc.isenabled()
        garbage.opened()
        assert gc.isenabled()
    with pytest.raises(SystemExit), garbage.left_alone():
        raise SystemExit(2)
    assert gc.isenabled()
