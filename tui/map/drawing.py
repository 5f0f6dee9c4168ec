"""A scene seen through a viewport, as characters with the names of their styles."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from tui.drawing import DOTS_HIGH, DOTS_WIDE, Canvas
from tui.map.outlines import SCALE, Ring, outlines
from tui.map.scene import Scene, Spot
from tui.map.viewport import Position, Viewport, great_circle
from tui.widgets.fitting import shorten

FINE_FROM = 2.0
"""Dots per degree from which the fine outlines are worth their time."""
MAX_LINES = 60
"""More ways than these would hide the map: then only that of the chosen row is drawn."""
_LONGEST_LABEL = 22
_EDGE = 180 * SCALE
START, PLAIN = "⌂", "▪"

Cell = tuple[str, str]


class Picture:
    """``rows`` of cells: a character, and land, way, chosen-way, cool, mild, warm, plain, start, label or chosen."""

    def __init__(self, view: Viewport) -> None:
        self.view = view
        self.rows: list[list[Cell]] = []
        self._taken: set[tuple[int, int]] = set()
        self._land = Canvas(view.width, view.height)
        draw_land(self._land, view)

    def draw(self, scene: Scene, chosen: str | None) -> None:
        """The land is drawn once for a viewport, what lies on it each time."""
        ways, way = Canvas(self.view.width, self.view.height), Canvas(self.view.width, self.view.height)
        one = next((spot for spot in scene.spots if spot.row_id == chosen), None)
        if scene.start is not None:
            for spot in scene.spots if len(scene.spots) <= MAX_LINES else ():
                draw_way(ways, self.view, scene.start, spot.position)
            if one is not None:
                draw_way(way, self.view, scene.start, one.position)
        self.rows = [list(self._cells(y, ways, way)) for y in range(self.view.height)]
        self._taken = set()
        self._put_all(scene, one)

    def _cells(self, y: int, ways: Canvas, way: Canvas) -> Iterator[Cell]:
        for land, all_ways, chosen_way in zip(self._land.row(y), ways.row(y), way.row(y), strict=True):
            if chosen_way != " ":
                yield _merged(chosen_way, land), "chosen-way"
            elif all_ways != " ":
                yield _merged(all_ways, land), "way"
            else:
                yield land, "land"

    def _put_all(self, scene: Scene, one: Spot | None) -> None:
        # The best on top: what is drawn last stays, and labels find room in the order of the rows.
        for spot in reversed(scene.spots):
            band = scene.bands[spot.band] if spot.band is not None and scene.bands else None
            self._put(spot.position, band.glyph if band else PLAIN, band.style if band else "plain")
        if scene.start is not None:
            self._put(scene.start, START, "start")
        if one is not None:
            band = scene.bands[one.band] if one.band is not None and scene.bands else None
            self._put(one.position, band.glyph if band else PLAIN, "chosen")
            self._label(one, "chosen", anyhow=True)
        for spot in scene.spots:
            if spot is not one:
                self._label(spot, "label")

    def _put(self, position: Position, glyph: str, style: str) -> None:
        x, y = self._cell(position)
        if 0 <= x < self.view.width and 0 <= y < self.view.height:
            self.rows[y][x] = (glyph, style)
            self._taken.add((x, y))

    def _label(self, spot: Spot, style: str, *, anyhow: bool = False) -> None:
        """Beside the spot, right or left, where nothing else is; else there is none, unless it must be ``anyhow``."""
        x, y = self._cell(spot.position)
        text = shorten(spot.label, _LONGEST_LABEL)
        width = cell_len(text)
        if not (0 <= x < self.view.width and 0 <= y < self.view.height) or width != len(text):
            return
        for first in (x + 2, x - 1 - width):
            wanted = {(place, y) for place in range(first - 1, first + width + 1)} - {(x, y)}
            if first >= 0 and first + width <= self.view.width and (anyhow or not wanted & self._taken):
                for place, char in enumerate(text):
                    self.rows[y][first + place] = (char, style)
                self._taken |= wanted
                return

    def _cell(self, position: Position) -> tuple[int, int]:
        x, y = self.view.dot(*position)
        return x // DOTS_WIDE, y // DOTS_HIGH


def draw_land(canvas: Canvas, view: Viewport) -> None:
    coarse, fine = outlines()
    wide, high = view.span
    west, east = (view.lon - wide / 2) * SCALE, (view.lon + wide / 2) * SCALE
    south, north = (view.lat - high / 2) * SCALE, (view.lat + high / 2) * SCALE
    for ring in fine if view.scale >= FINE_FROM else coarse:
        if ring.north < south or ring.south > north:
            continue
        for shift in (-360 * SCALE, 0, 360 * SCALE):
            if ring.west + shift <= east and ring.east + shift >= west:
                _draw_ring(canvas, view, ring, shift)


def _draw_ring(canvas: Canvas, view: Viewport, ring: Ring, shift: int) -> None:
    middle_x, middle_y = view.width * DOTS_WIDE / 2, view.height * DOTS_HIGH / 2
    per_lon, per_lat = view.scale * view.squeeze / SCALE, view.scale / SCALE
    lon0, lat0 = view.lon * SCALE, view.lat * SCALE
    wide, high = view.width * DOTS_WIDE, view.height * DOTS_HIGH
    before: tuple[int, int] | None = None
    before_lon = 0
    for lon, lat in zip(ring.lons, ring.lats, strict=True):
        x, y = int(middle_x + (lon + shift - lon0) * per_lon), int(middle_y - (lat - lat0) * per_lat)
        # Where the data was cut at 180 degrees, or goes on at the other edge: no coast.
        is_seam = abs(lon - before_lon) > _EDGE or (abs(lon) == _EDGE and abs(before_lon) == _EDGE)
        if before is not None and not is_seam:
            x0, y0 = before
            outside = max(x, x0) < 0 or min(x, x0) >= wide or max(y, y0) < 0 or min(y, y0) >= high
            if not outside:
                canvas.line(x0, y0, x, y)
        before, before_lon = (x, y), lon


def draw_way(canvas: Canvas, view: Viewport, start: Position, end: Position) -> None:
    """The great circle between two places, broken where it leaves on one side and comes back on the other."""
    before: tuple[int, int] | None = None
    for lon, lat in great_circle(start, end):
        x, y = view.dot(lon, lat)
        if before is not None and abs(x - before[0]) < view.width * DOTS_WIDE / 2:
            canvas.line(*before, x, y)
        before = (x, y)


def runs(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Neighbours of the same style as one piece of text."""
    text, style = "", ""
    for char, name in cells:
        if name != style and text:
            yield text, style
            text = ""
        text, style = text + char, name
    if text:
        yield text, style


def _merged(one: str, other: str) -> str:
    return one if other == " " else chr(ord(one) | ord(other))
