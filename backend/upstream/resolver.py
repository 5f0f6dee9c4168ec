"""Names to addresses, outside of the event loop's threads: a resolver that hangs would hold them."""

import asyncio
import contextlib
import ipaddress
import itertools
import socket
import threading
import time
from collections.abc import Sequence

KEPT_S = 30.0


class Resolver:
    """Asks the system. Each name is asked for once at a time, in a thread that nobody has to wait for."""

    def __init__(self) -> None:
        self._asking: dict[str, asyncio.Future[Sequence[str]]] = {}
        self._known: dict[str, tuple[float, Sequence[str]]] = {}

    async def resolve(self, host: str) -> Sequence[str]:
        """The addresses of ``host``, IPv6 and IPv4 by turns. Raises OSError (``socket.gaierror``) for no such name."""
        if host == "localhost":
            return ("127.0.0.1", "::1")  # RFC 6761, 6.3: no resolver needs to be asked
        if is_address(host):
            return (host.strip("[]"),)
        kept = self._known.get(host)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        asking = self._asking.get(host)
        if asking is None:
            asking = self._asking[host] = asyncio.get_running_loop().create_future()
            asking.add_done_callback(lambda done: self._done(host, done))
            threading.Thread(target=_ask, args=(host, asking), name=f"resolve {host}", daemon=True).start()
        return await asyncio.shield(asking)

    def _done(self, host: str, asked: "asyncio.Future[Sequence[str]]") -> None:
        del self._asking[host]
        if not asked.cancelled() and asked.exception() is None:
            self._known[host] = (time.monotonic(), asked.result())


def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address, not a name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_near(host: str) -> bool:
    """Whether ``host`` is this machine, or an address of its own network."""
    return host == "localhost" or (is_address(host) and not ipaddress.ip_address(host.strip("[]")).is_global)


def _ask(host: str, asking: "asyncio.Future[Sequence[str]]") -> None:
    found: Sequence[str] | Exception
    try:
        listed = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        six = [str(entry[4][0]) for entry in listed if entry[0] == socket.AF_INET6]
        four = [str(entry[4][0]) for entry in listed if entry[0] == socket.AF_INET]
        first, second = (six, four) if listed[0][0] == socket.AF_INET6 else (four, six)
        turns = itertools.chain.from_iterable(itertools.zip_longest(first, second))
        found = tuple(dict.fromkeys(address for address in turns if address))
    except (OSError, UnicodeError) as error:
        found = error if isinstance(error, OSError) else OSError(f"{host!r} is no host name")

    def settle() -> None:
        if asking.done():
            return
        if isinstance(found, Exception):
            asking.set_exception(found)
        else:
            asking.set_result(found)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        asking.get_loop().call_soon_threadsafe(settle)
