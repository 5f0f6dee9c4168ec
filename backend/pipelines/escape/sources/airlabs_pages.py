"""A timetable that comes in pages: which of them are still to be asked for, and when there is no more to come."""

from collections.abc import Sequence

import msgspec

from backend.pipelines.escape.sources.fields import Json

LEAST_PAGE = 50
"""What a free key gets at once: a page with fewer rows is the last one, if the reply doesn't say."""


class Page(msgspec.Struct, frozen=True):
    """Rows from ``offset`` on. ``total``: how many there are in all, ``more``: whether some follow, if it says so."""

    offset: int
    call: str
    rows: Sequence[Json]
    total: int | None = None
    more: bool | None = None

    @property
    def end(self) -> int:
        return self.offset + len(self.rows)

    @property
    def is_last(self) -> bool:
        if self.total is not None and self.end >= self.total:
            return True
        if self.more is not None:
            return not self.more
        return self.total is None and len(self.rows) < LEAST_PAGE


class Pages:
    """The pages of one timetable so far, of which at most ``budget`` are asked for."""

    def __init__(self, first: Page, budget: int) -> None:
        self.kept: list[Page] = []
        self._budget = budget
        self._read = 0
        self._over = False
        self.add(first)

    def add(self, page: Page) -> None:
        """Take in a page. One that is empty or repeats another says that there is no more."""
        self._budget -= 1
        if not page.rows or any(page.rows == other.rows for other in self.kept):
            self._over = self._over or page.offset <= self._read
            return
        self.kept.append(page)
        for one in sorted(self.kept, key=lambda one: one.offset):
            if one.offset <= self._read < one.end:
                self._read = one.end
                self._over = self._over or one.is_last

    @property
    def read(self) -> int:
        """Rows read without a gap."""
        return self._read

    @property
    def total(self) -> int | None:
        """How many rows there are, if any page says so."""
        return max((page.total for page in self.kept if page.total is not None), default=None)

    @property
    def is_whole(self) -> bool:
        return self._over

    def next_offsets(self) -> list[int]:
        """Where the next pages begin, as many as the budget allows: all that are left where the total is known and
        every page had the size of the first, else one. None when it is over."""
        if self._over or self._budget <= 0:
            return []
        if self.total is None or any(page.offset > self._read for page in self.kept):
            return [self._read]
        return list(range(self._read, self.total, len(self.kept[0].rows)))[: self._budget]
