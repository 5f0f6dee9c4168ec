"""Every kind of run log that several processes can share, for tests that say the same of each."""

import atexit
import contextlib
import tempfile
from collections.abc import Iterator
from typing import Literal

from backend.runs.log import RunLog
from backend.runs.sqlite import SQLiteRunLog
from tests.redis_process import RedisProcess, redis_process

Kind = Literal["sqlite", "redis"]
_shared: list[RedisProcess] = []


def the_redis() -> RedisProcess:
    """One for the whole session, ended with it; each test empties it first."""
    if not _shared:
        stack = contextlib.ExitStack()
        _shared.append(stack.enter_context(redis_process("--appendfsync", "no")))
        atexit.register(stack.close)
    return _shared[0]


class Store:
    """A place for runs; ``open`` it as often as there are processes."""

    def __init__(self, kind: Kind, where: str, *, may_forget: bool = False) -> None:
        self.kind = kind
        self.where = where
        self._may_forget = may_forget

    async def open(self, retain_days: float = 30) -> RunLog:
        if self.kind == "sqlite":
            return SQLiteRunLog(self.where)
        from backend.runs.redis import RedisRunLog

        log = RedisRunLog(self.where, retain_days=retain_days, may_forget=self._may_forget)
        await log.open()
        return log

    async def kill(self, log: RunLog) -> None:
        """What others see when the process behind ``log`` is killed: its lock is free, its lease has run out."""
        if isinstance(log, SQLiteRunLog):
            assert log._peers is not None
            log._peers._lock.close()
            await log._writer.aclose()
            await log._reader.aclose()
        else:
            await log.aclose()  # its lease goes with it


@contextlib.contextmanager
def a_store(kind: Kind) -> Iterator[Store]:
    """An empty one."""
    if kind == "redis":
        the_redis().ask("FLUSHALL")
        yield Store(kind, the_redis().url)
    else:
        with tempfile.TemporaryDirectory(prefix="runs") as folder:
            yield Store(kind, folder)
