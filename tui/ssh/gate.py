"""Who may come in now: how many connections there are, from where, and how many of them nobody knows yet."""

import ipaddress
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gate:
    """Counts connections by their id. The limits are inclusive."""

    total: int
    per_address: int
    unauthenticated: int
    _inside: dict[int, str] = field(default_factory=dict)
    _unknown: set[int] = field(default_factory=set)
    _from: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self._inside)

    def refusal(self, address: str) -> str | None:
        """Why somebody from ``address`` can't come in now, as a sentence; None if they can."""
        if len(self._inside) >= self.total:
            return "Every seat is taken. Try again in a minute."
        if self._from[network(address)] >= self.per_address:
            return "There are too many connections from your address. Close one and try again."
        if len(self._unknown) >= self.unauthenticated:
            return "Too many are at the door. Try again in a few seconds."
        return None

    def enter(self, connection: int, address: str) -> None:
        self._inside[connection] = network(address)
        self._unknown.add(connection)
        self._from[network(address)] += 1

    def authenticated(self, connection: int) -> None:
        self._unknown.discard(connection)

    def leave(self, connection: int) -> None:
        """Idempotent."""
        place = self._inside.pop(connection, None)
        self._unknown.discard(connection)
        if place is None:
            return
        self._from[place] -= 1
        if not self._from[place]:
            del self._from[place]


def network(address: str) -> str:
    """What is counted as one address: IPv4 as it is, of IPv6 the /64, which one subscriber has whole."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
