"""The rows of a run on a map, and beside it as a list where there is room. The cursor goes back with you."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from shared.view import RowView
from tui.bindings import bindings
from tui.cells import format_cell, heading, one_line, visible_columns
from tui.keys import Place
from tui.map.drawing import PLAIN, START
from tui.map.outlines import NOTICE
from tui.map.scene import Scene, has_map, scene_of
from tui.watch import Watch
from tui.widgets.fitting import fit
from tui.widgets.line_view import Line, LineView
from tui.widgets.map_view import MapView

__all__ = ["MapScreen", "has_map"]

LOOK_S = 0.25
_LABEL = 22


class MapScreen(Screen[str | None]):
    """Follows the run while it is open. The result is the id of the chosen row. ``rows`` tells those on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("on the map")]
    PLACES: ClassVar[tuple[Place, ...]] = ("on the map",)
    AUTO_FOCUS = "MapView"

    def __init__(
        self, watch: Watch, rows: Callable[[], Sequence[RowView]], chosen: str | None, copy: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._watch = watch
        self._rows = rows
        self._chosen = chosen
        self._copy = copy
        self._scene = Scene((), None, "", (), "")
        self._by_id: dict[str, RowView] = {}
        self._map = MapView()
        self._list = LineView()
        self._list.can_focus = False
        self._row = Static(id="map-row", markup=False)
        self._legend = Static(id="map-legend", markup=False)
        self._painted: object = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._map
            yield self._list
        yield self._row
        yield self._legend

    def on_mount(self) -> None:
        self.call_after_refresh(self._look)
        self.set_interval(LOOK_S, self._look)

    def _look(self) -> None:
        now = (self._watch.version, self._chosen, self.size)
        if now == self._painted:
            return
        self._painted = now
        rows = self._rows()
        self._by_id = {row.id: row for row in rows}
        self._scene = scene_of(self._watch.view, rows)
        ids = [spot.row_id for spot in self._scene.spots]
        if self._chosen not in ids:
            self._chosen = ids[0] if ids else None
        self._map.show(self._scene, self._chosen)
        self._list.show([self._line(place) for place in range(len(ids))])
        if self._chosen is not None:
            self._list.move(ids.index(self._chosen) - self._list.cursor)
        self._tell()

    def _line(self, place: int) -> Line:
        spot = self._scene.spots[place]
        band = self._scene.bands[spot.band] if spot.band is not None and self._scene.bands else None
        is_chosen = spot.row_id == self._chosen
        style = {"warm": "error", "mild": "ok", "cool": "accent"}.get(band.style if band else "", "")
        return Line(
            spot.row_id,
            (
                (f"{place + 1:>3} ", "muted"),
                (f"{band.glyph if band else PLAIN} ", style),
                (fit(spot.label, _LABEL), "accent" if is_chosen else ""),
            ),
            "▸" if is_chosen else "",
        )

    def _tell(self) -> None:
        row = self._by_id.get(self._chosen or "")
        if row is None:
            none = "No row here has a place" + (
                "; l in the table shows those left out." if self._all_left_out else " yet."
            )
            self._row.update(none)
        else:
            columns = visible_columns(self._watch.view.columns)
            first, rest = columns[:1], columns[1:]
            parts = [Content.styled(format_cell(row.cells.get(column.key), column), "bold") for column in first]
            parts += [
                Content.styled(f"{heading(column)} ", "dim") + Content(format_cell(row.cells.get(column.key), column))
                for column in rest
                if row.cells.get(column.key) not in (None, "", [])
            ]
            self._row.update(Content("  ").join(parts))
        bands = "  ".join(f"{band.glyph} {band.text}" for band in self._scene.bands)
        start = f"{START} {self._scene.start_label}  " if self._scene.start is not None else ""
        of = f"{one_line(self._scene.banded)}: {bands}  " if bands else ""
        self._legend.update(f"{start}{of}· {NOTICE} · j k arrows · + - 0 w · enter · esc")

    @property
    def _all_left_out(self) -> bool:
        return self._watch.view.finished and bool(self._watch.view.left_out())

    # --- what the user does -----------------------------------------------------------------------------------------

    def _choose(self, row_id: str | None) -> None:
        if row_id is None:
            self.app.bell()
        else:
            self._chosen = row_id
            self._look()

    def on_map_view_chosen(self, message: MapView.Chosen) -> None:
        self._choose(message.row_id)

    def action_close(self) -> None:
        self.dismiss(self._chosen)

    def action_step(self, by: int) -> None:
        ids = [spot.row_id for spot in self._scene.spots]
        if self._chosen in ids:
            place = ids.index(self._chosen) + by
            self._choose(ids[place] if 0 <= place < len(ids) else None)

    def action_towards(self, right: int, down: int) -> None:
        self._choose(self._map.towards(right, down))

    def action_zoom(self, by: int) -> None:
        self._map.zoom(by)

    def action_fit(self) -> None:
        self._map.fit()

    def action_world(self) -> None:
        self._map.see_world()

    def action_open(self) -> None:
        from tui.screens.row import RowScreen

        if self._chosen is not None:
            self.app.push_screen(RowScreen(self._watch, self._chosen, self._copy))
