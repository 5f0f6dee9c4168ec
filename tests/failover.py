"""A primary and a replica that hears of it late: a failover that loses what was acknowledged."""

import contextlib
from collections.abc import AsyncIterator

from tests.nodes import eventually
from tests.redis_process import RedisProcess, redis_process
from tests.run_logs import Store
from tests.store_proxy import StoreProxy


class Failover:
    """A primary, a replica that stops hearing of it, and the way to whichever serves."""

    def __init__(self, primary: RedisProcess, replica: RedisProcess, replication: StoreProxy, way: StoreProxy) -> None:
        self.primary, self.replica, self._replication, self._way = primary, replica, replication, way
        self.store = Store("redis", way.url)

    async def replicated(self, run: str, events: int) -> None:
        await eventually(lambda: int(self.replica.ask("XLEN", f"windowseat:run:{run}:events") or 0) >= events)

    def lose_the_tail_from_here(self) -> None:
        self._replication.deaf = True

    def fail_over(self) -> None:
        self.primary.kill()
        self._replication.cut()
        self.replica.ask("REPLICAOF", "NO", "ONE")
        self._way.target = self.replica.port
        self._way.cut()


@contextlib.asynccontextmanager
async def a_failover() -> AsyncIterator[Failover]:
    """Both serve, and the replica follows."""
    with redis_process("--repl-diskless-sync-delay", "0") as primary:
        async with StoreProxy(primary.port) as replication, StoreProxy(primary.port) as way:
            with redis_process("--replicaof", "127.0.0.1", str(replication.port)) as replica:
                yield Failover(primary, replica, replication, way)
