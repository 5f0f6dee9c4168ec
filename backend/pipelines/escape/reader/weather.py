"""What weather is wished, from the findings of a question: a band, and limits in degrees Celsius.

Figures decide before words, words before what is to be escaped, that before activities (beach, ski), those
before hints (sun, winter). Cold is up to 20 °C, hot from 25 °C, normal between; over several it is `any`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from backend.pipelines.escape.models import Weather
from backend.pipelines.escape.reader.grammar import Finding

COLD_UP_TO = 20.0
HOT_FROM = 25.0
# A high is given in tenths of a degree: the nearest ones that are not hot, and not cold.
_NOT_HOT = 24.9
_NOT_COLD = 20.1
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


def read_weather(findings: Iterable[Finding]) -> tuple[Sky, list[Finding]]:
    """The weather wished, and the findings about weather that were not used."""
    findings = list(findings)
    low, high, assumed, unused = _temperatures(findings)
    if low is not None or high is not None:
        return Sky(band(low, high), low, high, True, tuple(assumed)), unused
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
    return _of_words(wish, refused), unused


def band(low: float | None, high: float | None) -> Weather:
    """The band in which all of `low` to `high` (degrees Celsius, None: open) lies, or `any`."""
    if low is not None and low >= HOT_FROM:
        return "hot"
    if high is not None and high <= COLD_UP_TO:
        return "cold"
    if low is not None and high is not None and low > COLD_UP_TO and high < HOT_FROM:
        return "normal"
    return "any"


def _of_words(wish: set[str], refused: set[str]) -> Sky:
    if {"hot", "cold"} <= wish:
        return Sky(said=True, assumed=("both hot and cold were named: any weather",))
    if {"hot", "cold"} <= refused or (refused & {"hot", "cold"} and wish & refused):
        return Sky("normal", said=True)
    if wish == {"normal", "hot"}:
        return Sky("any", min_c=_NOT_COLD, said=True)
    if wish == {"normal", "cold"}:
        return Sky("any", max_c=_NOT_HOT, said=True)
    for weather in ("hot", "cold", "normal"):
        if weather in wish:
            return Sky(weather, said=True)
    if "hot" in refused:
        return Sky("any", max_c=_NOT_HOT, said=True)
    if "cold" in refused:
        return Sky("any", min_c=_NOT_COLD, said=True)
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
    if finding.kind == "bare_least":
        figure = finding.number() or 0
        if figure not in _BARE_DEGREES:
            return None
        assumed.append(f"“{figure:g}” without a unit taken as degrees Celsius")
        return figure, None
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
