"""The town an airport is shown under, and the towns by whose name it is found.

The sources write "Bordeaux/Merignac", "Bandung, Java Island" and "Mississauga", where travellers say
Bordeaux, Bandung and Toronto.
"""

import re
from collections.abc import Callable, Mapping

from backend.pipelines.escape.atlas.build.sources import Sources
from backend.pipelines.escape.atlas.folding import spellings

_TWIN_TOWNS = re.compile(r"\s*/\s*")
_PARTS = re.compile(r"\s*[/()]\s*")
_SHORTEST_PART = 3


class Towns:
    def __init__(self, sources: Sources, spelled_near: Callable[[str, float, float], str | None]) -> None:
        """``spelled_near`` gives the gazetteer's spelling of a name near a position, if it has the city."""
        self._chosen = {row["iata"]: row["city"] for row in sources.rows("airport_cities.csv")}
        self._spelled_near = spelled_near

    def shown(self, row: Mapping[str, str]) -> str:
        """The town to show for an airport."""
        if row["iata"] in self._chosen:
            return self._chosen[row["iata"]]
        town = (row["city"] or row["municipality"] or row["name"]).partition(",")[0]
        # "Raleigh/Durham" is one name; elsewhere the second part is the suburb that has the runway.
        if row["country"] != "US":
            town = _TWIN_TOWNS.split(town)[0]
        town = town.removesuffix(" Island").strip() or row["name"]
        return self._spelled_near(town, float(row["lat"]), float(row["lon"])) or town

    def found_by(self, row: Mapping[str, str]) -> frozenset[str]:
        """The folded names of its towns."""
        names = {self.shown(row)}
        for text in (row["city"], row["municipality"]):
            first = text.partition(",")[0]
            names |= {first, *_PARTS.split(first)}
        stripped = {name.removesuffix(" Island") for name in names}
        return frozenset(f for name in stripped if len(name) >= _SHORTEST_PART for f in spellings(name) if f)
