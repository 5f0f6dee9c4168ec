"""The run log on Redis or Valkey Streams, for several servers: any of them shows any run, and one goes on where another
one died.

The entry id is our number. Who writes a run is a field of it, changed and checked in the very script that appends. What
processes have to do with each other is in ``redis_shared.py``.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from redis.exceptions import BusyLoadingError

from backend.errors import ConfigError, StorageError
from backend.runs import redis_scripts as lua
from backend.runs.log import ClaimTaken, Entry, EventsLost, LeaseLost, Origin, RunSummary
from backend.runs.redis_shared import SharedRedis, events_of
from backend.runs.redis_store import OPENING_S

_log = logging.getLogger(__name__)

_USUAL_BYTES = 256
"""Of an event, until it is known better."""
_PAGE_BYTES = 64 * 1024
"""What one command may bring, as far as that can be told: several share a round trip, whose answer is to be read whole
within ``ANSWER_S``."""
_FORGOTTEN_AT_ONCE = 50
_P = lua.PREFIX


class RedisRunLog(SharedRedis):
    """A ``RunLog`` at ``url``; finished runs expire after ``retain_days``. ``open`` it before anything else.

    ``may_forget``: be content with a store that isn't durable. Raises ConfigError for a URL that is none.
    """

    def __init__(self, url: str, *, retain_days: float = 30.0, may_forget: bool = False) -> None:
        super().__init__(url)
        self._retain_ms = int(retain_days * 86_400_000)
        self._may_forget = may_forget
        self._usual_bytes = _USUAL_BYTES  # of the events that were read or written last
        self._redis.set_response_callback("XRANGE", _as_it_is)

    async def open(self) -> None:
        """Check that the store is one that keeps what it acknowledged. Raises StorageError and ConfigError."""
        wrong = complaints(await self._store.call(self._info, OPENING_S))
        if wrong and not self._may_forget:
            raise ConfigError(f"the Redis of the run log can't be trusted: {'; '.join(wrong)} (or set log_may_forget)")
        for complaint in wrong:
            _log.warning("the Redis of the run log can't be trusted: %s", complaint)
        newest = await self._store.call(partial(self._redis.xrevrange, _P + "control", count=1))
        self._control = newest[0][0].decode() if newest else "0-0"
        await self.renew()

    async def _info(self) -> dict[str, Any]:
        info: dict[str, Any] = await self._redis.info()
        if info.get("loading"):  # until it has read its append-only file it says that it has none
            raise BusyLoadingError("it still reads its data")
        return info

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
        self._note_size(entries)
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
        size = 0
        while True:
            # As many as fit, by the size of the last ones read: one round trip, and not much in it that is too much.
            page = max(1, min(limit_bytes - size, _PAGE_BYTES) // self._usual_bytes + 1)
            first = after + len(entries) + 1
            stored = await self._store.read("XRANGE", events_of(run), first, "+", "COUNT", page)
            found = [*map(_entry_of_pairs, stored)]
            self._note_size(found)
            for entry in found:
                size += len(entry.data)
                if entries and size > limit_bytes:
                    return entries
                entries.append(entry)
            if len(found) < page or entries[-1].seq != after + len(entries):  # a gap: whoever reads this judges it
                return entries

    def _note_size(self, entries: Sequence[Entry]) -> None:
        if len(entries) > 1:
            self._usual_bytes = sum(len(entry.data) for entry in entries) // len(entries) + 1

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

    # ---- the store itself

    async def check(self, size: int = 1) -> None:
        await self._store.call(partial(self._redis.set, _P + "pulse", "x" * size, px=60_000))


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


def _as_it_is(answer: Any, **_: Any) -> Any:
    """Without redis-py's dictionary for each event."""
    return answer


def _entry_of_pairs(stored: tuple[bytes, list[bytes]]) -> Entry:
    """An event as the store tells it: its id, and its fields as ``redis_scripts.APPEND`` has written them."""
    entry_id, fields = stored
    return Entry(int(entry_id.partition(b"-")[0]), fields[1], fields[3].decode() if len(fields) > 2 else "")


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


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
