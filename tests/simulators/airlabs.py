"""AirLabs (https://airlabs.co/api/v9): ``ping``, ``nearby``, ``routes``, ``airports``.

Errors come as ``{"error": …}`` with HTTP 200, as most clients report, or with ``errors_as_4xx`` with statuses. Every
envelope echoes the caller's key and address: ``KEY`` and ``CALLER_IP`` are canaries that must never be seen again.
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, Literal

from tests.simulators.airlabs_rows import (
    FREE_AIRPORT_FIELDS,
    Row,
    airport_row,
    city_rows,
    nearby_rows,
    route_rows,
)
from tests.simulators.clock import SimulatedClock
from tests.simulators.exchange import Answer, Seen
from tests.simulators.quota import CalendarWindows, Span
from tests.simulators.server import Simulator
from tests.simulators.world import World

KEY: Final = "c0ffee00-ca4a-4111-8222-airlabscanary"
KEY_ID: Final = 10101
CALLER_IP: Final = "203.0.113.77"
MAX_DISTANCE_KM: Final = 1000.0
STATUSES: Final = {
    "unknown_api_key": 401, "expired_api_key": 403, "unknown_method": 404, "wrong_params": 400, "not_found": 404,
    "minute_limit_exceeded": 429, "hour_limit_exceeded": 429, "month_limit_exceeded": 429, "internal_error": 500,
}  # fmt: skip
MESSAGES: Final = {
    "unknown_api_key": "Unknown api_key. Please check your key.",
    "expired_api_key": "Your api_key is expired.",
    "unknown_method": "Unknown API method.",
    "not_found": "Nothing was found.",
    "minute_limit_exceeded": "Minute requests limit exceeded.",
    "hour_limit_exceeded": "Hour requests limit exceeded.",
    "month_limit_exceeded": "Month requests limit exceeded.",
    "internal_error": "Internal error.",
}
TERMS: Final = "Unauthorized access is prohibited."


class Refused(Exception):
    """An error of the API; ``rule`` says which rule of the documentation was broken, if one was."""

    def __init__(self, code: str, message: str = "", *, rule: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES[code]
        self.rule = rule


class AirLabsSimulator(Simulator):
    """``plan`` decides rows a request, fields and quota. ``no_data``: what an unmatched list answers, ``"list"`` an
    empty one, ``"not_found"`` the error, ``"nothing"`` ``{}``. ``popularity`` and ``has_more`` leave those out.
    ``keys`` maps keys to ``"ok"`` or ``"expired"``; ``limits`` are the calls of a key by minute, hour and month.
    """

    base: ClassVar[str] = "/api/v9"

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: SimulatedClock | None = None,
        plan: Literal["free", "paid"] = "free",
        limits: dict[Span, float] | None = None,
        no_data: Literal["list", "not_found", "nothing"] = "list",
        errors_as_4xx: bool = False,
        popularity: bool = True,
        has_more: bool = True,
        latency_s: float = 0.0,
    ) -> None:
        super().__init__(clock=clock, latency_s=latency_s)
        self.world = world or World()
        self.plan = plan
        month = 1000 if plan == "free" else 10_000
        self.quota = CalendarWindows(self.clock, limits or {"minute": 250, "hour": 2500, "month": month})
        self.no_data = no_data
        self.errors_as_4xx = errors_as_4xx
        self.popularity = popularity
        self.has_more = has_more
        self.keys: dict[str, Literal["ok", "expired"]] = {KEY: "ok"}
        self._methods: dict[str, Callable[[dict[str, str]], tuple[Any, Row]]] = {
            "ping": lambda given: ("pong", {}),
            "nearby": self._nearby,
            "routes": self._routes,
            "airports": self._airports,
        }

    @property
    def row_cap(self) -> int:
        return 50 if self.plan == "free" else 500

    async def answer(self, request: Seen) -> Answer:
        method = request.path.strip("/").removesuffix(".json")
        try:
            given = request.query | (_posted(request) if request.method == "POST" else {})
            key = self._key(given)
            payload, more = self._answered(method, given, key)
        except Refused as refused:
            return self._error(refused)
        if payload in ([], {"airports": [], "cities": []}) and self.no_data != "list":
            return self._error(Refused("not_found")) if self.no_data == "not_found" else Answer.of_json({})
        envelope = self._request(method, given, key) | more
        return Answer.of_json({"request": envelope, "response": payload, "terms": TERMS})

    def failure(self, status: int) -> Answer:
        code = next((code for code, known in STATUSES.items() if known == status), "internal_error")
        return Answer.of_json({"error": {"message": MESSAGES.get(code, "Wrong."), "code": code}}, status)

    def _answered(self, method: str, given: dict[str, str], key: str) -> tuple[Any, Row]:
        if (span := self.quota.exceeded(key)) is not None:
            raise Refused(f"{span}_limit_exceeded")
        self.quota.add(key)
        if method not in self._methods:
            raise Refused("unknown_method", rule=True)
        return self._methods[method](given)

    def _error(self, refused: Refused) -> Answer:
        status = STATUSES[refused.code] if self.errors_as_4xx else 200
        broken = f"AirLabs: {refused.message}" if refused.rule else None
        document = {"error": {"message": refused.message, "code": refused.code}}
        return Answer.of_json(document, status, refusal=broken)

    def _key(self, given: dict[str, str]) -> str:
        key = given.get("api_key") or self._signed(given.get("signature", ""))
        state = self.keys.get(key)
        if state is None:
            raise Refused("unknown_api_key")
        if state == "expired":
            raise Refused("expired_api_key")
        return key

    def _signed(self, signature: str) -> str:
        """The key behind ``<key id>:<unix time>:<md5 of "time:key">``, good for three minutes."""
        _, _, rest = signature.partition(":")
        at, _, digest = rest.partition(":")
        for key in self.keys:
            right = hashlib.md5(f"{at}:{key}".encode(), usedforsecurity=False).hexdigest()
            if digest == right and abs(int(at) - self.clock.seconds()) <= 180:
                return key
        return ""

    def _request(self, method: str, given: dict[str, str], key: str) -> Row:
        params = {name: value for name, value in given.items() if name not in ("api_key", "signature")}
        return {
            "lang": "en", "currency": "USD", "time": 9, "id": f"k{len(self.requests):08x}", "server": "a",
            "host": "airlabs.co", "pid": 1234,
            "key": {
                "id": KEY_ID, "api_key": key, "type": self.plan, "expired": "2027-12-31T00:00:00.000Z",
                "registered": "2026-01-02T03:04:05.000Z", "upgraded": None,
                "limits_by_hour": self.quota.limits.get("hour"), "limits_by_minute": self.quota.limits.get("minute"),
                "limits_by_month": self.quota.limits.get("month"),
                "limits_total": max(0, int(self.quota.left(key, "month"))) if "month" in self.quota.limits else None,
            },
            "params": {**params, "lang": given.get("lang", "en")}, "version": 9, "method": method,
            "client": {
                "ip": CALLER_IP,
                "geo": {"country_code": "ES", "country": "Spain", "continent": "Europe", "city": "Valencia",
                        "lat": 39.47, "lng": -0.38, "timezone": "Europe/Madrid"},
                "connection": {"type": "corporate", "isp_code": 64500, "isp_name": "Example ISP"},
                "device": {}, "agent": {},
                "karma": {"is_blocked": False, "is_crawler": False, "is_bot": False, "is_friend": False,
                          "is_regular": True},
            },
        }  # fmt: skip

    def _nearby(self, given: dict[str, str]) -> tuple[Any, Row]:
        lat, lng = _number(given, "lat", -90, 90), _number(given, "lng", -180, 180)
        distance = _number(given, "distance", 0, MAX_DISTANCE_KM)
        found = self.world.near(lat, lng, distance)
        wanted = _fields(given)
        airports = [_projected(row, wanted) for row in nearby_rows(found, popularity=self.popularity)]
        return {"airports": airports, "cities": [_projected(row, wanted) for row in city_rows(found)]}, {}

    def _routes(self, given: dict[str, str]) -> tuple[Any, Row]:
        filters = {name: given[name].upper() for name in ROUTE_FILTERS if given.get(name)}
        if not filters:
            raise Refused("wrong_params", "One of dep_iata, arr_iata, airline_iata … is required.", rule=True)
        rows = [row for row in self._rows(filters) if all(row[name] == value for name, value in filters.items())]
        rng = random.Random(f"{self.world.seed}:order:{sorted(filters.items())}")
        rng.shuffle(rows)  # the same for each page, and no order that means anything
        return self._page(rows, given)

    def _rows(self, filters: dict[str, str]) -> list[Row]:
        if "dep_iata" in filters:
            return route_rows(self.world.flights_from(filters["dep_iata"]))
        origins = [key for key, airport in self.world.airports.items() if airport.icao == filters.get("dep_icao")]
        known = origins if "dep_icao" in filters else list(self.world.flights)
        return [row for key in known for row in route_rows(self.world.flights_from(key))]

    def _page(self, rows: Sequence[Row], given: dict[str, str]) -> tuple[list[Row], Row]:
        asked = _number(given, "limit", 1, 1e9, "_limit") if {"limit", "_limit"} & set(given) else self.row_cap
        start = int(_number(given, "offset", 0, 1e9)) if "offset" in given else 0
        end = start + min(int(asked), self.row_cap)
        more: Row = {"has_more": end < len(rows), "total_items": len(rows)} if self.has_more else {}
        wanted = _fields(given)
        return [_projected(row, wanted) for row in rows[start:end]], more

    def _airports(self, given: dict[str, str]) -> tuple[Any, Row]:
        filters = {name: set(given[name].upper().split(",")) for name in AIRPORT_FILTERS if given.get(name)}
        if not filters:
            raise Refused("wrong_params", "One of iata_code, icao_code … is required.", rule=True)
        every = [airport_row(airport) for airport in self.world.airports.values()]
        rows = [row for row in every if all(row[name] in values for name, values in filters.items())]
        random.Random(f"{self.world.seed}:{given.get('iata_code')}").shuffle(rows)
        if self.plan == "free":
            rows = [{name: row[name] for name in FREE_AIRPORT_FIELDS} for row in rows]
        page, more = self._page(rows, given)
        return page, more


ROUTE_FILTERS: Final = (
    "dep_iata", "dep_icao", "arr_iata", "arr_icao", "airline_iata", "airline_icao", "flight_iata", "flight_icao",
    "flight_number",
)  # fmt: skip
AIRPORT_FILTERS: Final = ("iata_code", "icao_code", "city_code", "country_code")


def _posted(request: Seen) -> dict[str, str]:
    try:
        body = request.json
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("wrong_params", "The body is no JSON object.", rule=True)
    return {name: str(value) for name, value in body.items()}


def _number(given: dict[str, str], name: str, least: float, most: float, other_name: str = "") -> float:
    try:
        value = float(given.get(name) or given[other_name])
    except (KeyError, ValueError):
        raise Refused("wrong_params", f"Wrong or missing parameter: {name}.", rule=True) from None
    if not least <= value <= most:
        raise Refused("wrong_params", f"Parameter out of range: {name}.", rule=True)
    return value


def _fields(given: dict[str, str]) -> frozenset[str] | None:
    return frozenset(given["_fields"].split(",")) if given.get("_fields") else None


def _projected(row: Row, wanted: frozenset[str] | None) -> Row:
    return row if wanted is None else {name: value for name, value in row.items() if name in wanted}
