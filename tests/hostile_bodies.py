"""What a service may answer instead of what it should: faults by name, and bent copies of real answers."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from tests.simulators.faults import Fault, filled

MEGABYTE = 1 << 20
ANSI = "\x1b]52;c;b3duZWQ=\x07\x1b[2J\x9b31m‮evil‬\x00"

# Bodies that are no answer of any service, with status 200.
BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "minus": b"-1",
    "text": b'"hello"',
    "empty list": b"[]",
    "empty object": b"{}",
    "list of nulls": b"[null, null]",
    "list of lists": b"[[[]]]",
    "html": b"<!doctype html><html><body><h1>It works!</h1></body></html>",
    "words": b"OK",
    "bom alone": b"\xef\xbb\xbf",
    "two documents": b"{} {}",
    "trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "unclosed": b'{"response": [{"a": 1',
    "unclosed text": b'{"response": "',
    "deep lists": b"[" * 100_000,
    "deep lists, closed": b"[" * 5_000 + b"]" * 5_000,
    "deep objects": b'{"a":' * 50_000,
    "not a number": b'{"response": NaN, "list": NaN, "daily": NaN, "properties": NaN}',
    "infinity": b'{"response": Infinity}',
    "minus infinity": b'{"response": -Infinity}',
    "beyond floats": b'{"response": 1e999}',
    "5000 digits": b'{"response": ' + b"9" * 5000 + b"}",
    "negative zero": b'{"response": -0.0}',
    "lone surrogate": b'{"response": "\\ud800", "list": "\\udfff"}',
    "invalid utf-8": b'{"response": "\xff\xfe\x80"}',
    "utf-16": '{"response": []}'.encode("utf-16"),
    "nul bytes": b'{"response": "\x00"}\x00\x00',
    "duplicate keys": b'{"response": [], "response": 5, "list": [], "list": "x"}',
    "escapes": json.dumps({"error": {"message": ANSI, "code": ANSI}, "reason": ANSI, "message": ANSI}).encode(),
    "error as text": b'{"error": "no"}',
    "error as true": b'{"error": true}',
    "error as list": b'{"error": [1, 2]}',
    "error as number": b'{"error": 42}',
    "error with code as object": b'{"error": {"code": {"a": 1}, "message": []}}',
    "payload is a number": b'{"response": 5, "list": 5, "daily": 5, "properties": 5}',
    "payload is a text": b'{"response": "x", "list": "x", "daily": "x", "properties": "x"}',
    "payload is true": b'{"response": true, "list": true, "daily": true, "properties": true}',
    "payload of numbers": b'{"response": [1, 2], "list": [1, 2], "properties": {"timeseries": [1, 2]}}',
    "payload of nulls": b'{"response": [null], "list": [null], "properties": {"timeseries": [null]}}',
    "payload of texts": b'{"response": ["a"], "list": ["a"], "properties": {"timeseries": ["a"]}}',
    "payload of empty objects": b'{"response": [{}], "list": [{}], "properties": {"timeseries": [{}]}}',
    "keys alone": b'{"response": {"airports": 1, "cities": 2}, "city": 3, "hourly": 4}',
    "a megabyte of zeros": b'{"response": [' + b"0," * 400_000 + b"0]}",
}  # fmt: skip

FAULTS: dict[str, Fault] = {
    **{name: Fault(body=body) for name, body in BODIES.items()},
    **{
        f"status {status}": Fault(status=status)
        for status in (400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 429, 500, 501, 502, 503, 504)
    },
    **{f"{status} with html": Fault(status=status, body="<html>no</html>") for status in (403, 500, 503)},
    **{f"status {status} of nobody": Fault(status=status, body=b"") for status in (299, 498, 520, 599)},
    **{f"{status} with null": Fault(status=status, body="null") for status in (404, 429, 502)},
    **{
        f"redirect {status}": Fault(status=status, body=b"", headers={"Location": "http://127.0.0.1:9/elsewhere"})
        for status in (301, 302, 303, 307, 308)
    },
    "204": Fault(status=204, body=b""),
    "304 unasked": Fault(status=304, body=b""),
    "429 for an hour": Fault(status=429, headers={"Retry-After": "3600"}),
    "429 until a date": Fault(status=429, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}),
    "503 for nonsense": Fault(status=503, headers={"Retry-After": "soon"}),
    "wrong type": Fault(content_type="image/png"),
    "no such charset": Fault(content_type="application/json; charset=klingon"),
    "reset": Fault(reset=True),
    "cut at once": Fault(cut_at=0),
    "cut after 1": Fault(cut_at=1),
    "cut after 200": Fault(cut_at=200),
    "cut and reset": Fault(cut_at=100, reset=True),
    "breaks off with words": Fault(cut_at=150, tail=b"Unexpected error while streaming data: timeoutReached"),
    "longer than it is": Fault(content_length=10_000_000),
    "shorter than it is": Fault(content_length=20),
    "length of nonsense": Fault(content_length="many"),
    "no gzip at all": Fault(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
    "an encoding of its own": Fault(body=b"??", headers={"Content-Encoding": "zstd"}),
    "gzip bomb of 1 GB": Fault(gzip_bomb=1024 * MEGABYTE),
    "50 MB": Fault(body=filled(50 * MEGABYTE, b" ", b"[", b"]")),
    "in single bytes": Fault(body=b'{"response": []}', chunks=1),
}  # fmt: skip
LARGE = ("gzip bomb of 1 GB", "50 MB", "a megabyte of zeros", "deep lists", "deep objects")
INSTEAD: tuple[Any, ...] = (None, True, -1, 1e300, "", ANSI, [], {}, ["x"], {"x": 1})


def bent(answer: Any, most: int = 4) -> Iterator[tuple[str, Any]]:
    """The answer with one part of it missing or of another type, for every part of it; of lists the first ``most``."""
    for path in _paths(answer, most):
        name = "/".join(map(str, path))
        without = copy.deepcopy(answer)
        holder = _at(without, path[:-1])
        del holder[path[-1]]
        yield f"{name} missing", without
        for number, value in enumerate(INSTEAD):
            changed = copy.deepcopy(answer)
            _at(changed, path[:-1])[path[-1]] = value
            yield f"{name} as {number}", changed


def _paths(value: Any, most: int, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value[:most]) if isinstance(value, list) else ()
    for key, part in inside:
        yield (*before, key)
        yield from _paths(part, most, (*before, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value
