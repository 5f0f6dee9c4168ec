"""Where on the canvas a place lies: an equirectangular view around a centre, true to scale in the middle."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tui.drawing import DOTS_HIGH, DOTS_WIDE

Position = tuple[float, float]
"""Longitude and latitude in degrees."""

MARGIN = 0.12
_NARROWEST = 3.0  # degrees: places near each other are still seen with what is around them
_ALONE = 20.0  # degrees: of a place alone nothing but coasts and borders tells where it is
_FLATTEST = 0.25  # cosine beyond which the far north would be drawn too wide to be recognised


class Viewport(NamedTuple):
    """``scale`` in dots per degree of latitude; ``width`` and ``height`` in cells."""

    lon: float
    lat: float
    scale: float
    width: int
    height: int

    @property
    def squeeze(self) -> float:
        """How much shorter a degree of longitude is than one of latitude, here."""
        return max(_FLATTEST, math.cos(math.radians(self.lat)))

    @property
    def span(self) -> tuple[float, float]:
        """How many degrees of longitude and of latitude are in sight."""
        return self.width * DOTS_WIDE / (self.scale * self.squeeze), self.height * DOTS_HIGH / self.scale

    def dot(self, lon: float, lat: float) -> tuple[int, int]:
        """The dot at which a place lies, the shorter way around the world; it may be outside of the canvas."""
        x = self.width * DOTS_WIDE / 2 + turned(lon - self.lon) * self.scale * self.squeeze
        y = self.height * DOTS_HIGH / 2 - (lat - self.lat) * self.scale
        return math.floor(x), math.floor(y)

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a place is in sight, and not merely at the very edge."""
        x, y = self.dot(lon, lat)
        return 2 <= x < self.width * DOTS_WIDE - 2 and 2 <= y < self.height * DOTS_HIGH - 2

    def centred(self, lon: float, lat: float, scale: float | None = None) -> "Viewport":
        return self._replace(lon=lon, lat=lat, scale=scale or self.scale)


def turned(degrees: float) -> float:
    """The same angle in -180 … 180."""
    return (degrees + 180.0) % 360.0 - 180.0


def world(width: int, height: int) -> Viewport:
    """All of the world but the far south, in so many cells."""
    scale = min(width * DOTS_WIDE / 360.0, height * DOTS_HIGH / 145.0)
    return Viewport(0.0, 12.5, scale / max(_FLATTEST, math.cos(math.radians(12.5))), width, height)


def fitted(places: Sequence[Position], width: int, height: int) -> Viewport:
    """The closest view that has all places in sight, with some room around them."""
    if not places:
        return world(width, height)
    west, east = _narrowest([lon for lon, _ in places])
    south, north = min(lat for _, lat in places), max(lat for _, lat in places)
    lon, lat = turned((west + east) / 2), (south + north) / 2
    view = Viewport(lon, lat, 1.0, width, height)
    least = _NARROWEST if len(set(places)) > 1 else _ALONE
    wide = max(least, (east - west) * (1 + 2 * MARGIN)) * view.squeeze
    high = max(least, (north - south) * (1 + 2 * MARGIN))
    return view._replace(scale=min(width * DOTS_WIDE / wide, height * DOTS_HIGH / high))


def _narrowest(lons: Sequence[float]) -> tuple[float, float]:
    """West and east of the shortest arc that has all longitudes; the east may be beyond 180."""
    ordered = sorted({turned(lon) for lon in lons})
    gaps = [(after - before, after) for before, after in pairwise(ordered)]
    gaps.append((ordered[0] + 360.0 - ordered[-1], ordered[0]))
    widest, west = max(gaps)
    return west, west + 360.0 - widest


def great_circle(start: Position, end: Position, pieces: int = 48) -> Iterator[Position]:
    """Places along the shortest way over the globe, both ends among them."""
    a, b = _vector(*start), _vector(*end)
    angle = math.acos(max(-1.0, min(1.0, sum(p * q for p, q in zip(a, b, strict=True)))))
    for step in range(pieces + 1):
        share = step / pieces
        if math.sin(angle) < 1e-9:
            yield start if share < 0.5 else end
            continue
        near, far = math.sin((1 - share) * angle) / math.sin(angle), math.sin(share * angle) / math.sin(angle)
        x, y, z = (near * p + far * q for p, q in zip(a, b, strict=True))
        yield math.degrees(math.atan2(y, x)), math.degrees(math.asin(max(-1.0, min(1.0, z))))


def _vector(lon: float, lat: float) -> tuple[float, float, float]:
    around, up = math.radians(lon), math.radians(lat)
    return math.cos(up) * math.cos(around), math.cos(up) * math.sin(around), math.sin(up)
