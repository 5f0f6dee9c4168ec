"""What has happened in this process since it began, for ``/metrics``."""

from collections import Counter

import msgspec


class Counters(msgspec.Struct):
    """``finished`` is by status; ``joined`` counts requests that were repeats; ``slow`` viewers sent away."""

    started: int = 0
    joined: int = 0
    recovered: int = 0
    handed_over: int = 0
    events: int = 0
    slow: int = 0
    storage_errors: int = 0
    finished: "Counter[str]" = msgspec.field(default_factory=Counter)
