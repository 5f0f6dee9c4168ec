"""Whose question it is, by address: the peer of the connection, or whom trusted proxies in front of us name.

Anybody can write ``X-Forwarded-For``. So a header counts only when the peer itself is a proxy that the settings trust,
it is read from the right, where the nearest proxy wrote, and it ends at the first hop that isn't trusted: what stands
left of that is the client's own claim.
"""

import functools
import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from backend.http.application import current_request, extension

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_FORWARDED_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)', re.IGNORECASE)
_PORT = re.compile(r":\d{1,5}$")
_MAX_HOPS = 32
_PASSED_ON = frozenset((b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"))


def client_address() -> str | None:
    """The address of who sent the request under way."""
    addresses: ClientAddresses = extension("client_addresses")
    return addresses.of(current_request().scope)


class ClientAddresses:
    """``trusted``: networks of proxies; ``header``: where they name the client, in lower case."""

    def __init__(self, trusted: Sequence[str] = (), header: str = "x-forwarded-for") -> None:
        self._trusted: tuple[Network, ...] = tuple(ipaddress.ip_network(one) for one in trusted)
        self._header = header.encode()

    def of(self, scope: Mapping[str, Any]) -> str | None:
        """The client's address in its plain form; None when it isn't known. ``scope`` is that of ASGI.

        The peer is taken from there: Quart's ``remote_addr`` may be a header that the client sent.
        """
        client = scope.get("client")
        address, plain = _peer(client[0]) if client else (None, None)
        if address is None or not self._trusts(address):
            return plain
        for hop in self._hops(scope):
            address = parse(hop)
            if address is None or not self._trusts(address):
                return _plain(address)
        return _plain(address)

    def is_near(self, scope: Mapping[str, Any]) -> bool:
        """Whether the client is on this machine or its own network, and surely so: nothing stands between us whose word
        isn't taken."""
        address = self.of(scope)
        peer, _ = _peer(scope["client"][0]) if scope.get("client") else (None, None)
        trusted = peer is not None and self._trusts(peer)
        passed_on = any(name.lower() in _PASSED_ON for name, _ in scope["headers"])
        return address is not None and not ipaddress.ip_address(address).is_global and (trusted or not passed_on)

    def _trusts(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._trusted)

    def _hops(self, scope: Mapping[str, Any]) -> list[str]:
        """Who passed it on, the nearest first."""
        values = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == self._header]
        hops = [hop.strip() for value in values for hop in value.split(",")]
        if self._header == b"forwarded":
            hops = [match[1] if (match := _FORWARDED_FOR.search(hop)) else "" for hop in hops]
        return hops[::-1][:_MAX_HOPS]


def parse(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, in quotes; IPv4 inside of IPv6 as IPv4."""
    text = text.strip().strip('"')
    if text.startswith("[") and "]" in text:
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = _PORT.sub("", text)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.scope_id is not None:
            return ipaddress.IPv6Address(int(address))
    return address


@functools.lru_cache(maxsize=1024)
def _peer(text: str) -> tuple[Address | None, str | None]:
    """The peer of a connection and its plain form; many a request comes from the same."""
    address = parse(text)
    return address, _plain(address)


def _plain(address: Address | None) -> str | None:
    return None if address is None else str(address)
