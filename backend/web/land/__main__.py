"""``python -m backend.web.land`` makes ``static/land.svg`` from ``land_110m.json``; ``--check`` proves that it did."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

Point = tuple[float, float]

UNITS = 10
"""Per degree: a tenth of a degree is 11 km, less than a dot of the map."""
TOLERANCE = 0.2
"""Degrees that a simplified outline may stray (Ramer-Douglas-Peucker)."""
LEAST_AREA = 0.15
"""Square degrees: smaller islands are left out."""
SOUTHERNMOST = -60.0


def simplified(line: Sequence[Point], tolerance: float) -> list[Point]:
    """``line`` with as few of its points as stay within ``tolerance`` of it."""
    if len(line) < 3:
        return list(line)
    first, last = line[0], line[-1]
    farthest, index = max((_distance(point, first, last), place) for place, point in enumerate(line[1:-1], start=1))
    if farthest <= tolerance:
        return [first, last]
    return simplified(line[: index + 1], tolerance)[:-1] + simplified(line[index:], tolerance)


def _distance(point: Point, start: Point, end: Point) -> float:
    (x, y), (x1, y1), (x2, y2) = point, start, end
    length = math.hypot(x2 - x1, y2 - y1)
    if length == 0:
        return math.hypot(x - x1, y - y1)
    return abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length


def _area(ring: Sequence[Point]) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))) / 2


def unwrapped(ring: Sequence[Point]) -> list[Point]:
    """``ring`` without jumps at the date line: it may reach over 180 degrees; its middle doesn't."""
    lons = [ring[0][0]]
    for lon, _ in ring[1:]:
        lons.append(lon - 360 * round((lon - lons[-1]) / 360))
    shift = 360 * round((min(lons) + max(lons)) / 720)
    return [(lon - shift, lat) for lon, (_, lat) in zip(lons, ring, strict=True)]


def path(polygons: Sequence[Sequence[Sequence[Point]]]) -> str:
    """SVG path data in tenths of a degree, x to the east, y to the south."""
    parts = []
    for polygon in polygons:
        for ring in map(unwrapped, polygon):
            if _area(ring) < LEAST_AREA or max(lat for _, lat in ring) < SOUTHERNMOST:
                continue
            half = len(ring) // 2  # a closed ring has no ends: it is simplified in two halves
            kept = simplified(ring[: half + 1], TOLERANCE)[:-1] + simplified(ring[half:], TOLERANCE)
            parts.append(_subpath([(round(lon * UNITS), round(-lat * UNITS)) for lon, lat in kept[:-1]]))
    return "".join(parts)


def _subpath(points: Sequence[tuple[int, int]]) -> str:
    (x, y), *rest = points
    data, command = f"M{x} {y}", "l"
    for next_x, next_y in rest:
        data += f"{command}{next_x - x} {next_y - y}"
        x, y, command = next_x, next_y, " "
    return (data + "z").replace(" -", "-")


def svg() -> str:
    """The whole file."""
    source = json.loads((files("backend.web.land") / "land_110m.json").read_text("utf-8"))
    outline = path([[[(lon, lat) for lon, lat in ring] for ring in polygon] for polygon in source["polygons"]])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1800 -900 3600 1800"><path d="{outline}"/></svg>\n'


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m backend.web.land", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is another")
    check = parser.parse_args(arguments).check
    target = Path(str(files("backend.web") / "static" / "land.svg"))
    if check:
        return 0 if target.read_text("utf-8") == svg() else 1
    target.write_text(svg(), "utf-8")
    sys.stdout.write(f"{target.name}: {target.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
