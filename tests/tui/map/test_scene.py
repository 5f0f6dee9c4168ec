from typing import Any

from shared.events import Column
from shared.view import RowView, RunView, StepView
from tui.map.drawing import Picture
from tui.map.scene import has_map, scene_of
from tui.map.viewport import fitted

CITY = Column(key="name", label="Name", kind="text")
DEPTH = Column(key="depth", label="Depth", kind="number", unit="m")
HIGH = Column(key="t", label="High", kind="temperature", unit="°C")
LAT = Column(key="y", label="Latitude", kind="latitude")
LON = Column(key="x", label="Longitude", kind="longitude")


def row(row_id: str, **cells: Any) -> RowView:
    return RowView(id=row_id, cells=cells, state="confirmed", layers=())


def view(*columns: Column, steps: tuple[StepView, ...] = ()) -> RunView:
    return RunView(columns=columns, steps=steps)


def test_without_coordinates_there_is_no_map() -> None:
    assert not has_map(view(CITY, DEPTH))
    assert not has_map(view(CITY, LAT))
    assert has_map(view(CITY, LAT, LON))


def test_temperatures_are_banded_as_they_are() -> None:
    scene = scene_of(
        view(CITY, HIGH, LAT, LON),
        [row("a", name="A", t=25, x=1, y=1), row("b", t=20, x=2, y=2), row("c", t=22.5, x=3, y=3), row("d", x=4, y=4)],
    )
    assert [spot.band for spot in scene.spots] == [2, 0, 1, None]
    assert scene.banded == "High"
    assert [band.text for band in scene.bands] == ["up to 20 °C", "20 to 25 °C", "from 25 °C"]


def test_other_numbers_are_banded_by_thirds_of_what_there_is() -> None:
    rows = [row(str(n), depth=n, x=n, y=n) for n in range(9)]
    scene = scene_of(view(CITY, DEPTH, LAT, LON), rows)
    assert [spot.band for spot in scene.spots] == [0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert scene_of(view(CITY, LAT, LON), rows).bands == ()


def test_rows_without_a_place_or_with_nonsense_are_not_on_the_map() -> None:
    rows = [row("a", x=1, y=1), row("b"), row("c", x="1", y=1), row("d", x=1, y=95), row("e", x=True, y=1)]
    assert [spot.row_id for spot in scene_of(view(CITY, LAT, LON), rows).spots] == ["a"]


def test_the_start_is_what_the_last_step_with_a_place_tells() -> None:
    steps = (
        StepView(id="one", title="One", detail={"x": 1.0, "y": 2.0, "label": "home"}),
        StepView(id="two", title="Two", detail={"code": "VLC", "x": -0.48, "y": 39.49}),
        StepView(id="three", title="Three", detail={"rows": [{"x": 9, "y": 9}]}),
    )
    scene = scene_of(view(CITY, LAT, LON, steps=steps), [row("a", x=1, y=1)])
    assert (scene.start, scene.start_label) == ((-0.48, 39.49), "VLC")
    assert scene_of(view(CITY, LAT, LON), []).start is None
    named = StepView(id="four", title="Four", detail={"code": "VLC", "name": "Valencia", "x": -0.48, "y": 39.49})
    assert scene_of(view(CITY, LAT, LON, steps=(*steps, named)), []).start_label == "Valencia"


def test_the_picture_has_spots_start_way_and_labels_that_do_not_overlap() -> None:
    steps = (StepView(id="one", title="One", detail={"x": -0.48, "y": 39.49}),)
    rows = [row("a", name="Palma", t=26, x=2.7, y=39.5), row("b", name="Rome", t=18, x=12.2, y=41.8)]
    scene = scene_of(view(CITY, HIGH, LAT, LON, steps=steps), rows)
    picture = Picture(fitted([spot.position for spot in scene.spots] + [(-0.48, 39.49)], 70, 20))
    picture.draw(scene, "a")
    text = "\n".join("".join(char for char, _ in line) for line in picture.rows)
    assert {"⌂", "▴", "▾"} <= set(text)
    assert "Palma" in text
    assert "Rome" in text
    styles = {style for line in picture.rows for _, style in line}
    assert {"chosen", "chosen-way", "way", "land", "cool", "start", "label"} <= styles


def test_a_category_tells_the_places_apart_before_any_number() -> None:
    band = Column(key="band", label="Band", kind="category")
    rows = [row(word, name=word, t=20, x=1, y=1, band=word) for word in ("hot", "odd", "cold")]
    scene = scene_of(view(CITY, HIGH, band, LAT, LON), [*rows, row("none", x=1, y=1)])
    assert scene.banded == "Band"
    assert [one.text for one in scene.bands] == ["cold", "hot", "odd"]
    assert [spot.band for spot in scene.spots] == [1, 2, 0, None]
