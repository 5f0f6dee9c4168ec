"""The outlines of the land, from Natural Earth (public domain): coarse ones for the world, fine ones for a region.

``land.bin`` beside this file is built by ``python -m tui.map.build``. It is zlib over little-endian unsigned varints:
for each of the scales, coarse first, the number of rings; for each ring the number of points and then, zigzag-coded,
the differences of longitude and latitude from point to point in units of 1/SCALE degree.
"""

import zlib
from array import array
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

SCALE = 100
NOTICE = "Made with Natural Earth"


class Ring(NamedTuple):
    """A closed outline: ``lons`` and ``lats`` in units of 1/SCALE degree, and the box around them."""

    lons: "array[int]"
    lats: "array[int]"
    west: int
    south: int
    east: int
    north: int


@cache
def outlines() -> tuple[tuple[Ring, ...], tuple[Ring, ...]]:
    """The coarse and the fine outlines. Read once, and never changed."""
    numbers = _varints(zlib.decompress((files("tui.map") / "land.bin").read_bytes()))
    coarse, fine = (tuple(_rings(numbers)) for _ in range(2))
    return coarse, fine


def pack(scales: tuple[list[list[tuple[int, int]]], list[list[tuple[int, int]]]]) -> bytes:
    """Rings of (longitude, latitude) in units of 1/SCALE degree, as ``land.bin`` has them."""
    raw = bytearray()
    for rings in scales:
        _put(raw, len(rings))
        for ring in rings:
            _put(raw, len(ring))
            x = y = 0
            for lon, lat in ring:
                _put(raw, _zigzag(lon - x))
                _put(raw, _zigzag(lat - y))
                x, y = lon, lat
    return zlib.compress(bytes(raw), 9)


def _rings(numbers: Iterator[int]) -> Iterator[Ring]:
    for _ in range(next(numbers)):
        lons, lats = array("i"), array("i")
        x = y = 0
        for _ in range(next(numbers)):
            x += _unzigzag(next(numbers))
            y += _unzigzag(next(numbers))
            lons.append(x)
            lats.append(y)
        yield Ring(lons, lats, min(lons), min(lats), max(lons), max(lats))


def _varints(raw: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in raw:
        value |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            yield value
            value = shift = 0


def _put(raw: bytearray, value: int) -> None:
    while value > 0x7F:
        raw.append(value & 0x7F | 0x80)
        value >>= 7
    raw.append(value)


def _zigzag(value: int) -> int:
    return value * 2 if value >= 0 else -value * 2 - 1


def _unzigzag(value: int) -> int:
    return value >> 1 if value & 1 == 0 else -(value + 1 >> 1)
