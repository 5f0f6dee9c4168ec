"""Streamed answers: as they come, bounded, and never repeated."""

import asyncio
import json
from typing import Any

import pytest

from backend.upstream import Upstream, UpstreamError, Upstreams
from tests.backend.upstream.service import KEY, FakeCall, Service, soon, spec_of
from tests.simulators.exchange import Answer
from tests.simulators.faults import Fault, endless

SSE = "text/event-stream"


async def collected(upstream: Upstream, **more: Any) -> list[str]:
    given = {"json": {"stream": True}, "deadline": soon(), **more}
    async with upstream.post_stream("/chat", **given) as stream:
        return [data async for data in stream]


async def test_the_data_of_each_event_comes_as_it_was_sent(service: Service, upstreams: Upstreams) -> None:
    upstream = upstreams.open(spec_of(service, key_param=None, key_header="Authorization", key_prefix="Bearer "))
    body = '\ufeffdata: {"a":\ndata: "é"}\n\n: beat\n\nid: 1\n\ndata: [DONE]\r\n\r\ndata: cut'
    for fault in (Fault(), Fault(chunks=1), Fault(gzip=True), Fault(gzip=True, chunks=2)):
        call = FakeCall()
        service.faults.next(fault)
        service.answers = [sse(body)]
        assert await collected(upstream, call=call) == ['{"a":\n"é"}', "[DONE]"]
        assert (call.status, call.bytes) == (200, len(body.encode()))
    seen = service.requests[0]
    assert (seen.method, seen.bearer, seen.headers["accept"]) == ("POST", KEY, SSE)
    assert json.loads(seen.body) == {"stream": True}


def sse(body: str) -> Answer:
    return Answer.of_text(body, content_type=SSE)


async def test_events_are_handed_on_while_the_rest_is_still_to_come(service: Service, upstream: Upstream) -> None:
    service.faults.next(body="data: one\n\ndata: two\n\n", chunks=[11, 11], chunk_delay_s=0.3, content_type=SSE)
    async with upstream.post_stream("/chat", json={}, deadline=soon()) as stream:
        events = stream.__aiter__()
        assert await anext(events) == "one"
        assert not service.requests[0].over.is_set()
        assert await anext(events) == "two"


async def test_a_secret_in_a_stream_is_none(service: Service, upstream: Upstream) -> None:
    service.faults.next(body=f'data: {{"error": "bad {KEY}"}}\n\n', content_type=SSE)
    assert await collected(upstream) == ['{"error": "bad (secret)"}']


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "http_4xx"), (401, "refused_key"), (429, "rate_limited"), (503, "http_5xx")]
)
async def test_an_error_is_told_before_the_block_begins(
    status: int, kind: str, service: Service, upstream: Upstream
) -> None:
    call = FakeCall()
    service.faults.next(status=status, body='{"error": {"code": "model_decommissioned"}}')
    with pytest.raises(UpstreamError) as told:
        await collected(upstream, call=call)
    assert (told.value.kind, told.value.status, call.status) == (kind, status, status)
    assert told.value.detail == {"error": {"code": "model_decommissioned"}}


async def test_who_knows_the_service_tells_its_errors(service: Service, upstream: Upstream) -> None:
    def classify(status: int, body: Any) -> UpstreamError | None:
        return UpstreamError("Thing", "bad_payload", f"the model is gone: {body['code']}", status=status)

    service.faults.next(status=404, body='{"code": "gone"}')
    with pytest.raises(UpstreamError, match="the model is gone: gone"):
        await collected(upstream, classify=classify)


BROKEN: list[tuple[str, Fault, str]] = [
    ("cut", Fault(body="data: a\n\n" * 9, cut_at=20, content_length=500), "truncated"),
    ("cut in chunks", Fault(body="data: a\n\n" * 9, chunks=9, cut_at=20), "truncated"),
    ("reset", Fault(body="data: a\n\n" * 9, chunks=9, cut_at=20, reset=True), "connect"),
    ("endless events", Fault(body=endless(b"data: " + b"x" * 1000 + b"\n\n")), "too_large"),
    ("an endless event", Fault(body=endless(b"data: " + b"x" * 1000 + b"\n")), "too_large"),
    ("an endless line", Fault(body=endless(b"x" * 1000)), "too_large"),
    ("endless beats", Fault(body=endless(b": beat\n\n" * 100)), "too_large"),
    ("silence", Fault(never=True), "timeout"),
    ("silence after a while", Fault(body="data: a\n\n" * 9, chunks=9, chunk_delay_s=30), "timeout"),
    ("drip", Fault(body="data: aaaaaaaaaaaaaaaaaaaaaaaa\n\n" * 99, drip_s=0.05), "timeout"),
]


@pytest.mark.parametrize(("fault", "kind"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
async def test_a_stream_that_goes_wrong_ends_in_time_and_size(
    fault: Fault, kind: str, service: Service, upstream: Upstream
) -> None:
    service.faults.next(fault)
    call = FakeCall()
    began = asyncio.get_running_loop().time()
    with pytest.raises(UpstreamError) as told:
        await collected(upstream, deadline=soon(0.8), max_bytes=300_000, call=call)
    assert told.value.kind == kind
    assert call.status == kind
    assert call.bytes < 400_000
    assert asyncio.get_running_loop().time() - began < 4
    service.asked.clear()
    assert (await upstream.get_json("/after", deadline=soon())).data == {"good": True}


async def test_what_the_block_itself_raises_is_not_the_services_fault(service: Service, upstream: Upstream) -> None:
    service.answers = [sse("data: a\n\n")] * 9
    for _ in range(9):
        with pytest.raises(KeyError):
            async with upstream.post_stream("/chat", json={}, deadline=soon()):
                raise KeyError("mine")
    assert upstream.state().circuit == "closed"
    assert (await upstream.get_json("/after", deadline=soon())).data == {"good": True}
