"""ip-api (http://ip-api.com): ``/json/{query}`` and ``/batch``, over plain HTTP as its free host.

Failures are HTTP 200 with ``"status": "fail"``; the projection by ``fields`` hides even ``status``. 45 calls a minute
by calling address (15 for ``/batch``), counted from the first one; then 429 with an empty body. A caller on loopback
is ``caller``. Where an address is: ``world.homes``.
"""

import json
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.simulators.addresses import CALLER, sort_of
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.quota import FirstCallWindow
from tests.simulators.server import Simulator
from tests.simulators.world import World

MAX_BATCH: Final = 100
BITS: Final = {
    "country": 0, "countryCode": 1, "region": 2, "regionName": 3, "city": 4, "zip": 5, "lat": 6, "lon": 7,
    "timezone": 8, "isp": 9, "org": 10, "as": 11, "reverse": 12, "query": 13, "status": 14, "message": 15,
    "mobile": 16, "proxy": 17, "district": 19, "continent": 20, "continentCode": 21, "asname": 22, "currency": 23,
    "hosting": 24, "offset": 25,
}  # fmt: skip
DEFAULT_FIELDS: Final = frozenset({
    "status", "message", "country", "countryCode", "region", "regionName", "city", "zip", "lat", "lon", "timezone",
    "isp", "org", "as", "query",
})  # fmt: skip
CONTINENTS: Final = {
    "EU": "Europe", "AS": "Asia", "NA": "North America", "SA": "South America", "AF": "Africa", "OC": "Oceania",
    "AN": "Antarctica",
}  # fmt: skip
MESSAGES: Final = {"private": "private range", "reserved": "reserved range", "invalid": "invalid query"}
Row = dict[str, Any]


class IpApiSimulator(Simulator):
    """``caller``: the address that callers on loopback have. ``domains`` maps names that may be asked for."""

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: SimulatedClock | None = None,
        caller: str = CALLER,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, latency_s=latency_s)
        self.world = world or World()
        self.caller = caller
        self.domains: dict[str, str] = {}
        self.single = FirstCallWindow(self.clock, 45)
        self.batch = FirstCallWindow(self.clock, 15)

    async def answer(self, request: Seen) -> Answer:
        is_batch = request.path == "/batch"
        if not is_batch and request.path != "/json" and not request.path.startswith("/json/"):
            return Answer(404, refusal=f"ip-api: there is no {request.path}")
        allowed, left, resets = (self.batch if is_batch else self.single).take(request.peer)
        headers = {"X-Rl": str(left), "X-Ttl": str(resets), "Access-Control-Allow-Origin": "*"}
        if not allowed:
            return Answer(429, b"", headers, refusal="ip-api: called again although X-Rl was 0")
        answer = self._batch(request) if is_batch else self._single(request)
        answer.headers |= headers
        return answer

    def failure(self, status: int) -> Answer:
        headers = {"X-Rl": "0", "X-Ttl": "60"} if status == 429 else {}
        return Answer(status, b"", headers)

    def _single(self, request: Seen) -> Answer:
        query = request.path.removeprefix("/json").strip("/")
        return Answer.of_json(self._row(query or self.caller, request.query.get("fields")))

    def _batch(self, request: Seen) -> Answer:
        try:
            asked = request.json
        except json.JSONDecodeError:
            asked = None
        if not isinstance(asked, list) or len(asked) > MAX_BATCH:
            return Answer(422, refusal="ip-api: a batch is a list of at most 100")
        fields = request.query.get("fields")
        rows = []
        for one in asked:
            given = one if isinstance(one, dict) else {"query": one}
            rows.append(self._row(str(given.get("query", "")), str(given.get("fields") or fields or "") or None))
        return Answer.of_json(rows)

    def _row(self, query: str, fields: str | None) -> Row:
        wanted = _wanted(fields)
        sort = sort_of(self.domains.get(query, query))
        if sort != "public":
            failed = {"status": "fail", "message": MESSAGES[sort], "query": query}
            return {name: value for name, value in failed.items() if name in wanted}
        known = self._known(self.domains.get(query, query))
        return {name: value for name, value in known.items() if name in wanted}

    def _known(self, address: str) -> Row:
        home = self.world.home_of(address)
        now = self.clock.now().astimezone(ZoneInfo(home.tz))
        return {
            "status": "success", "continent": CONTINENTS.get(home.continent, ""), "continentCode": home.continent,
            "country": home.country_name, "countryCode": home.country, "region": (home.city_code or "")[:2],
            "regionName": home.city, "city": home.city, "district": "", "zip": "46001", "lat": home.lat,
            "lon": home.lon, "timezone": home.tz, "offset": _offset_s(now), "currency": "EUR", "isp": "Example ISP",
            "org": "Example", "as": "AS64500 Example", "asname": "EXAMPLE", "reverse": "", "mobile": False,
            "proxy": False, "hosting": False, "query": address,
        }  # fmt: skip


def _offset_s(now: datetime) -> int:
    offset = now.utcoffset()
    assert offset is not None
    return round(offset.total_seconds())


def _wanted(fields: str | None) -> frozenset[str]:
    """Names, or the number that is the sum of their bits."""
    if fields is None:
        return DEFAULT_FIELDS
    if fields.isdecimal():
        return frozenset(name for name, bit in BITS.items() if int(fields) >> bit & 1)
    return frozenset(fields.split(","))
