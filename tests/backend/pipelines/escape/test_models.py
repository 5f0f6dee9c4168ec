"""Bands, the only values with a judgement of their own."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.models import Bands
from tests.escape_values import wish

temperatures = st.integers(-400, 500).map(lambda tenths: tenths / 10)


@given(temperatures)
def test_a_temperature_is_in_exactly_one_of_the_default_bands(high: float) -> None:
    assert sum(Bands().accepts(wish(weather=band), high) for band in ("cold", "normal", "hot")) == 1


@given(
    temperatures, st.sampled_from(["cold", "normal", "hot", "any"]), st.none() | temperatures, st.none() | temperatures
)
def test_what_is_accepted_lies_within_the_stated_limits(
    high: float, weather: str, low: float | None, top: float | None
) -> None:
    asked = wish(weather=weather, min_c=low, max_c=top)
    lowest, highest = Bands().limits(asked)
    if Bands().accepts(asked, high):
        assert lowest is None or high >= lowest
        assert highest is None or high <= highest


@pytest.mark.parametrize(("weather", "limits"), [("any", (None, None)), ("hot", (31.5, None)), ("cold", (None, -3.0))])
def test_thresholds_are_those_of_the_setting(weather: str, limits: tuple[float | None, float | None]) -> None:
    assert Bands(-3.0, 31.5).limits(wish(weather=weather)) == limits


@pytest.mark.parametrize(
    ("asked", "limits"),
    [
        ({"weather": "hot", "min_c": 5.0}, (5.0, None)),
        ({"weather": "hot", "max_c": 30.0}, (25.0, 30.0)),
        ({"weather": "cold", "min_c": 10.0}, (10.0, 20.0)),
        ({"weather": "normal", "min_c": 22.0}, (22.0, 25.0)),
        ({"weather": "hot", "max_c": 10.0}, (None, 10.0)),
    ],
)
def test_a_figure_replaces_the_edge_of_the_band_on_its_side(
    asked: dict[str, Any], limits: tuple[float | None, float | None]
) -> None:
    assert Bands().limits(wish(**asked)) == limits
