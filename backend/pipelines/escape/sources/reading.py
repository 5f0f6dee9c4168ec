"""How sources ask: a call whose failure is told as evidence, and a series of calls that knows when to stop."""

import asyncio
import contextlib
import datetime
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from backend.pipeline import Call, Context
from backend.pipelines.escape.sources.facts import Sighting, Spot, Take
from backend.pipelines.escape.sources.local_day import DaySky
from backend.upstream import Lifetime, Reply, Upstream, UpstreamError

T = TypeVar("T")

CALL_S = 8.0
"""What a single call may take, in seconds, retries included."""
LASTING = frozenset({"offline", "connect", "refused_key", "quota", "rate_limited", "circuit_open", "budget", "pool"})
"""Kinds of failure that the next call would meet too."""
FAILURES_IN_A_ROW = 3


@contextlib.asynccontextmanager
async def calling(ctx: Context, source: str, operation: str, **request: Any) -> AsyncIterator[Call]:
    """``ctx.call`` that says of a failure what went wrong, and raises it."""
    async with ctx.call(source, operation, **request) as call:
        try:
            yield call
        except UpstreamError as error:
            call.status, call.text = error.code, str(error)
            raise


def call_deadline(ctx: Context) -> float:
    """By when a call that begins now has to end (monotonic)."""
    return min(ctx.deadline, time.monotonic() + CALL_S)


class Series:
    """Calls of one kind to one upstream. ``errors`` are those that failed, ``deadline`` (monotonic) holds for them all;
    ``stopped`` once the upstream shows that asking on is of no use."""

    def __init__(self, ctx: Context, patience_s: float) -> None:
        self.deadline = min(ctx.deadline, time.monotonic() + patience_s)
        self.errors: list[UpstreamError] = []
        self.stopped = False
        self._in_a_row = 0

    def call_deadline(self) -> float:
        """By when the next call has to end."""
        return min(self.deadline, time.monotonic() + CALL_S)

    async def each(self, things: Sequence[T], ask: Callable[[T], Awaitable[None]], at_once: int = 1) -> None:
        """``ask`` for each of them, ``at_once`` at a time, up to the end or until it is of no use."""
        waiting = iter(things)

        async def work() -> None:
            for thing in waiting:
                if self.stopped:
                    return
                await self._one(thing, ask)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(things))):
                group.create_task(work())

    async def _one(self, thing: T, ask: Callable[[T], Awaitable[None]]) -> None:
        try:
            await ask(thing)
        except UpstreamError as error:
            self.errors.append(error)
            self._in_a_row += 1
            if error.kind in LASTING or self._in_a_row >= FAILURES_IN_A_ROW:
                self.stopped = True
        else:
            self._in_a_row = 0


class PlaceByPlace(msgspec.Struct, frozen=True):
    """Forecasts of an upstream that tells of one place a call: ``path`` with ``lat``, ``lon`` and ``params``.

    ``read_day`` finds a place's day in a scrubbed reply, or nothing; ``at_once`` calls are made at a time, all of them
    within ``patience_s``.
    """

    operation: str
    path: str
    lifetime: Lifetime
    scrub: Callable[[Any], Any]
    read_day: Callable[[Any, Spot, datetime.date], DaySky | None]
    at_once: int
    patience_s: float
    params: tuple[tuple[str, Any], ...] = ()

    async def read(
        self, upstream: Upstream, spots: Sequence[Spot], day: datetime.date, ctx: Context, take: Take
    ) -> Sequence[UpstreamError]:
        """Hands each day to ``take`` as it arrives; after an error that the next call would meet too, no more are
        made. The errors are returned."""
        series = Series(ctx, self.patience_s)

        async def ask(spot: Spot) -> None:
            # Four decimals are ten metres, and what MET Norway's terms allow.
            lat, lon = round(spot.lat, 4), round(spot.lon, 4)
            async with calling(ctx, upstream.name, self.operation, place=spot.iata, lat=lat, lon=lon) as call:
                reply = await upstream.get_json(
                    self.path,
                    params=(("lat", lat), ("lon", lon), *self.params),
                    deadline=series.call_deadline(),
                    lifetime=self.lifetime,
                    scrub=self.scrub,
                    call=call,
                )
                found = self.read_day(reply.data, spot, day)
                if found is None:
                    raise unreadable(upstream.name, f"forecast of {day.isoformat()}", reply)
                call.text = f"{spot.city}: {found.high_c:.1f} °C{aged(reply)}"
            take(Sighting(call.id, reply.fetched_at, reply.age_s, {spot.iata: found}))

        await series.each(spots, ask, self.at_once)
        return series.errors


def unreadable(source: str, wanted: str, reply: Reply) -> UpstreamError:
    """The error for a reply that is JSON and yet not what was asked for."""
    return UpstreamError(source, "bad_payload", f"{source}'s answer holds no {wanted}", status=reply.status)


def aged(reply: Reply) -> str:
    """``, kept for 3 h`` where the answer comes from the cache; why, where it is past its time."""
    if not reply.cached:
        return ""
    past = f", past its time: {reply.stale_because}" if reply.stale_because is not None else ""
    return f", kept for {ago(reply.age_s)}{past}"


def ago(seconds: float) -> str:
    """``40 s``, ``25 min``, ``3 h``, ``2 days``."""
    for size, unit, least in ((86_400, "days", 2 * 86_400), (3600, "h", 3600), (60, "min", 60)):
        if seconds >= least:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
