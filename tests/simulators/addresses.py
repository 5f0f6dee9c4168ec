"""How the address services sort what they are asked about."""

from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Literal

CALLER: Final = "81.2.69.142"
"""The public address that the services see a caller on loopback come from."""

Sort = Literal["public", "private", "reserved", "invalid"]
_PRIVATE: Final = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("fc00::/7"),
)


def sort_of(query: str) -> Sort:
    """Private and everything else that isn't globally reachable are told apart."""
    try:
        address = ip_address(query)
    except ValueError:
        return "invalid"
    if any(address in network for network in _PRIVATE):
        return "private"
    return "public" if address.is_global and not address.is_multicast else "reserved"
