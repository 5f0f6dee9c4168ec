"""Which pages of a timetable are asked for, and when there is no more to come."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources.airlabs_pages import Page, Pages

Row = dict[str, Any]


class Service:
    """A timetable of ``rows`` that gives ``cap`` of them at once; the cap may change from page to page."""

    def __init__(self, rows: int, caps: list[int], *, total: bool, more: bool) -> None:
        self.rows: list[Row] = [{"number": number} for number in range(rows)]
        self._caps, self._total, self._more = caps, total, more
        self.asked: list[int] = []

    def page(self, offset: int) -> Page:
        cap = self._caps[min(len(self.asked), len(self._caps) - 1)]
        self.asked.append(offset)
        rows = self.rows[offset : offset + cap]
        total = len(self.rows) if self._total else None
        more = offset + len(rows) < len(self.rows) if self._more else None
        return Page(offset, f"c{len(self.asked)}", rows, total, more)


def read(service: Service, budget: int) -> Pages:
    pages = Pages(service.page(0), budget)
    while offsets := pages.next_offsets():
        for offset in offsets:
            pages.add(service.page(offset))
    return pages


def numbers(pages: Pages) -> set[int]:
    return {row["number"] for page in pages.kept for row in page.rows}


@given(
    st.integers(0, 400),
    st.lists(st.integers(1, 120), min_size=1, max_size=5),
    st.booleans(),
    st.booleans(),
    st.integers(1, 12),
)
def test_every_row_is_read_within_the_budget_or_the_list_is_not_called_whole(
    rows: int, caps: list[int], total: bool, more: bool, budget: int
) -> None:
    service = Service(rows, caps, total=total, more=more)
    pages = read(service, budget)
    assert len(service.asked) <= budget
    assert numbers(pages) <= set(range(rows))
    if pages.is_whole and (total or more or min(caps) >= 50):
        assert numbers(pages) == set(range(rows))
    if not pages.is_whole:
        assert len(service.asked) == budget


def test_with_a_total_the_others_are_asked_for_at_once() -> None:
    service = Service(271, [50], total=True, more=True)
    pages = Pages(service.page(0), 20)
    assert pages.next_offsets() == [50, 100, 150, 200, 250]
    assert Pages(service.page(0), 3).next_offsets() == [50, 100]


def test_without_one_they_are_asked_for_one_after_the_other() -> None:
    service = Service(120, [50], total=False, more=True)
    pages = Pages(service.page(0), 20)
    assert pages.next_offsets() == [50]


def test_a_free_keys_page_ends_the_list_by_being_short_where_nothing_says_so() -> None:
    assert read(Service(49, [50], total=False, more=False), 20).is_whole
    full = Service(100, [50], total=False, more=False)
    assert read(full, 20).is_whole
    assert full.asked == [0, 50, 100]


def test_a_service_that_repeats_itself_is_not_asked_for_ever() -> None:
    first = [{"number": number} for number in range(50)]
    asked = 0
    pages = Pages(Page(0, "c1", first, None, True), 20)
    while offsets := pages.next_offsets():
        asked += len(offsets)
        for offset in offsets:
            pages.add(Page(offset, "c2", first, None, True))
    assert (asked, pages.is_whole, pages.read) == (1, True, 50)


def test_pages_may_come_in_any_order() -> None:
    service = Service(200, [50], total=True, more=True)
    pages = Pages(service.page(0), 20)
    for offset in reversed(pages.next_offsets()):
        pages.add(service.page(offset))
    assert pages.is_whole
    assert pages.read == 200
    assert pages.next_offsets() == []


def test_a_total_beyond_all_reason_costs_no_more_than_the_budget() -> None:
    pages = Pages(Page(0, "c1", [{"number": 1}], 10**7, True), 4)
    assert pages.next_offsets() == [1, 2, 3]
    for offset in (1, 2, 3):
        pages.add(Page(offset, "c2", [], 10**7, True))
    assert pages.next_offsets() == []
