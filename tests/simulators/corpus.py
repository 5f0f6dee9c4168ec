"""Hostile answers to a JSON call: what comes when a service, a proxy or somebody between them goes wrong.

``corpus_for("airlabs.routes")`` gives every case for that call (names: ``samples.CALLS``), each with a ``fault`` to be
made once for each request that meets it: ``sim.faults.always(case.fault(), match="routes")``. Whatever comes, a client
gives a typed failure or a result: no crash, no hang, no memory without bound, nothing of ``POISON`` shown as it is.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from tests.simulators.corpus_errors import documented_errors
from tests.simulators.corpus_fields import mutations
from tests.simulators.faults import MEGABYTE, Fault, endless, filled
from tests.simulators.samples import sample_body

GIGABYTE: Final = 1 << 30
HTML: Final = (
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body onload='x()'>Sign in to Wi-Fi</body></html>"
)


@dataclass(frozen=True, eq=False)
class Hostile:
    """``slow``: it may take until a client's time-out. ``heavy``: much data may be sent."""

    name: str
    make: Callable[[], Fault]
    slow: bool = False
    heavy: bool = False

    def fault(self) -> Fault:
        """A new one: bodies that are streams can be sent but once."""
        return self.make()

    def __str__(self) -> str:
        return self.name


@cache
def corpus_for(name: str, *, fields: bool = True) -> tuple[Hostile, ...]:
    """Every case for a call, in a fixed order and with names of their own: about 140 (``fields``: 300 to 1,100)."""
    valid = sample_body(name)
    cases = [
        *_bodies(valid),
        *_cut(valid),
        *_wire(valid),
        *_statuses(),
        *(_body(f"error: {label}", body, status) for label, status, body in documented_errors(name)),
    ]
    if fields:
        cases += [_body(f"field: {label}", body) for label, body in mutations(trimmed(json.loads(valid)))]
    assert len({case.name for case in cases}) == len(cases)
    return tuple(cases)


def trimmed(valid: Any) -> Any:
    """Without what AirLabs says of the request, but for the members that a client may look at."""
    if isinstance(valid, dict) and "request" in valid:
        said = valid["request"]
        key = {name: said["key"][name] for name in ("api_key", "type", "limits_by_month", "limits_total")}
        valid["request"] = {"key": key, "client": {"ip": said["client"]["ip"]}, "has_more": said.get("has_more")}
    return valid


def _body(name: str, body: bytes | str, status: int = 200, **more: Any) -> Hostile:
    return Hostile(name, partial(Fault, status=status, body=body, **more))


def _bodies(valid: bytes) -> Iterator[Hostile]:
    """Whole bodies, honest on the wire, that aren't what was asked for."""
    text = valid.decode()
    single: dict[str, bytes | str] = {
        "empty": b"", "spaces": b" \r\n\t ", "null": b"null", "true": b"true", "zero": b"0", "a text": b'"ok"',
        "empty object": b"{}", "empty array": b"[]", "array in array": b"[[]]", "array of null": b"[null,null]",
        "array of numbers": b"[1,2,3]", "object of null": b'{"response":null,"list":null,"daily":null}',
        "the answer in an array": b"[" + valid + b"]", "the answer in an object": b'{"data":' + valid + b"}",
        "the answer as a text": json.dumps(text), "twice": valid + valid, "two lines": valid + b"\n" + valid,
        "garbage after": valid + b" trailing", "garbage before": b")]}',\n" + valid,
        "a byte order mark": b"\xef\xbb\xbf" + valid, "utf-16": text.encode("utf-16"),
        "latin-1": b'{"city":"Z\xfcrich"}',
        "half a character": valid[:-1] + b',"x":"\xe6\x9d"}', "random bytes": bytes(range(256)) * 4,
        "a null byte": valid[:5] + b"\x00" + valid[5:], "single quotes": text.replace('"', "'"),
        "a trailing comma": text[:-1] + "," + text[-1], "comments": "// hello\n" + text, "jsonp": f"callback({text});",
        "not a number": b"NaN", "numbers without end": b'{"lat":Infinity,"lon":-Infinity,"a":NaN}',
        "1e999": b'{"lat":1e999,"lon":-1e999,"response":[1e999]}', "5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
        "100,000 brackets": b"[" * 100_000, "100,000 braces": b'{"a":' * 100_000,
        "100,000 brackets, closed": b"[" * 100_000 + b"]" * 100_000, "a lone surrogate": b'{"city":"\\ud800"}',
        "keys twice": text[:1] + text[1:-1] + "," + text[1:-1] + text[-1] if text[0] == "{" else b'{"a":1,"a":2}',
        "100,000 keys": json.dumps({str(key): key for key in range(100_000)}),
        "a key of a megabyte": b'{"' + b"k" * MEGABYTE + b'":1}',
        "html": HTML, "xml": '<?xml version="1.0"?><response><error>no</error></response>', "plain text": "OK",
        "php": "<br />\n<b>Warning</b>: Undefined index in <b>/srv/api.php</b>\n" + text,
        "a stack trace": 'Traceback (most recent call last):\n  File "x.py", line 1\nKeyError: 1',
    }  # fmt: skip
    for name, body in single.items():
        yield _body(f"body: {name}", body)
    yield _body("type: html", HTML, content_type="text/html; charset=utf-8")
    yield _body("type: the answer as an image", valid, content_type="image/png")
    yield _body("type: the answer in utf-16, it says", valid, content_type="application/json; charset=utf-16")
    yield _body("type: no such charset", valid, content_type="application/json; charset=klingon")
    yield _body("type: none", valid, content_type="")
    yield _body("type: an event stream", valid, content_type="text/event-stream")


def _cut(valid: bytes) -> Iterator[Hostile]:
    for share in (1, 25, 50, 75, 99):
        at = max(1, len(valid) * share // 100)
        yield _body(f"truncated: whole on the wire, {share} %", valid[:at])
        yield Hostile(f"truncated: closed at {share} %", partial(Fault, cut_at=at))
    yield Hostile("truncated: closed before the body", partial(Fault, cut_at=0))
    yield Hostile("truncated: closed in a chunk", partial(Fault, cut_at=len(valid) // 2, chunks=97))
    yield Hostile("truncated: reset before any byte", partial(Fault, reset=True))
    yield Hostile("truncated: reset in the middle", partial(Fault, reset=True, cut_at=len(valid) // 2))
    yield Hostile("truncated: an error in text follows", partial(Fault, cut_at=len(valid) // 2, tail=b"Internal error"))


def _wire(valid: bytes) -> Iterator[Hostile]:
    """What the transport does wrong, and too much of a good thing."""
    lengths: dict[str, int | str] = {"too short": 5, "too long": len(valid) + 500, "negative": -1, "no number": "many"}
    for name, said in lengths.items():
        yield Hostile(f"length: {name}", partial(Fault, content_length=said), slow=name == "too long")
    yield Hostile("gzip: honest", partial(Fault, gzip=True))
    yield Hostile("gzip: a bomb of 1 GB", partial(Fault, gzip_bomb=GIGABYTE), heavy=True)
    yield Hostile("gzip: a bomb of 20 MB", partial(Fault, gzip_bomb=20 * MEGABYTE), heavy=True)
    yield _body("gzip: it isn't", valid, headers={"Content-Encoding": "gzip"})
    yield _body("gzip: half of it", gzip.compress(valid)[:-12], headers={"Content-Encoding": "gzip"})
    yield _body("gzip: twice", gzip.compress(gzip.compress(valid)), headers={"Content-Encoding": "gzip, gzip"})
    yield _body("encoding: nobody knows it", valid, headers={"Content-Encoding": "klingon"})
    yield Hostile("big: 50 MB of text", lambda: Fault(body=filled(50 * MEGABYTE, b"x", b'{"a":"', b'"}')), heavy=True)
    yield Hostile("big: 50 MB of spaces", lambda: Fault(body=filled(50 * MEGABYTE, after=valid)), heavy=True)
    yield Hostile("big: without end", lambda: Fault(body=endless(b'{"a":[1,2,3]},' * 1000)), heavy=True)
    yield Hostile("slow: never", partial(Fault, never=True), slow=True)
    yield Hostile("slow: headers and no body", partial(Fault, body_delay_s=60), slow=True)
    yield Hostile("slow: a byte now and then", partial(Fault, drip_s=0.4), slow=True)
    yield Hostile("pieces: of one byte", partial(Fault, chunks=1))
    yield _body("header: of 8 kB", valid, headers={"X-Long": "a" * 8000})
    yield _body("header: with escapes", valid, headers={"X-Trick": "\x1b]52;c;b3duZWQ=\x07"})
    yield _body("header: a thousand of them", valid, headers={f"X-{number}": "a" for number in range(1000)})


def _statuses() -> Iterator[Hostile]:
    for status in (
        204,
        400,
        401,
        402,
        403,
        404,
        405,
        408,
        410,
        413,
        418,
        422,
        429,
        451,
        498,
        500,
        501,
        502,
        503,
        504,
        599,
    ):
        yield Hostile(f"status: {status}", partial(Fault, status=status))
    for status in (301, 302, 307, 308):
        yield _body(f"status: {status} to elsewhere", b"", status, headers={"Location": "http://evil.example/steal"})
    for status in (429, 503):
        for wait in ("0", "1", "3600", "-5", "soon", "Wed, 21 Oct 2036 07:28:00 GMT", "9" * 400):
            yield _body(f"status: {status}, wait {wait[:12]}", b"{}", status, headers={"Retry-After": wait})
    yield _body("status: 502 in html", HTML, 502, content_type="text/html")
    yield _body("status: 500 with an empty body", b"", 500)
    yield _body("status: 404 with nested brackets", b"[" * 100_000, 404)
    yield Hostile("status: 500 with 50 MB", lambda: Fault(status=500, body=filled(50 * MEGABYTE, b"x")), heavy=True)
