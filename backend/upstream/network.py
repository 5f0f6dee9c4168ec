"""How connections are made: names resolved and addresses dialled under one account of patience (see ``patience``)."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import httpcore

from backend.upstream.patience import NetworkDown, Patience
from backend.upstream.resolver import Resolver, is_near

STAGGER_S = 0.25
"""RFC 8305, 8: a further address of the same host is dialled beside the first after so long."""
MAX_ADDRESSES = 4
MAX_OPINIONS = 3

SocketOption = Any
Dial = Callable[[], Coroutine[Any, Any, httpcore.AsyncNetworkStream]]


class Down(httpcore.ConnectError):
    """The network can't be reached, as httpcore and httpx pass it on."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("the network can't be reached")
        self.retry_after_s = retry_after_s


class Network(httpcore.AsyncNetworkBackend):
    """Shared by all upstreams. ``know`` tells it of a host; ``aclose`` ends what it started.

    What is near (this machine, its own network) and what is far have an account each: a model on this machine that
    answers proves nothing about the world outside.
    """

    def __init__(self) -> None:
        self._resolver = Resolver()
        self._inner = httpcore.AnyIOBackend()
        self._accounts = {near: Patience(lambda near=near: self._doubt(near)) for near in (True, False)}  # type: ignore[misc]
        self._hosts: dict[tuple[str, int], None] = {}
        self._dialling: set[tuple[str, int]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def know(self, host: str, port: int) -> None:
        """A host that may be asked: whether it can be reached says something of the others."""
        self._hosts[host, port] = None

    def look_again(self) -> None:
        """Forget that there was no network."""
        for account in self._accounts.values():
            account.renew()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        account = self._accounts[is_near(host)]
        self._dialling.add((host, port))
        try:
            async with asyncio.timeout(timeout), account.waiting():
                stream = await self._connect(host, port, account)
        except NetworkDown as error:
            raise Down(error.retry_after_s) from None
        except TimeoutError:
            raise httpcore.ConnectTimeout("no answer to the call") from None
        except OSError as error:
            raise httpcore.ConnectError(_words(error)) from error
        finally:
            self._dialling.discard((host, port))
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def aclose(self) -> None:
        """End what is still under way."""
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _connect(self, host: str, port: int, account: Patience) -> httpcore.AsyncNetworkStream:
        addresses = (await self._resolver.resolve(host))[:MAX_ADDRESSES]
        try:
            stream = await first_of([self._dial(address, port) for address in addresses], self._adopt)
        except ConnectionRefusedError:
            account.proven()
            raise
        account.proven()
        return stream

    def _dial(self, address: str, port: int) -> Dial:
        async def dial() -> httpcore.AsyncNetworkStream:
            try:
                return await self._inner.connect_tcp(address, port)
            except httpcore.ConnectError as error:
                raise _root(error) from None

        return dial

    def _doubt(self, near: bool) -> None:
        others = [one for one in self._hosts if is_near(one[0]) == near and one not in self._dialling]
        for host, port in others[:MAX_OPINIONS]:
            self._adopt(self._opinion(host, port))

    async def _opinion(self, host: str, port: int) -> None:
        with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
            stream = await self.connect_tcp(host, port)
            await stream.aclose()

    def _adopt(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def first_of(
    dials: Sequence[Dial], adopt: Callable[[Coroutine[Any, Any, Any]], None]
) -> httpcore.AsyncNetworkStream:
    """The stream of the first dial that succeeds; each begins a moment after the one before it, or when that failed.

    ``adopt`` takes over what is left to do for those that come too late. Raises the OSError of the first that failed
    when all have.
    """

    def close_late(dial: "asyncio.Task[httpcore.AsyncNetworkStream]") -> None:
        if not dial.cancelled() and dial.exception() is None:
            adopt(dial.result().aclose())

    running: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
    errors: list[OSError] = []
    waiting = list(dials)
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(waiting.pop(0)()))
            done, running = await asyncio.wait(
                running, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            won = [one for one in done if not one.cancelled() and one.exception() is None]
            running |= set(won[1:])  # to be closed below
            if won:
                return won[0].result()
            errors += [error for one in done if isinstance(error := one.exception(), OSError)]
    finally:
        for one in running:
            one.cancel()
            one.add_done_callback(close_late)
    raise errors[0] if errors else OSError("it has no address")


def _root(error: BaseException) -> OSError:
    while error.__cause__ is not None:
        error = error.__cause__
    return error if isinstance(error, OSError) else OSError(str(error))


def _words(error: OSError) -> str:
    """asyncio puts the address into ``strerror``; a resolver's numbers are no errno."""
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)
