"""Bodies that no service should send: each ends as a typed failure or a value, in bounded time and memory."""

import contextlib
import gzip
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.upstream import Undecodable, Upstream, UpstreamError, decode_json
from shared.text import clean
from tests.backend.upstream.service import Service, soon
from tests.simulators.faults import MEGABYTE, Fault, filled

NO_JSON: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "it is empty"),
    ("blank", b" \r\n\t", "it is empty"),
    ("html", b"<!doctype html><title>502</title>", "it is HTML"),
    ("text", b"Service unavailable", "it isn't JSON"),
    ("cut", b'{"a": [1, 2', "it isn't JSON"),
    ("cut in a string", b'{"a": "b', "it isn't JSON"),
    ("two values", b"{}{}", "it isn't JSON"),
    ("text after it", b'{"a":1}Unexpected error while streaming data', "it isn't JSON"),
    ("NaN", b'{"a": NaN}', "NaN"),
    ("Infinity", b"[Infinity]", "Infinity"),
    ("minus Infinity", b"-Infinity", "-Infinity"),
    ("beyond every float", b"[1e999]", "too large"),
    ("thousands of digits", b"[" + b"9" * 5000 + b"]", "too large"),
    ("deep lists", b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    ("deep objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    ("rather deep", b"[" * 70 + b"]" * 70, "nested too deeply"),
    ("binary", bytes(range(256)), "it isn't JSON"),
    ("UTF-16", '{"a": 1}'.encode("utf-16"), "it isn't JSON"),
    ("hexadecimal", b"[0x10]", "it isn't JSON"),
    ("single quotes", b"{'a': 1}", "it isn't JSON"),
    ("comma at the end", b"[1,]", "it isn't JSON"),
]

JSON: list[tuple[str, bytes, Any]] = [
    ("BOM", b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    ("invalid UTF-8", b'["\xff\xfe"]', ["\ufffd\ufffd"]),
    ("lone surrogate", b'["\\ud800x"]', ["\ufffdx"]),
    ("surrogate key", b'{"\\udfff": 1}', {"\ufffd": 1}),
    ("pair", b'["\\ud83d\\ude00"]', ["\U0001f600"]),
    ("NUL", b'["a\\u0000b"]', ["ab"]),
    ("raw control", b'["a\x1b[31mb"]', ["ab"]),
    ("bidi", '["\u202eabc"]'.encode(), ["abc"]),
    ("same key twice", b'{"a": 1, "a": 2}', {"a": 2}),
    ("beyond 64 bits", b"[18446744073709551617]", [18446744073709551616.0]),
    ("64 bits", b"[900719925474099123]", [900719925474099123]),
    ("small", b"[1e-999, -0.0]", [0.0, -0.0]),
    ("scalar", b"7", 7),
    ("null", b"null", None),
    ("long text", json.dumps("x" * 5000).encode(), clean("x" * 5000)),
]


@pytest.mark.parametrize(("body", "why"), [row[1:] for row in NO_JSON], ids=[row[0] for row in NO_JSON])
async def test_what_cannot_be_used_says_why(body: bytes, why: str, service: Service, upstream: Upstream) -> None:
    service.faults.next(body=body)
    with pytest.raises(UpstreamError, match="answered what can't be read") as told:
        await upstream.get_json("/x", deadline=soon())
    assert told.value.kind == "bad_payload"
    assert why in str(told.value)


@pytest.mark.parametrize(("body", "value"), [row[1:] for row in JSON], ids=[row[0] for row in JSON])
async def test_what_can_be_mended_is(body: bytes, value: Any, service: Service, upstream: Upstream) -> None:
    service.faults.next(body=body, content_type="text/plain")
    reply = await upstream.get_json("/x", deadline=soon())
    assert reply.data == value
    json.dumps(reply.data).encode()


@given(st.binary())
def test_any_bytes_decode_or_are_refused(body: bytes) -> None:
    with contextlib.suppress(Undecodable):
        json.dumps(decode_json(body), ensure_ascii=False).encode()


LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("abc é😀")


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", max_size=3), inner)))
def test_json_is_what_it_says(value: Any) -> None:
    assert decode_json(json.dumps(value).encode()) == value


HALF_A_GZIP = gzip.compress(b'{"a": 1}' * 99)[:-9]
TRANSFERS: list[tuple[str, Fault, str]] = [
    ("cut", Fault(cut_at=5), "truncated"),
    ("reset", Fault(cut_at=5, reset=True), "connect"),
    ("longer than it is", Fault(content_length=500), "truncated"),
    ("shorter than it is", Fault(content_length=4), "bad_payload"),
    ("no gzip", Fault(body=b"plain", headers={"Content-Encoding": "gzip"}), "bad_payload"),
    ("half a gzip", Fault(body=HALF_A_GZIP, headers={"Content-Encoding": "gzip"}), "truncated"),
    ("brotli", Fault(body=b"xx", headers={"Content-Encoding": "br"}), "bad_payload"),
    ("gzip in gzip", Fault(body=b"xx", headers={"Content-Encoding": "gzip, gzip"}), "bad_payload"),
    ("no length", Fault(content_length="many"), "truncated"),
    ("gzip bomb", Fault(gzip_bomb=1024 * MEGABYTE), "too_large"),
    ("50 MB", Fault(body=filled(50 * MEGABYTE)), "too_large"),
    ("50 MB, said so", Fault(body=filled(50 * MEGABYTE), content_length=50 * MEGABYTE), "too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "kind"), [row[1:] for row in TRANSFERS], ids=[row[0] for row in TRANSFERS])
async def test_a_transfer_that_goes_wrong_is_told_and_costs_little_memory(
    fault: Fault, kind: str, service: Service, upstream: Upstream
) -> None:
    service.faults.always(fault)
    tracemalloc.start()
    try:
        with pytest.raises(UpstreamError) as told:
            await upstream.get_json("/x", deadline=soon())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert told.value.kind == kind
    assert peak < 20 * MEGABYTE
    service.faults.clear()
    assert (await upstream.get_json("/after", deadline=soon())).data == {"good": True}


async def test_gzip_is_unpacked_however_it_is_cut(service: Service, upstream: Upstream) -> None:
    service.body = {"rows": ["some text that repeats"] * 2000}
    for fault in (Fault(gzip=True), Fault(gzip=True, chunks=1), Fault(chunks=7), Fault(gzip=True, chunks=[1, 9])):
        service.faults.next(fault)
        assert (await upstream.get_json("/x", deadline=soon(10))).data == service.body
