"""The sky in a few words, the same for every service."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources import sky
from backend.pipelines.escape.sources.sky import WORDS, SkyWord


@pytest.mark.parametrize(
    ("code", "word"),
    [(0, "clear"), (1, "clear"), (2, "partly cloudy"), (3, "cloudy"), (45, "fog"), (48, "fog"), (51, "drizzle"),
     (57, "drizzle"), (61, "rain"), (67, "rain"), (71, "snow"), (77, "snow"), (80, "showers"), (82, "showers"),
     (85, "snow"), (86, "snow"), (95, "thunderstorm"), (99, "thunderstorm"), (42, None), (None, None)],
)  # fmt: skip
def test_codes_of_open_meteo(code: int | None, word: str | None) -> None:
    assert sky.of_wmo(code) == word


@pytest.mark.parametrize(
    ("code", "main", "word"),
    [(200, "Thunderstorm", "thunderstorm"), (232, None, "thunderstorm"), (300, "Drizzle", "drizzle"),
     (500, "Rain", "rain"), (511, "Rain", "rain"), (520, "Rain", "showers"), (531, "Rain", "showers"),
     (600, "Snow", "snow"), (622, "Snow", "snow"),
     (701, "Mist", "fog"), (741, "Fog", "fog"), (761, "Dust", "fog"), (771, "Squall", "thunderstorm"),
     (781, "Tornado", "thunderstorm"), (800, "Clear", "clear"), (801, "Clouds", "partly cloudy"),
     (802, "Clouds", "partly cloudy"), (803, "Clouds", "cloudy"), (804, "Clouds", "cloudy"), (None, "Snow", "snow"),
     (None, "Clouds", "cloudy"), (None, None, None), (999, "Rain", "rain"), (None, "Frogs", None)],
)  # fmt: skip
def test_conditions_of_openweather(code: int | None, main: str | None, word: str | None) -> None:
    assert sky.of_openweather(code, main) == word


@pytest.mark.parametrize(
    ("symbol", "word"),
    [("clearsky_day", "clear"), ("clearsky_polartwilight", "clear"), ("fair_night", "clear"),
     ("partlycloudy_day", "partly cloudy"), ("cloudy", "cloudy"), ("fog", "fog"), ("lightrain", "rain"),
     ("heavyrain", "rain"), ("lightrainshowers_day", "showers"), ("heavyrainshowers_night", "showers"),
     ("sleet", "snow"),
     ("lightsleetshowers_day", "snow"), ("snow", "snow"), ("heavysnowshowers_day", "snow"),
     ("rainandthunder", "thunderstorm"), ("lightssnowshowersandthunder_day", "thunderstorm"), ("", None), (None, None),
     ("frogs_day", None)],
)  # fmt: skip
def test_symbols_of_met_norway(symbol: str | None, word: str | None) -> None:
    assert sky.of_met_norway(symbol) == word


@pytest.mark.parametrize(
    ("hours", "word"),
    [
        ([(7, "fog"), (10, "clear"), (13, "clear"), (16, "partly cloudy"), (19, "partly cloudy")], "partly cloudy"),
        ([(10, "clear"), (13, "clear"), (16, "clear"), (19, "rain")], "rain"),  # a quarter of the daytime
        ([(hour, "clear") for hour in range(8, 18)] + [(18, "drizzle"), (19, "drizzle")], "clear"),  # less than that
        ([(hour, "clear") for hour in range(8, 17)] + [(17, "drizzle"), (18, "snow"), (19, "drizzle")], "snow"),
        ([(2, "thunderstorm"), (5, "thunderstorm"), (11, "clear")], "clear"),  # nobody sees the night
        ([(1, "fog"), (4, "cloudy")], "fog"),  # nothing else is known
        ([(10, "clear"), (11, "cloudy")], "cloudy"),
        ([], None),
    ],
)
def test_the_word_for_a_day(hours: list[tuple[int, SkyWord]], word: str | None) -> None:
    assert sky.of_day(hours) == word


@given(st.lists(st.tuples(st.integers(0, 23), st.sampled_from(WORDS)), min_size=1))
def test_a_days_word_is_one_of_its_hours(hours: list[tuple[int, SkyWord]]) -> None:
    word = sky.of_day(hours)
    assert word in {one for _, one in hours}
    assert sky.of_day(list(reversed(hours))) == word
