"""Climate normals and the address table, packed."""

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Mapping

from backend.pipelines.escape.atlas.build.sources import SourceError, Sources
from backend.pipelines.escape.atlas.climate import MISSING, MONTH
from backend.pipelines.escape.atlas.geoip import BLOCK_BITS, NOWHERE, pack

_COLUMNS = ("tmax_c", "tmin_c", "tmean_c", "sd_daily_c", "wet_days", "sun_hours")
_ALWAYS = _COLUMNS[:3]


def write_climate(sources: Sources, out: sqlite3.Connection, airports: Mapping[str, int]) -> None:
    """Fill ``climate``: a year of an airport in one row. Raises SourceError for a missing temperature."""
    months: dict[str, bytearray] = {}
    seen: defaultdict[str, int] = defaultdict(int)
    for row in sources.rows("airport_climate.csv"):
        if not all(row[column] for column in _ALWAYS):
            raise SourceError(f"the climate of {row['iata']} has no temperature in month {row['month']}")
        packed = months.setdefault(row["iata"], bytearray(12 * MONTH.size))
        MONTH.pack_into(packed, (int(row["month"]) - 1) * MONTH.size, *[_tenths(row[name]) for name in _COLUMNS])
        seen[row["iata"]] |= 1 << int(row["month"])
    for row in sorted(sources.rows("airport_climate_source.csv"), key=lambda row: row["iata"]):
        iata = row["iata"]
        if seen[iata] != 0x1FFE:
            raise SourceError(f"the climate of {iata} doesn't have all twelve months")
        about = row["quality"], row["station_name"], float(row["km"]), int(row["dz_m"])
        out.execute("INSERT INTO climate VALUES (?, ?, ?, ?, ?, ?)", (airports[iata], bytes(months[iata]), *about))


def _tenths(text: str) -> int:
    return round(float(text) * 10) if text else MISSING


def write_addresses(sources: Sources, out: sqlite3.Connection) -> None:
    """Fill ``spot`` and ``geoip``; a range that crosses into the next first octet goes on there."""
    spots: dict[tuple[str, str, str], int] = {("", "", ""): NOWHERE}
    ranges: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    last, octet = NOWHERE, 0
    for row in sources.rows("geoip_city_ipv4.csv"):
        start = int(row["start"])
        if start & ((1 << BLOCK_BITS) - 1):
            raise SourceError(f"address range {start} doesn't start at a multiple of 256")
        for entered in range(octet, start >> 24):
            ranges[entered + 1] = [(0, last)]
        octet = start >> 24
        last = spots.setdefault((row["country"], row["lat"], row["lon"]), len(spots))
        inside = start >> BLOCK_BITS & 0xFFFF
        if ranges[octet] and ranges[octet][-1][0] == inside:
            ranges[octet].pop()
        ranges[octet].append((inside, last))
    for (country, lat, lon), number in spots.items():
        if number != NOWHERE:
            place = (number, country, round(float(lat) * 10), round(float(lon) * 10))
            out.execute("INSERT INTO spot VALUES (?, ?, ?, ?)", place)
    for number in sorted(ranges):
        starts = array("H", [start for start, _ in ranges[number]])
        out.execute(
            "INSERT INTO geoip VALUES (?, ?, ?)",
            (number, pack(starts), pack([spot for _, spot in ranges[number]])),
        )
