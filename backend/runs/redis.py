"""The run log on Redis or Valkey Streams, for several servers: any of them shows any run, and one goes on where another
one died.

The entry id is our number. Who writes a run is a field of it, changed and checked in the very script that appends; that
its process lives is a lease that it renews. One blocking read per process waits for all that others write.
"""

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from redis.exceptions import RedisError

from backend.errors import ConfigError, StorageError
from backend.runs import redis_scripts as lua
from backend.runs.log import (
    LEASE_S,
    NEWS_S,
    Adopted,
    ClaimTaken,
    Entry,
    EventsLost,
    LeaseLost,
    News,
    Origin,
    RunSummary,
    Signal,
)
from backend.runs.redis_store import OPENING_S, Store, client, heeding_cancellation, storage_error

_log = logging.getLogger(__name__)

_SLACK_S = 0.25
_NEWS_AT_ONCE = 128
_PAGE, _LARGEST_PAGE = 32, 512
_FORGOTTEN_AT_ONCE = 50
_P = lua.PREFIX


class RedisRunLog:
    """A ``RunLog`` at ``url``; finished runs expire after ``retain_days``. ``open`` it before anything else.

    ``may_forget``: be content with a store that isn't durable. Raises ConfigError for a URL that is none.
    """

    def __init__(self, url: str, *, retain_days: float = 30.0, may_forget: bool = False) -> None:
        self._store = Store(url)
        self._blocking: Any = client(url, NEWS_S + _SLACK_S)
        self._redis: Any = self._store.redis  # redis-py types each call for two kinds of client at once
        self._me = secrets.token_hex(8)
        self._retain_ms = int(retain_days * 86_400_000)
        self._may_forget = may_forget
        self._control, self._woken = "$", "0-0"
        self._waking: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self) -> None:
        """Check that the store is one that keeps what it acknowledged. Raises StorageError and ConfigError."""
        wrong = complaints(await self._store.call(self._redis.info, OPENING_S))
        if wrong and not self._may_forget:
            raise ConfigError(f"the Redis of the run log can't be trusted: {'; '.join(wrong)} (or set log_may_forget)")
        for complaint in wrong:
            _log.warning("the Redis of the run log can't be trusted: %s", complaint)
        newest = await self._store.call(partial(self._redis.xrevrange, _P + "control", count=1))
        self._control = newest[0][0].decode() if newest else "0-0"
        await self.renew()

    # ---- writing and reading

    async def append(
        self,
        summary: RunSummary,
        entries: Sequence[Entry],
        *,
        origin: Origin | None = None,
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        first, origin = entries[0].seq, origin or Origin()
        if [entry.seq for entry in entries] != list(range(first, first + len(entries))):
            raise StorageError(f"run {summary.run}: the numbers of new events have a gap")
        claim = origin.claim
        ms = "" if summary.ms is None else summary.ms
        told = [part for step, value in (values or {}).items() for part in (step, value)]
        answer = await self._store.together(
            lua.APPEND,
            *(self._me, summary.run, first, entries[-1].seq, summary.status, ms, self._retain_ms),
            *(msgspec.json.encode(summary), origin.recipe or b""),
            *((_digest(claim.key), claim.fingerprint) if claim else ("", "")),
            *(len(told) // 2, *told),
            *(entry.data for entry in entries),
        )
        _judge_append(summary.run, answer)

    async def read(self, run: str, after: int, limit_bytes: int) -> list[Entry]:
        entries: list[Entry] = []
        size, page = 0, _PAGE
        while True:
            first = after + len(entries) + 1
            found = await self._store.call(partial(self._redis.xrange, _events(run), min=first, count=page))
            for entry in map(_entry, found):
                size += len(entry.data)
                if entries and size > limit_bytes:
                    return entries
                entries.append(entry)
            if len(found) < page or entries[-1].seq != after + len(entries):  # a gap: whoever reads this judges it
                return entries
            page = min(4 * page, _LARGEST_PAGE)

    async def summary(self, run: str) -> RunSummary | None:
        return (await self._summaries([run]))[0]

    async def _summaries(self, runs: Sequence[str]) -> list[RunSummary | None]:
        async def ask() -> list[Any]:
            pipe = self._redis.pipeline(transaction=False)
            for run in runs:
                pipe.hmget(_key(run), "summary", "status", "events", "ms")
            answers: list[Any] = await pipe.execute()
            return answers

        return [_summary(fields) for fields in await self._store.call(ask)]

    async def runs(self, limit: int, before: str | None = None, words: Sequence[str] = ()) -> list[RunSummary]:
        newest = "+inf"
        if before is not None:
            number = await self._store.call(partial(self._redis.zscore, _P + "runs", before))
            if number is None:
                return []
            newest = f"({number:.0f}"
        found: list[RunSummary] = []
        folded = [word.casefold() for word in words]
        start, page = 0, min(max(limit, 1), 200)
        ask = partial(self._redis.zrevrangebyscore, _P + "runs", newest, "-inf", num=page)
        while len(found) < limit:
            part = await self._store.call(partial(ask, start=start))
            summaries = await self._summaries([run.decode() for run in part])
            found += [run for run in summaries if run and all(word in run.question.casefold() for word in folded)]
            start += page
            if len(part) < page:
                break
        return found[:limit]

    async def claimed(self, key: str) -> tuple[str, str] | None:
        claim = f"{_P}claim:{_digest(key)}"
        run, fingerprint = await self._store.call(partial(self._redis.hmget, claim, "run", "fingerprint"))
        return None if run is None else (run.decode(), fingerprint.decode())

    # ---- forgetting

    async def delete(self, run: str) -> bool:
        return bool(await self._store.script(lua.DELETE, run))

    async def retain(self, days: float, runs: int) -> int:
        """Age is looked after by the store itself: keys expire, and what is left of them here goes."""
        while True:
            oldest = await self._store.call(partial(self._redis.zrange, _P + "runs", 0, _FORGOTTEN_AT_ONCE - 1))
            there = await self._summaries([run.decode() for run in oldest])
            gone = [run for run, summary in zip(oldest, there, strict=True) if summary is None]
            if gone:
                await self._store.call(partial(self._redis.zrem, _P + "runs", *gone))
            if not gone or len(gone) < len(oldest):
                break
        surplus = await self._store.call(partial(self._redis.zcard, _P + "runs")) - runs
        if surplus <= 0:
            return 0
        oldest = await self._store.call(partial(self._redis.zrange, _P + "runs", 0, surplus - 1))
        return sum([await self.delete(run.decode()) for run in oldest])

    # ---- between processes

    async def abandoned(self) -> list[RunSummary]:
        runs = await self._store.script(lua.ABANDONED)
        summaries = await self._summaries([run.decode() for run in runs]) if runs else []
        return [summary for summary in summaries if summary is not None]

    async def adopt(self, run: str) -> Adopted | None:
        answer = await self._store.script(lua.ADOPT, self._me, run, secrets.token_hex(8))
        summary = await self.summary(run) if answer is not None else None
        if summary is None:
            return None
        recipe, cancelling, kept = answer
        values = {step.decode(): value for step, value in zip(kept[::2], kept[1::2], strict=True)}
        return Adopted(summary=summary, recipe=recipe or None, values=values, cancelling=bool(cancelling))

    async def hand_over(self, run: str) -> None:
        await self._store.script(lua.HAND_OVER, self._me, run)

    async def others(self) -> int:
        return int(await self._store.script(lua.OTHERS, self._me))

    async def ask_cancel(self, run: str) -> bool:
        return bool(await self._store.script(lua.CANCEL, self._me, run))

    async def cancelling(self, run: str) -> bool:
        return await self._store.call(partial(self._redis.hget, _key(run), "cancelling")) is not None

    async def watch(self, run: str, present: bool) -> None:
        await self._store.script(lua.WATCH, self._me, run, int(present))

    async def watched(self, run: str) -> bool:
        return bool(await self._store.script(lua.WATCHED, self._me, run))

    async def news(self, heads: Mapping[str, int]) -> News:
        if self._closed:
            raise StorageError("the run log is closed")
        control, wake = _P + "control", f"{_P}wake:{self._me}"
        streams = {control: self._control, wake: self._woken} | {_events(run): f"{seq}-0" for run, seq in heads.items()}
        try:
            call = self._blocking.xread(streams, count=_NEWS_AT_ONCE, block=int(NEWS_S * 1000))
            answer = await heeding_cancellation(call)
        except (RedisError, OSError) as error:
            raise storage_error(error) from None
        news = News({}, [])
        runs = {_events(run): run for run in heads}
        for name, found in answer or ():
            key = name.decode()
            if key == control:
                self._control = found[-1][0].decode()
                news.signals.extend(self._signals(fields for _, fields in found))
            elif key == wake:
                self._woken = found[-1][0].decode()
            else:
                news.entries[runs[key]] = [_entry(entry) for entry in found]
        return news

    def _signals(self, told: Any) -> list[Signal]:
        mine = self._me.encode()
        return [Signal(fields[b"kind"].decode(), fields[b"run"].decode()) for fields in told if fields[b"from"] != mine]

    def wake(self) -> None:
        task = asyncio.create_task(self._wake(), name="wake the reader")
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def _wake(self) -> None:
        with contextlib.suppress(StorageError):  # then the reader wakes by itself, a little later
            await self._store.call(partial(self._redis.xadd, f"{_P}wake:{self._me}", {"w": ""}, maxlen=10))

    # ---- the store itself

    async def renew(self) -> None:
        await self._store.script(lua.RENEW, self._me, int(LEASE_S * 1000))

    async def check(self, size: int = 1) -> None:
        await self._store.call(partial(self._redis.set, _P + "pulse", "x" * size, px=60_000))

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._waking:
            await asyncio.wait(self._waking)
        with contextlib.suppress(StorageError):  # then its lease runs out
            await self._store.script(lua.LEAVE, self._me)
        await self._store.aclose()
        await self._blocking.aclose()


def complaints(info: Mapping[str, Any]) -> list[str]:
    """Why a store can't be trusted with runs, by what ``INFO`` says of it."""
    wrong = []
    if info.get("role", "master") != "master":
        wrong.append("it is a replica, which can't be written")
    if info.get("cluster_enabled"):
        wrong.append("it is a cluster; a run log needs a single primary, with replicas if you like")
    if not info.get("aof_enabled"):
        wrong.append("it forgets what it acknowledged when it is killed: set appendonly yes")
    if info.get("maxmemory_policy", "noeviction") != "noeviction":
        wrong.append("when its memory is full it throws runs away: set maxmemory-policy noeviction")
    return wrong


def _judge_append(run: str, answer: Sequence[Any]) -> None:
    match answer[0]:
        case b"ok":
            return
        case b"claimed":
            raise ClaimTaken(answer[1].decode(), answer[2].decode())
        case b"lease":
            raise LeaseLost(f"another process writes run {run} now")
        case b"lost":
            raise EventsLost(run, answer[1])
    raise StorageError(f"run {run} has {answer[1]} events and is {answer[2].decode()}: the new ones are not its next")


def _key(run: str) -> str:
    return f"{_P}run:{run}"


def _events(run: str) -> str:
    return f"{_P}run:{run}:events"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _entry(stored: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    entry_id, fields = stored
    return Entry(int(entry_id.partition(b"-")[0]), fields[b"d"])


def _summary(fields: Sequence[bytes | None]) -> RunSummary | None:
    began, status, events, ms = fields
    if began is None or status is None:
        return None
    summary = msgspec.json.decode(began, type=RunSummary)
    return msgspec.structs.replace(summary, status=status.decode(), events=int(events or 0), ms=int(ms) if ms else None)
