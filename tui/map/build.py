"""Write ``land.bin`` from Natural Earth's outlines of the land, or prove that it is current.

Run as ``python -m tui.map.build LAND_110M LAND_50M [--check]``. The files are Natural Earth 4.1.0's land at 1:110m and
1:50m as JSON, ``{"polygons": [[[[lon, lat], …], …holes], …]}``: a GeoJSON MultiPolygon's coordinates. They come from
https://www.naturalearthdata.com/ (public domain), or from the package world-atlas 2.0.2 with TopoJSON's topo2geo.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.map.outlines import SCALE, pack

BUNDLED = Path(__file__).with_name("land.bin")
TOLERANCE = {"coarse": 0.05, "fine": 0.03}
"""Degrees that an outline may be off: a fraction of a braille dot at the largest zoom."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 written or current, 1 not current or not readable."""
    parser = argparse.ArgumentParser(prog="python -m tui.map.build", description=__doc__.partition("\n")[0])
    parser.add_argument("coarse", type=Path, metavar="LAND_110M")
    parser.add_argument("fine", type=Path, metavar="LAND_50M")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if land.bin is not current")
    options = parser.parse_args(arguments)
    try:
        fresh = pack((_read(options.coarse, TOLERANCE["coarse"]), _read(options.fine, TOLERANCE["fine"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"the outlines can't be read: {error}\n")
        return 1
    if options.check:
        is_current = BUNDLED.exists() and BUNDLED.read_bytes() == fresh
        sys.stdout.write(f"{BUNDLED} is {'current' if is_current else 'not what these outlines give'}\n")
        return 0 if is_current else 1
    BUNDLED.write_bytes(fresh)
    sys.stdout.write(f"{BUNDLED}: {len(fresh):,} bytes\n")
    return 0


def _read(path: Path, tolerance: float) -> list[list[tuple[int, int]]]:
    polygons: list[Any] = json.loads(path.read_text(encoding="utf-8"))["polygons"]
    rings = [simplified([(float(x), float(y)) for x, y in ring], tolerance) for polygon in polygons for ring in polygon]
    whole = [_quantised(ring) for ring in rings]
    return [ring for ring in whole if len(ring) >= 4]


def _quantised(ring: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    points = [(round(x * SCALE), round(y * SCALE)) for x, y in ring]
    return [point for place, point in enumerate(points) if place == 0 or point != points[place - 1]]


def simplified(points: Sequence[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    """Douglas and Peucker's: the points without those that lie within ``tolerance`` of the line of the others."""
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        farthest, distance = 0, tolerance
        for place in range(first + 1, last):
            away = _distance(points[place], points[first], points[last])
            if away > distance:
                farthest, distance = place, away
        if farthest:
            kept.add(farthest)
            spans += [(first, farthest), (farthest, last)]
    return [points[place] for place in sorted(kept)]


def _distance(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    (x, y), (x0, y0), (x1, y1) = point, start, end
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    share = max(0.0, min(1.0, ((x - x0) * dx + (y - y0) * dy) / length)) if length else 0.0
    away_x, away_y = x - (x0 + share * dx), y - (y0 + share * dy)
    return float((away_x * away_x + away_y * away_y) ** 0.5)


if __name__ == "__main__":
    sys.exit(main())
