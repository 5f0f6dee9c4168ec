"""A body goes out in any pieces and up to any byte, and is still itself."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer
from tests.simulators.faults import Fault
from tests.simulators.pacing import paced
from tests.simulators.quota import CalendarWindows, FirstCallWindow, LeakyBucket


def sent(body: bytes | AsyncIterator[bytes], fault: Fault) -> list[bytes]:
    async def run() -> list[bytes]:
        return [piece async for piece in paced(Answer(body=body), fault)]

    return asyncio.run(run())


async def in_parts(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@given(
    parts=st.lists(st.binary(max_size=20), max_size=8),
    sizes=st.none() | st.integers(1, 9) | st.lists(st.integers(1, 9), max_size=5),
    cut_at=st.none() | st.integers(0, 200),
)
def test_pieces_join_to_the_body(parts: list[bytes], sizes: int | list[int] | None, cut_at: int | None) -> None:
    body = b"".join(parts)
    pieces = sent(in_parts(parts), Fault(chunks=sizes, cut_at=cut_at))
    assert b"".join(pieces) == (body if cut_at is None else body[:cut_at])
    assert all(pieces)
    if isinstance(sizes, int):
        assert {len(piece) for piece in pieces[:-1]} <= {sizes}
    elif sizes:
        assert all(len(piece) == size for piece, size in zip(pieces[:-1], sizes, strict=False))


@given(amounts=st.lists(st.tuples(st.floats(0, 50), st.floats(0, 90)), max_size=30))
def test_a_bucket_never_holds_more_than_its_limit(amounts: list[tuple[float, float]]) -> None:
    clock = SimulatedClock.frozen()
    bucket = LeakyBucket(clock, 40, 60)
    for amount, pause in amounts:
        wait = bucket.take(amount)
        assert bucket.used() <= 40 + 1e-6
        assert wait >= 0
        clock.advance(seconds=pause)
    clock.advance(seconds=60)
    assert bucket.left == 40


@given(pauses=st.lists(st.integers(0, 70), min_size=1, max_size=60))
def test_windows_allow_their_limit_and_no_more(pauses: list[int]) -> None:
    clock = SimulatedClock.frozen()
    first, calendar = FirstCallWindow(clock, 3), CalendarWindows(clock, {"minute": 3})
    for pause in pauses:
        allowed, left, resets = first.take("a")
        assert 0 <= left <= 2 + (not allowed)
        assert 0 < resets <= 60
        assert allowed or left == 0
        if calendar.exceeded("a") is None:
            calendar.add("a")
        assert calendar.left("a", "minute") >= 0
        clock.advance(seconds=pause)
