import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.drawing import DOTS_HIGH, DOTS_WIDE
from tui.map.viewport import fitted, great_circle, turned, world

positions = st.tuples(st.floats(-180, 180), st.floats(-70, 70))


@given(st.lists(positions, min_size=1, max_size=12))
def test_all_places_are_in_sight(places: list[tuple[float, float]]) -> None:
    view = fitted(places, 60, 20)
    for place in places:
        x, y = view.dot(*place)
        assert 0 <= x < 60 * DOTS_WIDE
        assert 0 <= y < 20 * DOTS_HIGH


def test_places_on_both_sides_of_the_date_line_are_near_each_other() -> None:
    view = fitted([(179.0, -17.0), (-172.0, -14.0)], 60, 20)
    assert view.span[0] < 40
    assert abs(turned(view.lon)) > 170


def test_a_place_alone_is_seen_with_what_is_around_it() -> None:
    view = fitted([(2.0, 41.0)], 60, 20)
    assert view.span[1] >= 19
    assert view.holds(2.0, 41.0)
    near = fitted([(2.0, 41.0), (2.1, 41.1)], 60, 20)
    assert 2.9 <= near.span[1] < 5


@pytest.mark.parametrize("place", [(-179.0, 60.0), (179.0, -50.0), (0.0, 0.0), (0.0, 80.0)])
def test_the_world_has_it_all(place: tuple[float, float]) -> None:
    x, y = world(120, 40).dot(*place)
    assert 0 <= x < 120 * DOTS_WIDE
    assert 0 <= y < 40 * DOTS_HIGH


@given(positions, positions)
def test_a_great_circle_goes_from_one_end_to_the_other(start: tuple[float, float], end: tuple[float, float]) -> None:
    way = list(great_circle(start, end))
    for found, wanted in ((way[0], start), (way[-1], end)):
        assert found[1] == pytest.approx(wanted[1], abs=1e-3)
        assert math.cos(math.radians(found[0] - wanted[0])) == pytest.approx(1, abs=1e-3)


def test_the_way_from_madrid_to_tokyo_leads_over_the_north() -> None:
    assert max(lat for _, lat in great_circle((-3.6, 40.5), (139.8, 35.5))) > 65
