"""What weather is wished, from the findings of a question: a band, and limits in degrees Celsius.

Figures decide before words, words before what is to be escaped, that before activities (beach, ski), those
before hints (sun, winter). A word stays beside one figure that narrows its band: `hot, at most 30 degrees`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from backend.pipelines.escape.models import Bands, Weather
from backend.pipelines.escape.reader.grammar import Finding

_ABOUT_C = 3.0
# "At least 80 degrees" without a unit can't be Celsius.
_FAHRENHEIT_ABOVE = 50.0
_BARE_DEGREES = range(13, 51)

_OPPOSITE = {"hot": "cold", "cold": "hot"}
_RANKED = ("weather", "inverted", "activity", "soft")


class Sky(NamedTuple):
    """The wish: `said` tells whether the question named any weather at all."""

    weather: Weather = "any"
    min_c: float | None = None
    max_c: float | None = None
    said: bool = False
    assumed: tuple[str, ...] = ()


def read_weather(findings: Iterable[Finding], bands: Bands) -> tuple[Sky, list[Finding]]:
    """The weather wished, and the findings about weather that were not used."""
    findings = list(findings)
    low, high, assumed, unused = _temperatures(findings)
    words, unused_words = _words(findings, bands)
    if low is None and high is None:
        return words, [*unused, *unused_words]
    sky = with_figures(words, low, high, bands)
    if sky is None:
        # What the figures contradict is not used: all words of weather.
        unused_words = [finding for finding in findings if finding.kind in {"wish", "inverted", "negated"}]
        sky = Sky(band(low, high, bands), low, high)
    return sky._replace(said=True, assumed=tuple(assumed)), [*unused, *unused_words]


def _words(findings: list[Finding], bands: Bands) -> tuple[Sky, list[Finding]]:
    unused: list[Finding] = []
    wished: dict[str, set[str]] = {rank: set() for rank in _RANKED}
    refused: set[str] = set()
    for finding in findings:
        if finding.kind == "wish":
            tag, value = _last_weather(finding)
            wished[tag].add(value)
        elif finding.kind == "inverted":
            wished["inverted"].add(_OPPOSITE.get(_last_weather(finding)[1], "any"))
        elif finding.kind == "negated":
            values = {str(part.value) for part in finding.parts if part.tag == "weather"}
            refused |= values
            if not values:
                unused.append(finding)
        elif finding.kind == "any_weather":
            return Sky(said=True), unused
    wish = next((wished[rank] - {"any"} for rank in _RANKED if wished[rank] - {"any"}), set())
    outranked = (finding for finding in findings if finding.kind == "wish")
    unused.extend(finding for finding in outranked if _last_weather(finding)[1] not in wish)
    return _of_words(wish, refused, bands), unused


def band(low: float | None, high: float | None, bands: Bands) -> Weather:
    """The band in which all of `low` to `high` (degrees Celsius, None: open) lies, or `any`."""
    if low is not None and low >= bands.hot_min_c:
        return "hot"
    if high is not None and high <= bands.cold_max_c:
        return "cold"
    if low is not None and high is not None and low > bands.cold_max_c and high < bands.hot_min_c:
        return "normal"
    return "any"


def not_hot(bands: Bands) -> float:
    """The highest high, in tenths of a degree as highs are given, that is not hot."""
    return (math.ceil(round(bands.hot_min_c * 10, 6)) - 1) / 10


def not_cold(bands: Bands) -> float:
    """The lowest high, in tenths of a degree, that is not cold."""
    return (math.floor(round(bands.cold_max_c * 10, 6)) + 1) / 10


def with_figures(words: Sky, low: float | None, high: float | None, bands: Bands) -> Sky | None:
    """What words and figures wish together; None where they contradict each other."""
    # "Not too hot, at least 18 degrees": the limit of the words fills the side without a figure.
    low_filled = words.min_c if low is None else low
    high_filled = words.max_c if high is None else high
    if low_filled is not None and high_filled is not None and low_filled > high_filled:
        return None
    figures = band(low_filled, high_filled, bands)
    if words.weather in {"any", figures}:
        return Sky(figures, low_filled, high_filled)
    if low is not None and high is not None:
        return Sky(figures, low, high) if figures == "any" else None
    inside = _narrows(words.weather, low, high, bands)
    return Sky(words.weather if inside else figures, low, high) if inside is not None else None


def _narrows(weather: Weather, low: float | None, high: float | None, bands: Bands) -> bool | None:
    """Whether one figure leaves a part of a band; False where it widens the band, None where it leaves nothing."""
    floor = {"normal": bands.cold_max_c, "hot": bands.hot_min_c}.get(weather)
    ceiling = {"normal": bands.hot_min_c, "cold": bands.cold_max_c}.get(weather)
    # A figure on the far edge leaves nothing, as in `Bands.edges`.
    if high is not None and floor is not None and high <= floor:
        return None
    if low is not None and ceiling is not None and low >= ceiling:
        return None
    widens_up = high is not None and ceiling is not None and high > ceiling
    widens_down = low is not None and floor is not None and low < floor
    return not (widens_up or widens_down)


def names_temperature(finding: Finding) -> bool:
    """Whether the finding is read as a limit in degrees."""
    return _limits(finding, []) is not None


def _of_words(wish: set[str], refused: set[str], bands: Bands) -> Sky:
    if {"hot", "cold"} <= wish:
        return Sky(said=True, assumed=("both hot and cold were named: any weather",))
    if {"hot", "cold"} <= refused or (refused & {"hot", "cold"} and wish & refused):
        return Sky("normal", said=True)
    if wish == {"normal", "hot"}:
        return Sky("any", min_c=not_cold(bands), said=True)
    if wish == {"normal", "cold"}:
        return Sky("any", max_c=not_hot(bands), said=True)
    for weather in ("hot", "cold", "normal"):
        if weather in wish:
            return Sky(weather, said=True)
    if "hot" in refused:
        return Sky("any", max_c=not_hot(bands), said=True)
    if "cold" in refused:
        return Sky("any", min_c=not_cold(bands), said=True)
    return Sky()


def _last_weather(finding: Finding) -> tuple[str, str]:
    return next((part.tag, str(part.value)) for part in reversed(finding.parts) if part.tag in _RANKED)


def _temperatures(findings: Iterable[Finding]) -> tuple[float | None, float | None, list[str], list[Finding]]:
    low: float | None = None
    high: float | None = None
    assumed: list[str] = []
    unused: list[Finding] = []
    for finding in findings:
        limits = _limits(finding, assumed)
        if limits is None:
            continue
        new_low = low if limits[0] is None else limits[0]
        new_high = high if limits[1] is None else limits[1]
        if new_low is not None and new_high is not None and new_low > new_high:
            unused.append(finding)
        else:
            low, high = new_low, new_high
    return low, high, assumed, unused


def _limits(finding: Finding, assumed: list[str]) -> tuple[float | None, float | None] | None:
    if finding.kind == "temp_zero":
        return None, 0.0
    if finding.kind in {"bare_least", "bare_most"}:
        figure = finding.number() or 0
        if figure not in _BARE_DEGREES:
            return None
        assumed.append(f"“{figure:g}” without a unit taken as degrees Celsius")
        return (figure, None) if finding.kind == "bare_least" else (None, figure)
    if not finding.kind.startswith("temp_"):
        return None
    degrees = sorted(_celsius(finding, assumed))
    if finding.kind == "temp_min":
        return degrees[0], None
    if finding.kind == "temp_max":
        return None, degrees[0]
    if finding.kind == "temp_range":
        return degrees[0], degrees[-1]
    low, high = round(degrees[0] - _ABOUT_C, 1), round(degrees[0] + _ABOUT_C, 1)
    assumed.append(f"about {degrees[0]:g} °C taken as {low:g} to {high:g} °C")
    return low, high


def _celsius(finding: Finding, assumed: list[str]) -> list[float]:
    unit = str([part.value for part in finding.parts if part.tag == "degrees"][-1])
    figures: list[float] = []
    sign = 1
    for part in finding.parts:
        if part.tag == "minus":
            sign = -1
        elif part.tag == "number":
            figures.append(sign * float(part.value))
            sign = 1
    if unit == "?" and max(figures) > _FAHRENHEIT_ABOVE:
        unit = "f"
        assumed.append(f"“{max(figures):g} degrees” taken as Fahrenheit")
    return [round((figure - 32) * 5 / 9, 1) if unit == "f" else figure for figure in figures]
