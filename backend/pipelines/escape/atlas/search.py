"""Which place a traveller means: the ranking of everything that goes by the words typed."""

from collections.abc import Iterable, Iterator
from math import log
from typing import NamedTuple

from msgspec.structs import replace

from backend.pipelines.escape.atlas.airports import Airports
from backend.pipelines.escape.atlas.folding import fold
from backend.pipelines.escape.atlas.geo import great_circle_km
from backend.pipelines.escape.atlas.places import Named, Places, Region, airport_place, standing
from backend.pipelines.escape.atlas.records import PlaceMatch

# Standing is a decimal logarithm: a city of the traveller's own country counts as one about 300 times as
# large. That is Ontario's London for a Canadian, and still France's Paris for a Texan.
_OWN_COUNTRY = 2.5
_NEAR = 1.2
# A zone tells neighbours from namesakes ("Portland" in New York's is Maine's), but not for every suburb in
# it.
_OWN_ZONE = 1.0
_NO_SUBURB = 5.5
_TYPED_AS_CODE = 100.0
_BEHIND_ITS_AIRPORT = 0.5

_AIRPORT_WORDS = frozenset({"airport", "aeropuerto", "aeroporto", "aeroport", "flughafen"})
_LONGEST_REGION = 3  # words: "New South Wales"


class Traveller(NamedTuple):
    country: str | None = None
    tz: str | None = None
    position: tuple[float, float] | None = None


class Search:
    def __init__(self, places: Places, airports: Airports) -> None:
        self._places = places
        self._airports = airports

    def traveller(self, country: str | None, tz: str | None, near: tuple[float, float] | None) -> Traveller:
        """What is known of the traveller, the time zone filling in for the rest."""
        home = self._places.of_tz(tz) if tz else None
        if home is not None:
            country = country or home.country
            near = near or (home.lat, home.lon)
        return Traveller(country.upper() if country else None, home.tz if home else None, near)

    def find(self, words: str, traveller: Traveller, limit: int) -> list[PlaceMatch]:
        """Best match first. Empty if nothing goes by these words."""
        typed = " ".join(words.split())
        for attempt in self._readings(typed):
            if attempt:
                ranked = sorted(attempt, key=lambda named: _order(named, traveller))
                return [named.match for named in ranked[:limit]]
        return []

    def _readings(self, typed: str) -> Iterator[list[Named]]:
        """Ways to read the words, the likeliest first: a name, a name with its region, an airport's town."""
        head, comma, tail = typed.rpartition(",")
        if comma:
            yield self._within(head, self._places.regions(tail))
            yield self._plain(head.partition(",")[0].strip())
        yield self._plain(typed)
        words = typed.split()
        for count in range(1, min(_LONGEST_REGION, len(words) - 1) + 1):
            yield self._within(" ".join(words[:-count]), self._places.regions(" ".join(words[-count:])))
        town = [word for word in words if fold(word) not in _AIRPORT_WORDS]
        if town and len(town) < len(words):
            yield self._plain(" ".join(town))

    def _within(self, head: str, regions: Iterable[Region]) -> list[Named]:
        wanted = set(regions)
        if not wanted:
            return []
        return [
            named
            for named in self._plain(head.partition(",")[0].strip())
            if {Region(named.match.country, None), Region(named.match.country, named.admin1)} & wanted
        ]

    def _plain(self, typed: str) -> list[Named]:
        folded = fold(typed)
        if not folded:
            return []
        named = self._places.named(folded, typed)
        # "USA" and "UAE" are airports as well, which nobody means.
        is_country = any(found.match.kind == "country" for found in named)
        return self._coded(typed, _TYPED_AS_CODE if typed.isupper() and not is_country else 0.0) + named

    def _coded(self, typed: str, certainty: float) -> list[Named]:
        code = typed.upper()
        if len(code) != 3 or not (code.isascii() and code.isalpha()):
            return []
        airport, metro = self._airports.by_iata.get(code), self._airports.metros.get(code, ())
        found: list[Named] = []
        if airport is not None:
            found.append(Named(airport_place(airport, typed), certainty + standing(airport), None))
        # A lone airport whose own code is its city's is an airport, not a metropolis.
        if metro and (len(metro) > 1 or airport is None):
            place = airport_place(metro[0], typed, "metro")
            place = replace(place, airports=tuple(member.iata for member in metro))
            found.append(Named(place, certainty + standing(metro[0]) - _BEHIND_ITS_AIRPORT, None))
        return found


def _order(named: Named, traveller: Traveller) -> tuple[float, str, str, float]:
    """The key to sort by, with enough behind the score to make equal ones stable."""
    match = named.match
    score = named.weight
    if traveller.country is not None and match.country == traveller.country:
        score += _OWN_COUNTRY
    if traveller.tz is not None and match.tz == traveller.tz and named.weight >= _NO_SUBURB:
        score += _OWN_ZONE
    if traveller.position is not None:
        km = great_circle_km(*traveller.position, match.lat, match.lon)
        score += _NEAR * (1 - log(max(km, 50.0) / 50.0) / log(400.0))
    return -score, match.name, match.country, match.lat
