"""The error documents that each service is known to send, and those that a service might as well."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tests.simulators import airlabs, open_meteo, openweather
from tests.simulators.corpus_fields import POISON

Error = tuple[str, int, bytes]


def documented_errors(call: str) -> Iterator[Error]:
    """(name, status, body) for a call (``samples.CALLS``)."""
    service = call.partition(".")[0]
    for name, status, document in _OF[service]:
        yield name, status, json.dumps(document).encode()
    for name, text in (("with escapes", POISON["escapes"]), ("of 40 kB", POISON["long"])):
        for status in (200, 400):
            yield f"{status} {name}", status, json.dumps(_in_form(service, text)).encode()


def _in_form(service: str, text: str) -> Any:
    return {
        "airlabs": {"error": {"message": text, "code": text}},
        "ip_api": {"status": "fail", "message": text, "query": text},
        "ipwhois": {"ip": text, "success": False, "message": text},
        "openweather": {"cod": text, "message": text},
        "open_meteo": {"error": True, "reason": text},
        "met_norway": text,
        "groq": {"error": {"message": text, "type": text, "code": text}},
    }[service]


def _airlabs() -> Iterator[tuple[str, int, Any]]:
    echo = {"key": {"api_key": airlabs.KEY}, "client": {"ip": airlabs.CALLER_IP}}
    for code, status in airlabs.STATUSES.items():
        document = {"error": {"message": airlabs.MESSAGES.get(code, "Wrong."), "code": code}}
        yield f"{code}, 200", 200, document
        yield f"{code}, {status}", status, {**document, "request": echo, "terms": "x"}
    yield "a text", 200, {"error": "Something went wrong"}
    yield "null", 200, {"error": None}
    yield "null beside an answer", 200, {"error": None, "response": []}
    yield "a list", 200, {"error": [1, 2]}
    yield "a number", 200, {"error": {"message": 5, "code": 401}}
    yield "no code", 200, {"error": {"message": f"Unknown api_key {airlabs.KEY}"}}
    yield "no answer", 200, {"request": echo, "terms": "x"}


def _flat(rows: dict[str, tuple[int, Any]]) -> list[tuple[str, int, Any]]:
    return [(name, status, document) for name, (status, document) in rows.items()]


_FAIL: Final = {"status": "fail", "query": "10.0.0.1"}
_OF: Final[dict[str, list[tuple[str, int, Any]]]] = {
    "airlabs": list(_airlabs()),
    "ip_api": _flat({
        "private range": (200, {**_FAIL, "message": "private range"}),
        "reserved range": (200, {**_FAIL, "message": "reserved range"}),
        "invalid query": (200, {**_FAIL, "message": "invalid query"}),
        "no status": (200, {"message": "private range"}),
        "status alone": (200, {"status": "fail"}),
        "success and no place": (200, {"status": "success", "query": "8.8.8.8"}),
        "an unknown status": (200, {**_FAIL, "status": "perhaps"}),
        "a status of another type": (200, {**_FAIL, "status": 1}),
        "the middle of the ocean": (200, {"status": "success", "lat": 0, "lon": 0, "city": "", "timezone": ""}),
        "off the globe": (200, {"status": "success", "lat": 1000, "lon": -2000, "city": "X", "timezone": "X/Y"}),
    }),
    "ipwhois": _flat({
        "reserved": (200, {"ip": "127.0.0.1", "success": False, "message": "Reserved range"}),
        "invalid": (200, {"ip": "x", "success": False, "message": "Invalid IP address"}),
        "limit": (429, {"success": False, "message": "You've hit the monthly limit"}),
        "limit, 200": (200, {"success": False, "message": "You've hit the monthly limit"}),
        "limit, 403": (403, {"success": False, "message": "You've hit the monthly limit"}),
        "no success": (200, {"ip": "8.8.8.8", "latitude": 1, "longitude": 2}),
        "success as a text": (200, {"ip": "8.8.8.8", "success": "true"}),
        "a zone as a text": (200, {"success": True, "city": "X", "latitude": 1, "longitude": 2, "timezone": "UTC"}),
        "off the globe": (200, {"success": True, "city": "X", "latitude": 91, "longitude": 1e9}),
    }),
    "openweather": _flat({
        "invalid key": (401, {"cod": 401, "message": openweather.INVALID_KEY}),
        "invalid key as a text": (401, {"cod": "401", "message": openweather.INVALID_KEY}),
        "not found": (404, {"cod": "404", "message": "city not found"}),
        "not found as a number": (404, {"cod": 404, "message": "city not found"}),
        "no position": (400, {"cod": "400", "message": "Nothing to geocode"}),
        "blocked": (429, {"cod": 429, "message": openweather.BLOCKED}),
        "an error with 200": (200, {"cod": "404", "message": "city not found"}),
        "no slots": (200, {"cod": "200", "message": 0, "cnt": 0, "list": [], "city": {"timezone": 0}}),
        "no city": (200, {"cod": "200", "message": 0, "cnt": 1, "list": [{"dt": 1795305600, "main": {"temp": 20}}]}),
        "the key in the words": (400, {"cod": "400", "message": f"bad appid={openweather.KEY}"}),
    }),
    "open_meteo": _flat({
        **{f"over the {span}": (429, {"error": True, "reason": text}) for span, text in open_meteo.EXCEEDED.items()},
        "too many at once": (429, {"error": True, "reason": open_meteo.TOO_MANY}),
        "too much": (400, {"error": True, "reason": open_meteo.TOO_MUCH}),
        "no data": (400, {"error": True, "reason": "No data is available for this location"}),
        "overloaded": (503, {"error": True, "reason": "The service is overloaded"}),
        "an error with 200": (200, {"error": True, "reason": "Invalid timezone"}),
        "too few places": (200, [{"latitude": 1, "longitude": 1, "daily": {"time": []}}]),
        "too many places": (200, [{"daily": {"time": ["2026-11-23"], "temperature_2m_max": [1.0]}}] * 50),
        "lists of other lengths": (200, {"daily": {"time": ["2026-11-23"], "temperature_2m_max": [1, 2, 3]}}),
        "days twice": (200, {"daily": {"time": ["2026-11-23"] * 2, "temperature_2m_max": [1, 2]}}),
    }),
    "met_norway": _flat({
        "forbidden": (403, "Forbidden"), "outside": (422, "Outside the coverage"), "throttled": (429, "Throttled"),
        "an error with 200": (200, "Sorry"), "deprecated and empty": (203, {}),
        "no times": (200, {"type": "Feature", "properties": {"timeseries": []}}),
        "times in disorder": (200, {"properties": {"timeseries": [
            {"time": time, "data": {"instant": {"details": {"air_temperature": 5}}}}
            for time in ("2026-11-25T00:00:00Z", "2026-11-23T00:00:00Z", "yesterday", "2026-13-45T99:00:00Z")]}}),
        "not modified": (304, {}),
    }),
    "groq": _flat({
        "invalid key": (401, {"error": {"message": "Invalid API Key", "code": "invalid_api_key"}}),
        "flat": (401, {"message": "Wrong API Key", "type": "x", "param": None, "code": "wrong_api_key"}),
        "a text": (500, {"error": "broken"}), "an integer": (503, {"error": {"code": 503, "message": "Loading model"}}),
        "null": (200, {"object": "list", "data": None}), "names of other types": (200, {"data": [{"id": 5}, 7, None]}),
        "no names": (200, {"data": [{}]}), "10,000 models": (200, {"data": [{"id": f"m{n}"} for n in range(10_000)]}),
        "a list": (200, [{"id": "m"}]), "a long name": (200, {"data": [{"id": "m" * 100_000}]}),
    }),
}  # fmt: skip
