"""Python's garbage collector in a process that is one app: it must not run while somebody types.

A full collection looks at every object there is: 45–75 ms with Textual imported, several times in a long run. What
is there when the app has opened stays for good, so it is taken out of the count (``gc.freeze``); what comes later is
looked through when nothing else is to be done. Only for a process of the app's own: garbage of others would stay.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE = 5_000, 20
_FULL_AFTER = 1_000
"""Full collections come by themselves only after 100 million objects: ``sweep`` is called before."""


@contextmanager
def looked_after() -> Iterator[None]:
    """No collection from here until ``opened``: importing and building make hardly any garbage."""
    before = gc.get_threshold()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
        gc.enable()


def opened() -> None:
    """The app is there, with all that it needs for good."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _FULL_AFTER)
    gc.enable()


def sweep() -> None:
    """Nothing is going on: look through all that came since."""
    gc.collect()
