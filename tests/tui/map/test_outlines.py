from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.drawing import Canvas
from tui.map.build import main, simplified
from tui.map.drawing import draw_land
from tui.map.outlines import SCALE, outlines, pack
from tui.map.viewport import fitted, world


def test_the_bundled_outlines_are_whole_and_of_this_earth() -> None:
    coarse, fine = outlines()
    assert len(fine) > len(coarse) > 100
    for ring in (*coarse, *fine):
        assert len(ring.lons) == len(ring.lats) >= 4
        assert -180 * SCALE <= ring.west <= ring.east <= 180 * SCALE
        assert -90 * SCALE <= ring.south <= ring.north <= 90 * SCALE


def test_the_bundle_is_small() -> None:
    from importlib.resources import files

    assert len((files("tui.map") / "land.bin").read_bytes()) < 80_000


def test_europe_is_drawn_where_it_is() -> None:
    canvas = Canvas(80, 30)
    view = fitted([(-10.0, 36.0), (25.0, 60.0)], 80, 30)
    draw_land(canvas, view)
    x, y = view.dot(-9.5, 38.7)  # the coast near Lisbon
    near = canvas.row(y // 4)[max(0, x // 2 - 1) : x // 2 + 2]
    assert near.strip()
    x, y = view.dot(-14.0, 46.0)  # the open Atlantic
    assert not canvas.row(y // 4)[max(0, x // 2 - 1) : x // 2 + 2].strip()


def test_no_line_runs_across_the_world_where_the_data_is_cut() -> None:
    canvas = Canvas(120, 40)
    view = world(120, 40)
    draw_land(canvas, view)
    for y in range(40):
        assert max(len(part) for part in canvas.row(y).split(" ")) < 60, canvas.row(y)


rings = st.lists(
    st.lists(st.tuples(st.integers(-18_000, 18_000), st.integers(-9_000, 9_000)), min_size=4, max_size=20), max_size=4
)


@given(rings, rings)
def test_what_is_packed_is_read_again(coarse: list[list[tuple[int, int]]], fine: list[list[tuple[int, int]]]) -> None:
    import zlib

    from tui.map.outlines import _rings, _varints

    numbers = _varints(zlib.decompress(pack((coarse, fine))))
    for wanted in (coarse, fine):
        assert [list(zip(ring.lons, ring.lats, strict=True)) for ring in _rings(numbers)] == wanted


def test_simplifying_keeps_corners_and_drops_what_is_straight() -> None:
    points = [(0.0, 0.0), (1.0, 0.001), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0)]
    assert simplified(points, 0.05) == [points[0], *points[2:]]


def test_the_command_writes_and_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.map import build

    land = tmp_path / "land.json"
    land.write_text('{"polygons": [[[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]]}')
    monkeypatch.setattr(build, "BUNDLED", tmp_path / "land.bin")
    assert main([str(land), str(land), "--check"]) == 1
    assert main([str(land), str(land)]) == 0
    assert main([str(land), str(land), "--check"]) == 0
    assert main([str(tmp_path / "none"), str(land)]) == 1
