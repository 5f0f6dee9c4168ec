"""The weather of many places, gathered from several sources: which place still waits, what each source left undone."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from backend.pipeline import Context
from backend.pipelines.escape.atlas import Climate
from backend.pipelines.escape.models import Bands, Forecast, Intent
from backend.pipelines.escape.sources.facts import Reach, Sighting, Spot, Take
from backend.pipelines.escape.sources.reading import LASTING, ago
from backend.pipelines.escape.sources.travel import WeatherChoice
from backend.pipelines.escape.steps.forecasts import foreseen, typical, why_not
from backend.upstream import UpstreamError
from shared.events import RowRemoval, RowUpsert

BATCH = 8
TYPICAL_BATCH = 24  # all of it is there at once: fewer events, and still less than a millisecond each
MEANS = "means of 2003 to 2021"
OLD_S = 3600.0
"""From this age on it is said how old a forecast is."""


class Known(msgspec.Struct, frozen=True):
    """A place's weather, the id of the call it is from, and who it is from, in words."""

    forecast: Forecast
    call: str
    told_by: str


class Shortfall(msgspec.Struct, frozen=True):
    """What a source was asked for and didn't tell, with the first of its errors."""

    choice: WeatherChoice
    error: UpstreamError
    airports: tuple[str, ...]


class Gathering:
    """``waiting`` are the airports whose weather isn't known yet, in the order given; ``spots`` where they are."""

    def __init__(
        self,
        airports: Sequence[str],
        spots: Sequence[Spot],
        climates: Mapping[str, Climate],
        wish: Intent,
        bands: Bands,
        ctx: Context,
    ) -> None:
        self.day = wish.depart
        self.waiting: dict[str, None] = dict.fromkeys(airports)
        self.shortfalls: list[Shortfall] = []
        self.used: dict[str, WeatherChoice] = {}
        self._airports, self._spots, self._climates = tuple(airports), tuple(spots), climates
        self._wish, self._bands, self._ctx = wish, bands, ctx
        self._now = ctx.clock()
        self._held: dict[str, Known] = {}
        self._found: dict[str, Forecast] = {}
        self._silenced: set[str] = set()

    def in_order(self) -> list[Forecast]:
        """What is known, in the order of the airports."""
        return [self._found[iata] for iata in self._airports if iata in self._found]

    def reach(self, choice: WeatherChoice, spot: Spot) -> Reach:
        """How much of the day the source's forecast covers there."""
        return choice.source.reach(spot, self.day, self._now)

    def left_for(self, choice: WeatherChoice, reach: Reach) -> list[Spot]:
        """The places that a source can be asked for: its forecast reaches so far, and nobody else's is there yet."""
        if choice.source.id in self._silenced:
            return []
        waiting = [spot for spot in self._spots if spot.iata in self.waiting]
        if reach == "partly":
            waiting = [spot for spot in waiting if spot.iata not in self._held]
        return [spot for spot in waiting if self.reach(choice, spot) == reach]

    def out_of_reach(self, choices: Sequence[WeatherChoice]) -> tuple[int, int]:
        """How many places wait for a day that no source reaches: where it is too far ahead, and where it is over."""
        waiting = [spot for spot in self._spots if spot.iata in self.waiting]
        unreached = [spot for spot in waiting if all(self.reach(choice, spot) == "none" for choice in choices)]
        over = sum(self._now.astimezone(spot.zone).date() > self.day for spot in unreached)
        return len(unreached) - over, over

    def taker(self, choice: WeatherChoice) -> Take:
        """What takes the sightings of a source: whole days are confirmed at once, others held for want of better."""
        zones = {spot.iata: spot.zone for spot in self._spots}

        def take(sighting: Sighting) -> None:
            told_by = choice.source.name + (f", {ago(sighting.age_s)} old" if sighting.age_s >= OLD_S else "")
            whole: list[Known] = []
            for iata, sky in sighting.skies.items():
                if iata not in self.waiting:
                    continue
                ahead = (self.day - self._now.astimezone(zones[iata]).date()).days
                forecast = foreseen(
                    iata,
                    sky,
                    choice.source.name,
                    sighting.as_of,
                    ahead,
                    self._climates.get(iata),
                    self._wish,
                    self._bands,
                )
                known = Known(forecast, sighting.call, told_by)
                if sky.partly:
                    self._held.setdefault(iata, known)
                else:
                    whole.append(known)
            self.used[choice.source.id] = choice
            for start in range(0, len(whole), BATCH):
                self._confirm(whole[start : start + BATCH])

        return take

    def note(self, choice: WeatherChoice, asked: Sequence[Spot], errors: Sequence[UpstreamError]) -> None:
        """Remember what a source was asked for and didn't tell."""
        untold = tuple(spot.iata for spot in asked if spot.iata in self.waiting and spot.iata not in self._held)
        if errors and untold:
            self.shortfalls.append(Shortfall(choice, errors[0], untold))
        if any(error.kind in LASTING for error in errors):
            self._silenced.add(choice.source.id)

    def settle(self) -> int:
        """Take the forecasts of part of a day where there is none of the whole day; how many."""
        held = [known for iata, known in self._held.items() if iata in self.waiting]
        for start in range(0, len(held), BATCH):
            self._confirm(held[start : start + BATCH])
        return len(held)

    async def fill_up(self, climates: Mapping[str, Climate], call: str) -> None:
        """What is typical, for all who wait; who has no climate either goes."""
        waiting = list(self.waiting)
        for start in range(0, len(waiting), TYPICAL_BATCH):
            batch = waiting[start : start + TYPICAL_BATCH]
            usual = [typical(climates[iata], self._wish, self._bands) for iata in batch if iata in climates]
            unknown = [iata for iata in batch if iata not in climates]
            self._confirm([Known(one, call, MEANS) for one in usual], unknown)
            await asyncio.sleep(0)  # many runs share this loop

    def drop(self, why: str) -> None:
        """Who waits goes."""
        waiting = list(self.waiting)
        for start in range(0, len(waiting), BATCH):
            self._confirm((), waiting[start : start + BATCH], why)

    def instead(self, airports: Iterable[str]) -> Counter[str | None]:
        """Who told of these airports in the end, with how many each; "" is what is typical, None nobody."""
        known = (self._found.get(iata) for iata in airports)
        return Counter(one.source or "" if one is not None else None for one in known)

    def _confirm(
        self,
        batch: Sequence[Known],
        unknown: Sequence[str] = (),
        why: str = "nothing is known of the weather there",
    ) -> None:
        wish, bands = self._wish, self._bands
        for known in batch:
            self._found[known.forecast.iata] = known.forecast
        for iata in (*(known.forecast.iata for known in batch), *unknown):
            del self.waiting[iata]
        out = [RowRemoval(id=iata, why=why) for iata in unknown]
        unfit = [known.forecast for known in batch if not known.forecast.fits]
        out += [RowRemoval(id=one.iata, why=why_not(one, wish, bands)) for one in unfit]
        self._ctx.rows(_rows(batch, bands), out)
        self._ctx.progress(len(self._airports) - len(self.waiting), len(self._airports), "cities")


def _rows(batch: Sequence[Known], bands: Bands) -> list[RowUpsert]:
    evidence: dict[tuple[str, int], dict[str, str]] = {}  # one for all rows of a call, as in ``distances``
    rows = []
    for known in batch:
        cells = _cells(known, bands)
        source = known.call, len(cells)
        if source not in evidence:
            evidence[source] = dict.fromkeys(cells, known.call)
        rows.append(RowUpsert(id=known.forecast.iata, cells=cells, state="confirmed", from_=evidence[source]))
    return rows


def _cells(known: Known, bands: Bands) -> dict[str, Any]:
    forecast = known.forecast
    cells: dict[str, Any] = {
        "high": forecast.high_c,
        "weather": _weather(forecast),
        "rain": forecast.rain,
        "told_by": known.told_by,
        "band": bands.name_of(forecast.high_c),
    }
    if forecast.hours:
        cells["hours"] = [[f"{hour}:00", temp] for hour, temp in forecast.hours]
    return cells


def _weather(forecast: Forecast) -> str:
    if forecast.basis == "typical":
        return f"typical ±{forecast.spread_c:.0f} °C, {forecast.quality}"
    partly = " of part of the day" if forecast.partly else ""
    return f"{forecast.sky}, forecast{partly}" if forecast.sky is not None else f"forecast{partly}"
