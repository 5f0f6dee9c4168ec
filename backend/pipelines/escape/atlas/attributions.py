"""Who the bundled data comes from, and the words its licences ask for."""

from backend.pipelines.escape.atlas.records import Attribution

_ATTRIBUTIONS: tuple[Attribution, ...] = (
    Attribution(
        "routes, flight numbers, airlines",
        "Virtual Radar Server standing data, August 2026",
        "CC0 1.0",
        "Routes and flight numbers: the contributors to the Virtual Radar Server standing data",
        "https://github.com/vradarserver/standing-data",
    ),
    Attribution(
        "frequencies, seats, metropolitan codes",
        "Open Travel Data (OPTD), 2019",
        "CC BY 4.0",
        "Contains data from Open Travel Data (OPTD), CC BY 4.0, changed",
        "https://github.com/opentraveldata/opentraveldata",
    ),
    Attribution(
        "airports, countries",
        "OurAirports, 2022 and 2026",
        "public domain",
        "Airports: OurAirports",
        "https://ourairports.com/data/",
    ),
    Attribution(
        "time zones of airports, city names",
        "airportsdata 20260905",
        "MIT",
        "airportsdata, Copyright Mike Borsetti",
        "https://github.com/mborsetti/airportsdata",
    ),
    Attribution(
        "timetable samples of 2013, 2015 and 2019",
        "US Bureau of Transportation Statistics, on-time performance",
        "public domain, CC0",
        "Source: US Bureau of Transportation Statistics",
        "https://www.bts.gov/",
    ),
    Attribution(
        "climate",
        "Deutscher Wetterdienst, CLIMAT reports 2003-2021",
        "GeoNutzV (CC BY 4.0)",
        "Data basis: Deutscher Wetterdienst, values averaged and interpolated",
        "https://www.dwd.de/",
    ),
    Attribution(
        "spatial correction of the climate",
        "CHELSA climatologies 1979-2013; NOAA station list",
        "CC0; public domain",
        "Karger et al. 2017, Scientific Data 4, 170122",
        "https://doi.org/10.1038/sdata.2017.122",
    ),
    Attribution(
        "cities",
        "GeoNames",
        "CC BY 4.0",
        "Cities: GeoNames (geonames.org), CC BY 4.0",
        "https://www.geonames.org/",
    ),
    Attribution(
        "time zones",
        "IANA time zone database 2025b",
        "public domain",
        "Time zones: IANA time zone database",
        "https://www.iana.org/time-zones",
    ),
    Attribution(
        "places of addresses",
        "DB-IP IP to City Lite, April 2023",
        "CC BY 4.0",
        "IP Geolocation by DB-IP",
        "https://db-ip.com",
    ),
    Attribution(
        "maps",
        "Natural Earth 4.1.0",
        "public domain",
        "Made with Natural Earth",
        "https://www.naturalearthdata.com/",
    ),
)


def attributions() -> tuple[Attribution, ...]:
    """One for each bundled source, with the text to show; DB-IP's link goes with its answers."""
    return _ATTRIBUTIONS
