"""The world's airports and flights as AirLabs tells them: its names, its nulls, its clocks."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.simulators.flights import Codeshare, Flight
from tests.simulators.places import WorldAirport

FREE_AIRPORT_FIELDS: Final = ("name", "iata_code", "icao_code", "lat", "lng", "country_code")
Row = dict[str, Any]


def route_rows(flights: Sequence[Flight]) -> list[Row]:
    """One row of each operating flight that is listed, and one of each codeshare."""
    rows: list[Row] = []
    for flight in flights:
        if flight.listed:
            rows.append(_route_row(flight, None))
        rows.extend(_route_row(flight, share) for share in flight.codeshares)
    return rows


def _route_row(flight: Flight, share: Codeshare | None) -> Row:
    seller = flight.airline if share is None else share.airline
    number = flight.number if share is None else share.number
    saved = flight.departure_on(flight.updated.astimezone(ZoneInfo(flight.origin.tz)))
    landing = saved + timedelta(minutes=flight.minutes)
    return {
        "airline_iata": seller.iata,
        "airline_icao": seller.icao,
        "flight_iata": seller.iata and f"{seller.iata}{number}",
        "flight_icao": f"{seller.icao}{number}",
        "flight_number": number,
        "cs_airline_iata": share and flight.airline.iata,
        "cs_flight_iata": share and f"{flight.airline.iata}{flight.number}",
        "cs_flight_number": share and flight.number,
        "dep_iata": flight.origin.iata,
        "dep_icao": flight.origin.icao,
        "dep_terminals": None,
        "dep_time": f"{flight.departs // 60:02d}:{flight.departs % 60:02d}",
        "dep_time_utc": f"{saved:%H:%M}",
        "arr_iata": flight.to.iata,
        "arr_icao": flight.to.icao,
        "arr_terminals": ["1"] if share is None else None,
        "arr_time": f"{landing.astimezone(ZoneInfo(flight.to.tz)):%H:%M}",
        "arr_time_utc": f"{landing:%H:%M}",
        "duration": flight.minutes if flight.timed else None,
        "days": list(flight.days if share is None else share.days),
        "aircraft_icao": flight.aircraft if share is None else None,
        "counter": flight.counter if share is None else min(flight.counter, 3),
        "updated": f"{flight.updated:%Y-%m-%dT%H:%M:%S}.000Z",
    }


def airport_row(airport: WorldAirport) -> Row:
    """As a paid key sees it in ``airports``."""
    is_major = (airport.popularity or 0) > 10_000
    return {
        "name": airport.name,
        "iata_code": airport.iata,
        "icao_code": airport.icao,
        "lat": airport.lat,
        "lng": airport.lon,
        "alt": None if airport.alt_m is None else round(airport.alt_m / 0.3048),
        "city": airport.city,
        "city_code": airport.city_code,
        "un_locode": None,
        "timezone": airport.tz,
        "country_code": airport.country,
        "phone": None,
        "website": None,
        "names": {"en": airport.name},
        "runways": 2 if is_major else 1,
        "departures": airport.popularity,
        "connections": 20,
        "is_major": is_major,
        "is_international": int(is_major),
        "slug": slug(airport),
        "popularity": airport.popularity,
    }


def nearby_rows(found: Sequence[tuple[float, WorldAirport]], *, popularity: bool) -> list[Row]:
    """The ``airports`` of ``nearby``, in the order given. What an airport doesn't have is missing or null."""
    rows: list[Row] = []
    for km, airport in found:
        row: Row = {
            "name": airport.name,
            "iata_code": airport.iata,
            "icao_code": airport.icao,
            "lat": airport.lat,
            "lng": airport.lon,
            "country_code": airport.country,
            "timezone": airport.tz,
            "slug": slug(airport),
            "popularity": airport.popularity,
            "distance": round(km, 2),
        }
        if airport.iata:
            row |= {"city": airport.city, "city_code": airport.city_code}
        if airport.popularity is None or not popularity:
            del row["popularity"]
        rows.append(row)
    return rows


def city_rows(found: Sequence[tuple[float, WorldAirport]]) -> list[Row]:
    """The ``cities`` of ``nearby``: those that have one of the airports."""
    cities: dict[str, Row] = {}
    for km, airport in found:
        if airport.city_code and airport.city:
            cities.setdefault(
                airport.city_code,
                {
                    "name": airport.city,
                    "city_code": airport.city_code,
                    "lat": round(airport.lat, 2),
                    "lng": round(airport.lon, 2),
                    "country_code": airport.country,
                    "popularity": airport.popularity,
                    "distance": round(km, 2),
                },
            )
    return list(cities.values())


def slug(airport: WorldAirport) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in airport.name.lower()).split()
    return "-".join([*words, airport.iata.lower()] if airport.iata else words)
