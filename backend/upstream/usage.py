"""How many calls were made, by day and over restarts: what a plan counts, we count too."""

from collections.abc import Mapping
from datetime import UTC, datetime

from backend.upstream.store import Store


class Usage:
    """``counted``: calls by upstream and day, as the store had them when the server started."""

    def __init__(self, store: Store, counted: Mapping[tuple[str, str], float] | None = None) -> None:
        self._store = store
        self._counted = dict(counted or {})

    def count(self, upstream: str, weight: float) -> None:
        """A call that weighs ``weight`` was made; nobody has to wait until that is written down."""
        day = today()
        self._counted[upstream, day] = self._counted.get((upstream, day), 0.0) + weight
        self._store.count(upstream, day, weight)

    def of(self, upstream: str) -> Mapping[str, float]:
        """The calls made ``today`` and ``this month`` (UTC)."""
        day = today()
        mine = {when: calls for (name, when), calls in self._counted.items() if name == upstream}
        month = sum(calls for when, calls in mine.items() if when[:7] == day[:7])
        return {"today": mine.get(day, 0.0), "this month": month}


def today() -> str:
    """The day now, in UTC."""
    return datetime.now(UTC).date().isoformat()
