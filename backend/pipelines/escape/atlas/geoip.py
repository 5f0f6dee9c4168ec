"""Public IPv4 addresses to a place of 0.1 degree, from one packed row per first octet.

A private, reserved or malformed address is no place and no error: it is simply not known.
"""

import sys
from array import array
from bisect import bisect_right
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from backend.pipelines.escape.atlas.database import Database

NOWHERE = 0  # the place number of ranges with no data
BLOCK_BITS = 8  # all ranges start at a multiple of 256 addresses


class Spot(NamedTuple):
    country: str
    lat: float
    lon: float


def pack(values: "list[int] | array[int]") -> bytes:
    """Unsigned 16-bit values as little-endian bytes. Raises OverflowError for a value that doesn't fit."""
    packed = array("H", values)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(data: bytes) -> "array[int]":
    """The inverse of ``pack``."""
    values = array("H")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


class AddressTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, address: str) -> Spot | None:
        number = _public_ipv4(address)
        if number is None:
            return None
        rows = self._database.rows("SELECT starts, spots FROM geoip WHERE octet = ?", (number >> 24,))
        if not rows:
            return None
        starts, spots = unpack(rows[0][0]), unpack(rows[0][1])
        spot = spots[bisect_right(starts, number >> BLOCK_BITS & 0xFFFF) - 1]
        if spot == NOWHERE:
            return None
        country, lat, lon = self._database.rows("SELECT country, lat, lon FROM spot WHERE id = ?", (spot,))[0]
        return Spot(country, lat / 10, lon / 10)


def _public_ipv4(address: str) -> int | None:
    try:
        parsed: IPv4Address | IPv6Address | None = ip_address(address.strip())
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        # A dual-stack socket reports IPv4 peers as ::ffff:a.b.c.d.
        parsed = parsed.ipv4_mapped
    if parsed is None or not parsed.is_global or parsed.is_multicast:
        return None
    return int(parsed)
