"""The sky in words: one small vocabulary, whatever words or numbers an upstream has for it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

SkyWord = Literal["clear", "partly cloudy", "cloudy", "fog", "drizzle", "rain", "showers", "snow", "thunderstorm"]
WORDS: tuple[SkyWord, ...] = get_args(SkyWord)
"""From the mildest to the most severe."""
WET = frozenset(WORDS[WORDS.index("drizzle") :])
DAYTIME = range(8, 20)
WET_SHARE = 0.25

_WMO: dict[SkyWord, tuple[int, ...]] = {
    "clear": (0, 1),
    "partly cloudy": (2,),
    "cloudy": (3,),
    "fog": (45, 48),
    "drizzle": (51, 53, 55, 56, 57),
    "rain": (61, 63, 65, 66, 67),
    "showers": (80, 81, 82),
    "snow": (71, 73, 75, 77, 85, 86),
    "thunderstorm": (95, 96, 99),
}
_BY_WMO: dict[int, SkyWord] = {code: word for word, codes in _WMO.items() for code in codes}

_OPENWEATHER_CLOUDS: dict[int, SkyWord] = {
    800: "clear", 801: "partly cloudy", 802: "partly cloudy", 803: "cloudy", 804: "cloudy",
}  # fmt: skip
_OPENWEATHER_GROUPS: dict[int, SkyWord] = {2: "thunderstorm", 3: "drizzle", 5: "rain", 6: "snow", 7: "fog"}
_OPENWEATHER_SHOWERS = frozenset({520, 521, 522, 531})
_OPENWEATHER_MAIN: dict[str, SkyWord] = {
    "Thunderstorm": "thunderstorm", "Drizzle": "drizzle", "Rain": "rain", "Snow": "snow", "Clear": "clear",
    "Clouds": "cloudy", "Mist": "fog", "Fog": "fog", "Haze": "fog", "Smoke": "fog", "Dust": "fog", "Sand": "fog",
    "Ash": "fog", "Squall": "thunderstorm", "Tornado": "thunderstorm",
}  # fmt: skip
_OPENWEATHER_STORMS = frozenset({771, 781})  # squall and tornado are filed among mist and dust

_MET_SKIES: dict[str, SkyWord] = {
    "clearsky": "clear", "fair": "clear", "partlycloudy": "partly cloudy", "cloudy": "cloudy", "fog": "fog",
}  # fmt: skip


def of_wmo(code: int | None) -> SkyWord | None:
    """The word for a WMO code (table 4677, as Open-Meteo lists it)."""
    return None if code is None else _BY_WMO.get(code)


def of_openweather(code: int | None, main: str | None) -> SkyWord | None:
    """The word for OpenWeather's condition id, else for its group."""
    if code is None or not 200 <= code < 900:
        return _OPENWEATHER_MAIN.get(main or "")
    if code in _OPENWEATHER_STORMS:
        return "thunderstorm"
    if code in _OPENWEATHER_SHOWERS:
        return "showers"
    return _OPENWEATHER_CLOUDS.get(code) or _OPENWEATHER_GROUPS.get(code // 100)


def of_met_norway(symbol: str | None) -> SkyWord | None:
    """The word for MET Norway's symbol code, such as ``lightrainshowers_day``. Sleet counts as snow."""
    name = (symbol or "").partition("_")[0]
    if name.endswith("andthunder"):
        return "thunderstorm"
    if "snow" in name or "sleet" in name:
        return "snow"
    if "rain" in name:
        return "showers" if name.endswith("showers") else "rain"
    return _MET_SKIES.get(name)


def of_day(hours: Sequence[tuple[int, SkyWord]]) -> SkyWord | None:
    """The word for a day, from those of its local hours.

    Between 8 and 20 o'clock (or the whole day, where nothing is known of these) the commonest word, of equals the
    cloudier; but where a quarter of the time is wet, the severest of the wet words.
    """
    words = [word for hour, word in hours if hour in DAYTIME] or [word for _, word in hours]
    if not words:
        return None
    wet = [word for word in words if word in WET]
    if len(wet) >= WET_SHARE * len(words):
        return max(wet, key=WORDS.index)
    return _commonest(word for word in words if word not in WET)


def _commonest(words: Iterable[SkyWord]) -> SkyWord:
    counts = Counter(words)
    return max(counts, key=lambda word: (counts[word], WORDS.index(word)))
