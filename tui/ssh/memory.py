"""Whose run is whose, for as long as somebody may come back for it. In memory alone; the audit is another matter.

Somebody is known by their key, or where none is asked for by their address and the name that they gave: several people
may share those, so of them only the last run is kept, and nothing once they have left in peace.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

BY_KEY = "key "
"""How the name of somebody begins who is known by a key."""
MAX_PEOPLE = 10_000
MAX_RUNS = 20


@dataclass(slots=True)
class Known:
    """``open`` is the run to offer, "" for none; ``lost`` is why the last session ended, "" if it ended in peace."""

    runs: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_RUNS))
    open: str = ""
    lost: str = ""
    at: float = 0.0


class Memory:
    def __init__(self, kept_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept_s = kept_s
        self._clock = clock
        self._people: OrderedDict[str, Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._people)

    def asked(self, who: str, run: str) -> None:
        known = self._entry(who)
        if run in known.runs:
            known.runs.remove(run)
        known.runs.append(run)
        known.open = run

    def left(self, who: str) -> None:
        """In peace: there is nothing to offer."""
        if who not in self._people:
            return
        if who.startswith(BY_KEY):
            known = self._entry(who)
            known.open = known.lost = ""
        else:
            del self._people[who]

    def lost(self, who: str, why: str) -> None:
        self._entry(who).lost = why

    def known(self, who: str) -> Known:
        """What is known of who comes in now; why the last session ended is told once."""
        found = self._people.get(who)
        if found is None or self._clock() - found.at > self._kept_s:
            self._people.pop(who, None)
            return Known()
        told = Known(runs=found.runs.copy(), open=found.open, lost=found.lost)
        found.lost = ""
        return told

    def _entry(self, who: str) -> Known:
        known = self._people.setdefault(who, Known())
        known.at = self._clock()
        self._people.move_to_end(who)
        if not who.startswith(BY_KEY):
            while len(known.runs) > 1:
                known.runs.popleft()
        while len(self._people) > MAX_PEOPLE:
            self._people.popitem(last=False)
        return known
