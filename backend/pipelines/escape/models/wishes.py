"""What the traveller wishes, and what of it a day's weather fits. Plain frozen data: no I/O."""

import datetime
from typing import Literal

import msgspec

Weather = Literal["cold", "normal", "hot", "any"]


class Intent(msgspec.Struct, frozen=True):
    """What the traveller wishes, as it was understood.

    `depart` is the traveller's local day and `days_ahead` its distance from today in days (never negative).
    `hours` is the longest non-stop flight accepted, 0.5 to 24. `min_c` and `max_c` are limits in Celsius
    that the wish sets beside its band; where both are there, `min_c <= max_c`. `origin` holds the words as
    typed, with a region behind a comma; `origin_guessed` is whether no word says that one leaves there. `said` is
    one sentence, `assumed` are sentences, `ignored` are pieces of the question. `changed` tells what a question that
    refines an earlier one has changed, part by part: `hours: 12 h → 2 h`.
    """

    depart: datetime.date
    days_ahead: int
    weather: Weather
    said: str
    hours: float = 12.0
    origin: str | None = None
    min_c: float | None = None
    max_c: float | None = None
    assumed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    origin_guessed: bool = False
    changed: tuple[str, ...] = ()


class Bands(msgspec.Struct, frozen=True):
    """Where cold ends and hot begins, as the highest temperature of a day in °C: cold <= ``cold_max_c``, hot >=
    ``hot_min_c``, normal between."""

    cold_max_c: float = 20.0
    hot_min_c: float = 25.0

    def limits(self, wish: Intent) -> tuple[float | None, float | None]:
        """The lowest and highest day's high that ``wish`` accepts, each None for no limit."""
        return self.edges(wish.weather, wish.min_c, wish.max_c)

    def edges(self, weather: Weather, min_c: float | None, max_c: float | None) -> tuple[float | None, float | None]:
        """The lowest and highest day's high of a band with figures, each None for no limit.

        A figure replaces the edge of the band on its side. A band that leaves nothing beyond the figure is dropped.
        """
        low, high = min_c, max_c
        if low is None and weather in ("normal", "hot"):
            low = self.cold_max_c if weather == "normal" else self.hot_min_c
        if high is None and weather in ("cold", "normal"):
            high = self.cold_max_c if weather == "cold" else self.hot_min_c
        is_one_figure = (min_c is None) != (max_c is None)
        if is_one_figure and low is not None and high is not None and low >= high:
            return min_c, max_c
        return low, high

    def name_of(self, high_c: float) -> Literal["cold", "normal", "hot"]:
        """The band that a day's high is in."""
        return "cold" if high_c <= self.cold_max_c else "hot" if high_c >= self.hot_min_c else "normal"

    def accepts(self, wish: Intent, high_c: float) -> bool:
        """Whether a day's high fits. Thresholds belong to cold and to hot, never to normal."""
        low, high = self.limits(wish)
        if wish.weather == "normal" and (
            (high_c == low and wish.min_c is None) or (high_c == high and wish.max_c is None)
        ):
            return False
        return (low is None or high_c >= low) and (high is None or high_c <= high)
