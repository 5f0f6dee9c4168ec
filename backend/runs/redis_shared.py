"""A Redis or Valkey that several processes use: who of them lives, whose runs are abandoned, what they tell each other.

That a process lives is a lease that it renews, and whoever sees that it doesn't ends it (``leases.py``). One blocking
read per process waits for all that others write; one more connection hears how runs end that can't be written: a full
store passes that on, though it keeps nothing.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from redis.exceptions import RedisError

from backend.errors import StorageError
from backend.runs import redis_scripts as lua
from backend.runs.leases import Leases
from backend.runs.log import NEWS_S, Adopted, Entry, News, RunSummary, Signal
from backend.runs.redis_store import Store, client, heeding_cancellation, storage_error

_SLACK_S = 0.25
_NEWS_AT_ONCE = 128
_P = lua.PREFIX
_KEPT_MS = 30 * 86_400_000
_ENDS = _P + "ends"
_SUMMARY = ("summary", "status", "events", "ms")
_end = msgspec.msgpack.Decoder(tuple[str, list[Entry]])


class SharedRedis:
    """The part of ``RedisRunLog`` that is about other processes, and the connections of all of it."""

    def __init__(self, url: str) -> None:
        self._store = Store(url)
        self._blocking: Any = client(url, NEWS_S + _SLACK_S)
        self._redis: Any = self._store.redis  # redis-py types each call for two kinds of client at once
        self._me = secrets.token_hex(8)
        self._control, self._woken = "$", "0-0"
        self._leases = Leases()
        self._ends: Any = None
        self._hearing: asyncio.Task[Any] | None = None
        self._waking: set[asyncio.Task[None]] = set()
        self._closed = False

    async def summary(self, run: str) -> RunSummary | None:
        return _summary(await self._store.read("HMGET", key_of(run), *_SUMMARY))

    async def _summaries(self, runs: Sequence[str]) -> list[RunSummary | None]:
        async def ask() -> list[Any]:
            pipe = self._redis.pipeline(transaction=False)
            for run in runs:
                pipe.hmget(key_of(run), *_SUMMARY)
            answers: list[Any] = await pipe.execute()
            return answers

        return [_summary(fields) for fields in await self._store.call(ask)]

    # ---- whose runs are whose

    async def abandoned(self) -> list[RunSummary]:
        await self._end_leases()
        runs = await self._store.script(lua.ABANDONED, self._me)
        summaries = await self._summaries([run.decode() for run in runs]) if runs else []
        return [summary for summary in summaries if summary is not None]

    async def _end_leases(self) -> None:
        """Of processes that don't renew them any more: whoever sees that first ends it for all."""
        told = await self._store.script(lua.LEASES)
        renewed = {node.decode(): number for node, number in zip(told[::2], told[1::2], strict=True)}
        renewed.pop(self._me, None)
        for node in self._leases.look(renewed):
            await self._store.script(lua.END_LEASE, node, renewed[node])

    async def adopt(self, run: str) -> Adopted | None:
        answer = await self._store.script(lua.ADOPT, self._me, run, secrets.token_hex(8))
        summary = await self.summary(run) if answer is not None else None
        if summary is None:
            return None
        recipe, cancelling, kept, forks = answer
        values = {step.decode(): value for step, value in zip(kept[::2], kept[1::2], strict=True)}
        return Adopted(
            summary=summary,
            recipe=recipe or None,
            values=values,
            cancelling=bool(cancelling),
            forks=forks.decode(),
        )

    async def hand_over(self, run: str) -> None:
        await self._store.script(lua.HAND_OVER, self._me, run)

    async def others(self) -> int:
        return int(await self._store.script(lua.OTHERS, self._me))

    async def ask_cancel(self, run: str) -> bool:
        return bool(await self._store.script(lua.CANCEL, self._me, run))

    async def cancelling(self, run: str) -> bool:
        return await self._store.call(partial(self._redis.hget, key_of(run), "cancelling")) is not None

    async def watch(self, run: str, present: bool) -> None:
        await self._store.script(lua.WATCH, self._me, run, int(present))

    async def watched(self, run: str) -> bool:
        return bool(await self._store.script(lua.WATCHED, self._me, run))

    async def news(self, heads: Mapping[str, int]) -> News:
        if self._closed:
            raise StorageError("the run log is closed")
        control, wake = _P + "control", f"{_P}wake:{self._me}"
        streams = {control: self._control, wake: self._woken} | {
            events_of(run): f"{seq}-0" for run, seq in heads.items()
        }
        try:
            call = self._blocking.xread(streams, count=_NEWS_AT_ONCE, block=int(NEWS_S * 1000))
            answer = await heeding_cancellation(call)
        except (RedisError, OSError) as error:
            raise storage_error(error) from None
        news = News({}, [])
        runs = {events_of(run): run for run in heads}
        for name, found in answer or ():
            key = name.decode()
            if key == control:
                self._control = found[-1][0].decode()
                news.signals.extend(self._signals(fields for _, fields in found))
            elif key == wake:
                self._woken = found[-1][0].decode()
            else:
                news.entries[runs[key]] = [entry_of(entry) for entry in found]
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

    async def tell_end(self, run: str, entries: Sequence[Entry]) -> None:
        await self._store.script(lua.TELL_END, self._me, run, msgspec.msgpack.encode((run, entries)))

    async def told_end(self) -> tuple[str, list[Entry]]:
        while True:
            if self._closed:
                raise StorageError("the run log is closed")
            self._hearing = asyncio.create_task(self._hear(), name="hear an end")
            try:
                message = await heeding_cancellation(self._hearing)
            except asyncio.CancelledError:
                if self._hearing.cancelled() and self._closed:
                    raise StorageError("the run log is closed") from None
                raise
            if message is not None:
                return _end.decode(message["data"])

    async def _hear(self) -> Any:
        """The next message, if one comes within NEWS_S."""
        try:
            if self._ends is None:
                self._ends = self._blocking.pubsub(ignore_subscribe_messages=True)
                await heeding_cancellation(self._ends.subscribe(_ENDS))
            return await heeding_cancellation(self._ends.get_message(timeout=NEWS_S))
        except (RedisError, OSError) as error:
            await self._hear_no_more()
            raise storage_error(error) from None

    async def _hear_no_more(self) -> None:
        ends, self._ends = self._ends, None
        if ends is not None:
            with contextlib.suppress(RedisError, OSError):
                await ends.aclose()

    async def renew(self) -> None:
        await self._store.script(lua.RENEW, self._me, _KEPT_MS)

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._waking:
            await asyncio.wait(self._waking)
        with contextlib.suppress(StorageError):  # then its lease runs out
            await self._store.script(lua.LEAVE, self._me)
        if self._hearing is not None:  # redis-py would connect again under somebody who listens
            self._hearing.cancel()
            await asyncio.wait([self._hearing])
        await self._hear_no_more()
        await self._store.aclose()
        await self._blocking.aclose()


def key_of(run: str) -> str:
    return f"{_P}run:{run}"


def events_of(run: str) -> str:
    return f"{_P}run:{run}:events"


def entry_of(stored: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    entry_id, fields = stored
    return Entry(int(entry_id.partition(b"-")[0]), fields[b"d"], fields.get(b"f", b"").decode())


def _summary(fields: Sequence[bytes | None]) -> RunSummary | None:
    began, status, events, ms = fields
    if began is None or status is None:
        return None
    summary = msgspec.json.decode(began, type=RunSummary)
    return msgspec.structs.replace(summary, status=status.decode(), events=int(events or 0), ms=int(ms) if ms else None)
