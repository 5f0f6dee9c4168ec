"""The world that the simulators of one test share, invented from a seed: airports, what is flown, and the weather.

A test reads its reference answer off the same object that the services answer from, and bends it where it likes:
``world.add(…)``, ``world.flights["VLC"] = […]``, ``world.set_high("LPA", 25.0)``, ``world.without_weather.add("LPA")``.
"""

import random
from datetime import date, datetime

from backend.pipelines.escape.atlas import great_circle_km
from tests.simulators.flights import Flight, Timetable
from tests.simulators.places import WorldAirport, airfields_beside, known_airport, real_airports
from tests.simulators.skies import Skies, Sky, Spot

OWN_WEATHER_KM = 60.0


class World:
    """``destinations`` is how many an airport has unless ``flights`` says what it has."""

    def __init__(self, seed: int = 0, *, destinations: int = 40, far_km: float = 9000.0) -> None:
        self.seed = seed
        self.airports: dict[str, WorldAirport] = {one.iata: known_airport(one) for one in real_airports()}
        self.airfields = True
        self.flights: dict[str, list[Flight]] = {}
        self.skies = Skies(seed)
        self.without_weather: set[str] = set()
        self.homes: dict[str, str] = {}
        self._timetable = Timetable(seed, destinations, far_km)
        self._spots: dict[tuple[float, float], Spot] = {}

    def add(self, airport: WorldAirport) -> WorldAirport:
        """Put an airport on the map, in place of one with the same key."""
        self.airports[airport.key] = airport
        self._spots.clear()
        return airport

    def remove(self, *keys: str) -> None:
        """Take airports off the map."""
        for key in keys:
            del self.airports[key]
        self._spots.clear()

    def airport(self, iata: str) -> WorldAirport:
        """Raises KeyError for one that isn't there."""
        return self.airports[iata]

    def near(self, lat: float, lon: float, within_km: float) -> list[tuple[float, WorldAirport]]:
        """(km, airport), nearest first, airfields included."""
        found: list[tuple[float, WorldAirport]] = []
        for airport in self.airports.values():
            if abs(airport.lat - lat) * 110 > within_km + 10:
                continue
            beside = airfields_beside(airport) if self.airfields and airport.iata else ()
            for one in (airport, *beside):
                km = great_circle_km(lat, lon, one.lat, one.lon)
                if km <= within_km:
                    found.append((km, one))
        return sorted(found, key=lambda pair: (pair[0], pair[1].name))

    def flights_from(self, iata: str) -> list[Flight]:
        """The week's flights from an airport; none where there is no such airport."""
        if iata not in self.flights:
            origin = self.airports.get(iata)
            known = list(self.airports.values())
            self.flights[iata] = [] if origin is None else self._timetable.of(origin, known)
        return self.flights[iata]

    def flights_to(self, iata: str) -> list[Flight]:
        """Those of the airports whose flights were made or set already."""
        return [flight for flights in self.flights.values() for flight in flights if flight.to.iata == iata]

    def spot(self, lat: float, lon: float) -> Spot:
        """Where the weather for a position is that of: the airport near it, else the position itself."""
        where = (lat, lon)
        if where not in self._spots:
            with_iata = [airport for airport in self.airports.values() if airport.iata]
            km, airport = min(
                ((great_circle_km(lat, lon, one.lat, one.lon), one) for one in with_iata),
                key=lambda pair: (pair[0], pair[1].key),
            )
            if km <= OWN_WEATHER_KM:
                name = airport.city or airport.name
                spot = Spot(airport.key, name, airport.country, airport.lat, airport.lon, airport.tz)
            else:
                spot = Spot(f"{lat:.1f},{lon:.1f}", "", "", lat, lon, airport.tz)
            self._spots[where] = spot
        return self._spots[where]

    def spot_of(self, iata: str) -> Spot:
        """The weather at an airport's position."""
        airport = self.airports[iata]
        return self.spot(airport.lat, airport.lon)

    def set_high(self, iata: str, celsius: float, day: date | None = None) -> None:
        """The high of a local day at an airport, or of every day."""
        self.skies.highs[iata, day] = celsius

    def high(self, iata: str, day: date) -> float:
        """The high of a local day at an airport in °C, which every weather service tells of a whole day."""
        return self.skies.high(self.spot_of(iata), day)

    def rain_chance(self, iata: str, day: date) -> int:
        """The chance of rain on a local day at an airport in per cent."""
        return round(100 * self.skies.chance(self.spot_of(iata), day))

    def home_of(self, address: str) -> WorldAirport:
        """The airport in whose city a public IP address is: that of ``homes``, else any of the busy ones."""
        if address not in self.homes:
            busy = [airport.key for airport in self.airports.values() if airport.iata][:300]
            self.homes[address] = random.Random(f"{self.seed}:home:{address}").choice(busy)
        return self.airports[self.homes[address]]

    def sky(self, spot: Spot, at: datetime) -> Sky:
        """The weather at an instant (aware)."""
        return self.skies.sky(spot, at)

    def has_weather(self, spot: Spot) -> bool:
        return spot.key not in self.without_weather
