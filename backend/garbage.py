"""Python's garbage collector in a process that is a server: no event may wait for it.

A full collection looks at every object there is: 70 to 110 ms with 500 runs under way, one every other second, and
found nothing. What is there when the server has opened stays for good, so it is taken out of the count
(``gc.freeze``). Cycles that live short are found by the young collections; those that outlive two of them wait for a
full one, which comes a hundred times as seldom.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE = 5_000, 10
"""Objects that a young collection, and young collections that one of the middle generation look at: some 5 ms."""
_FULL_AFTER = 200
"""Collections of the middle generation: ten million objects more than were freed."""


@contextmanager
def left_alone() -> Iterator[None]:
    """Until ``opened``, or the end: before it listens nothing is garbage, and to look for it every 700 objects is a
    tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def opened() -> None:
    """The server is there, with all that it needs for good."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _FULL_AFTER)
    gc.enable()


def ends() -> None:
    """All is closed. Without this the interpreter looks for garbage in everything, three times, before it ends:
    0.3 s."""
    gc.freeze()
