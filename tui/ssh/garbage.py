"""Python's garbage collector in a worker: it looks through what is young when nothing else is to be done.

By itself it would in the middle of a frame, or of a key's echo. A pass over the young objects of 25 sessions takes 15
to 55 ms at 50,000 of them, 12 to 16 at 10,000 and 3 at 2,000. But what was young at too many passes isn't looked at
again: a session is 3.1 MB with 2,000, 2.9 with 5,000 and 2.7 with 10,000. To look at all the old ones takes half a
second.
"""

import gc

BY_ITSELF = (10_000, 5, 2000)
"""``gc.set_threshold``: while sessions open, nobody has an idle moment."""
_YOUNG, _MIDDLE = 4_000, 5


def sweep() -> None:
    """Nothing is going on: do what would soon have to be done."""
    young, middle, _ = gc.get_count()
    if young >= _YOUNG:
        gc.collect(1 if middle >= _MIDDLE else 0)
