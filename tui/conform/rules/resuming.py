"""A run read again, from anywhere, by anybody, while it goes on and when it is over."""

import asyncio
from collections.abc import Awaitable

import msgspec

from shared.events import MAX_FRAME_BYTES, StreamSnapshot, encode_event
from shared.view import RunView, fold_all
from tui.conform.probe import Reading, events_path
from tui.conform.sample import Case, Event, connection_events_in, decode, expect, for_each, received_in, sampled
from tui.conform.verdict import Broken

_READERS = 4
_SNAPSHOTS = 8


async def replay(case: Case) -> str:
    """Raises Broken unless a replay is the live stream, byte for byte, twice."""
    for _ in range(2):
        again = await case.replay(case.sample.run)
        expect(again.received, case.sample.received, "a replay is not the live stream")
    return f"{len(case.sample.reading.data):,} bytes"


async def by_header(case: Case) -> str:
    """Raises Broken unless Last-Event-ID brings exactly what follows, for each place in the log."""
    run, whole = case.sample.run, case.sample.received

    async def check(place: int) -> None:
        rest = await case.replay(run, headers={"Last-Event-ID": f"{run}.{place}"})
        expect(rest.received, whole[place:], f"after Last-Event-ID {place}")

    places = [place for place in case.cursors(len(whole)) if place > 0]
    await for_each(places, check)
    return f"{len(places)} places"


async def by_query(case: Case) -> str:
    """Raises Broken unless ?after= brings exactly what follows, for each place in the log."""
    whole = case.sample.received

    async def check(place: int) -> None:
        rest = await case.replay(case.sample.run, f"after={place}")
        expect(rest.received, whole[place:], f"?after={place}")

    places = case.cursors(len(whole))
    await for_each(places, check)
    return f"{len(places)} places"


async def while_live(case: Case) -> str:
    """Raises Broken unless several readers of a run that goes on, one of them cut and resumed, get the same."""
    async with case.probe.open("POST", "/assist", body=case.body(case.long_question)) as first:
        await first.until(lambda data: bool(received_in(data)))
        run = sampled(first).run
        known = len(received_in(first.data))
        others = [
            asyncio.create_task(case.replay(run, headers={"Last-Event-ID": f"{run}.{min(known, 1 + place)}"}))
            for place in range(_READERS)
        ]
        left = received_in(first.data)
    # The first reader has left in the middle, wherever the bytes were cut, and comes back.
    try:
        async with case.probe.open("GET", events_path(run), headers={"Last-Event-ID": left[-1].id}) as again:
            await case.end(run)
            await again.to_end()
        rest = case.sampled(again, run)
        whole = [*left, *rest.received]
        for place, other in enumerate(others):
            expect((await other).received, whole[min(known, 1 + place) :], "another reader of the same run")
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    expect((await case.replay(run)).received, whole, "the log after a cut")
    return f"{_READERS + 1} readers; the cut was after event {len(left)} of {len(whole)}"


async def snapshot(case: Case) -> str:
    """Raises Broken unless a snapshot and what follows it come to the same state as the whole log."""
    async with case.probe.open("POST", "/assist", body=case.body(case.long_question)) as live:
        await live.until(lambda data: bool(received_in(data)))
        run = sampled(live).run
        path = events_path(run, "snapshot=1")
        early: list[asyncio.Task[Reading | Broken]] = []
        async with asyncio.TaskGroup() as group:
            while not live.ended and len(early) < (1 if case.lasts else _SNAPSHOTS):
                early.append(group.create_task(_broken_or(case.probe.read("GET", path))))
                await (case.end(run) if case.lasts else live.more())
            await live.to_end()
    whole = received_in(live.data)
    places = []
    for reading in [*(task.result() for task in early), await case.probe.read("GET", path)]:
        if isinstance(reading, Broken):
            raise reading
        found, tail = _snapshot_in(reading), received_in(reading.data)
        if found is None:  # the view is larger than a frame may be
            _check_too_large(whole)
            expect(tail, whole, "?snapshot=1 without a snapshot")
        else:
            expect(tail, whole[found.upto :], f"after a snapshot of {found.upto} events")
            _compare(found, tail, whole)
        places.append(0 if found is None else found.upto)
    return f"taken after events {', '.join(str(place) for place in places)} of {len(whole)}"


async def _broken_or(reading: Awaitable[Reading]) -> Reading | Broken:
    try:
        return await reading
    except Broken as error:
        return error


def _snapshot_in(reading: Reading) -> StreamSnapshot | None:
    found = [event for event in connection_events_in(reading.data) if isinstance(event, StreamSnapshot)]
    if not found:
        return None
    if len(found) != 1:
        raise Broken(f"?snapshot=1 brought {len(found)} snapshots")
    first = next((block for block in reading.data.split(b"\n\n") if not block.startswith(b":")), b"")
    if b'"stream.snapshot"' not in first:
        raise Broken(f"?snapshot=1 begins with {first[:60]!r}")
    if b"id:" in first.split(b"\n")[0]:
        raise Broken("a snapshot has an id, which a reader would send as its place in the log")
    return found[0]


def _check_too_large(whole: list[Event]) -> None:
    size = len(encode_event(StreamSnapshot(upto=len(whole), view=_view_of(whole, RunView()))))
    if size < MAX_FRAME_BYTES:
        raise Broken(f"?snapshot=1 brought no snapshot, though it would have {size:,} bytes")


def _view_of(events: list[Event], view: RunView) -> RunView:
    return fold_all([decode(event.data) for event in events], view)  # type: ignore[misc]  # events of the log


def _compare(found: StreamSnapshot, tail: list[Event], whole: list[Event]) -> None:
    try:
        view = msgspec.convert(found.view, RunView)
    except msgspec.ValidationError as error:
        raise Broken(f"the view of a snapshot can't be read: {error}") from None
    if _view_of(tail, view) != _view_of(whole, RunView()):
        raise Broken(f"the snapshot after event {found.upto}, folded on, is not the state that the log comes to")
