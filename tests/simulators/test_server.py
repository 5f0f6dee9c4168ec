"""The base of the simulators: every fault arrives as it was scripted."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.simulators.exchange import Answer, Seen
from tests.simulators.faults import Fault, endless, filled
from tests.simulators.server import Simulator

BODY = b'{"answer":"forty-two","more":"0123456789"}'


class Echo(Simulator):
    base = "/v1"

    async def answer(self, request: Seen) -> Answer:
        return Answer(200, BODY, {"Content-Type": "application/json"})


@pytest.fixture
async def sim() -> AsyncIterator[Echo]:
    async with Echo() as sim:
        yield sim


@pytest.fixture
async def client(sim: Echo) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sim.url, timeout=5, trust_env=False) as client:
        yield client


async def pieces(client: httpx.AsyncClient, got: list[bytes] | None = None) -> list[bytes]:
    got = [] if got is None else got
    async with client.stream("GET", "/x") as answer:
        async for piece in answer.aiter_raw():
            got.append(piece)
    return got


async def test_the_log_has_what_came_in(sim: Echo, client: httpx.AsyncClient) -> None:
    await client.post("/a/b?x=1&y=%C3%A9", headers={"Authorization": "Bearer k"}, json={"z": 2})
    (seen,) = sim.requests
    assert (seen.method, seen.path, seen.query, seen.json) == ("POST", "/a/b", {"x": "1", "y": "é"}, {"z": 2})
    assert (seen.bearer, seen.peer, seen.answered, seen.sent) == ("k", "127.0.0.1", 200, len(BODY))
    assert seen.at.tzinfo is not None
    assert not seen.left


async def test_what_is_not_below_the_base_is_not_there(sim: Echo, client: httpx.AsyncClient) -> None:
    for path in ("/x", "/v1x", "/"):
        assert (await client.get(sim.origin + path)).status_code == 404
    assert len(sim.refusals) == 3


async def test_connections_are_kept_and_counted(sim: Echo, client: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await client.get("/x")).content == BODY
    assert sim.most_at_once == 1
    sim.latency_s = 0.05
    await asyncio.gather(*(client.get("/x") for _ in range(4)))
    assert sim.most_at_once == 4


async def test_next_comes_before_always_and_both_may_be_matched(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.always(status=503)
    sim.faults.next(status=429, times=2)
    sim.faults.next()
    sim.faults.next(status=404, match="/there")
    statuses = [(await client.get(path)).status_code for path in ("/there", "/a", "/b", "/c", "/d")]
    assert statuses == [429, 429, 200, 503, 503]
    assert sim.faults.left == 1
    assert (await client.get("/there")).status_code == 404
    sim.faults.clear()
    assert (await client.get("/a")).status_code == 200


async def test_a_body_and_its_type_are_replaced(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.next(body="<html>sorry</html>", content_type="text/html", headers={"Retry-After": "7"})
    answer = await client.get("/x")
    assert answer.text == "<html>sorry</html>"
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("cut_at", [0, 1, 20, len(BODY) - 1])
@pytest.mark.parametrize("chunks", [None, 7])
async def test_a_body_is_cut(sim: Echo, client: httpx.AsyncClient, cut_at: int, chunks: int | None) -> None:
    sim.faults.next(cut_at=cut_at, chunks=chunks)
    got: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        await pieces(client, got)
    assert b"".join(got) == BODY[:cut_at]


async def test_a_cut_body_may_end_in_something_else(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.next(cut_at=5, tail=b"Unexpected error")
    assert (await client.get("/x")).content == BODY[:5] + b"Unexpected error"


async def test_resets(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.next(reset=True)
    with pytest.raises(httpx.ReadError):
        await client.get("/x")
    sim.faults.next(reset=True, cut_at=10)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await client.get("/x")
    assert (await client.get("/x")).content == BODY


async def test_never_answers_and_sees_the_client_leave(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.next(never=True)
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/x", timeout=0.1)
    await sim.requests[0].over.wait()
    assert sim.requests[0].left
    assert sim.requests[0].answered is None


async def test_delays(sim: Echo, client: httpx.AsyncClient) -> None:
    for fault in (Fault(delay_s=0.15), Fault(body_delay_s=0.15), Fault(chunks=21, chunk_delay_s=0.15)):
        sim.faults.next(fault)
        start = time.monotonic()
        await client.get("/x")
        assert time.monotonic() - start >= 0.14


async def test_pieces_are_as_asked_for(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.next(chunks=1)
    assert await pieces(client) == [bytes([byte]) for byte in BODY]
    sim.faults.next(chunks=[3, 5])
    assert await pieces(client) == [BODY[:3], BODY[3:8], BODY[8:]]
    sim.faults.next(drip_s=0.001)
    assert len(await pieces(client)) == len(BODY)


@pytest.mark.parametrize("said", [5, 500, "banana", -1])
async def test_a_wrong_length(sim: Echo, client: httpx.AsyncClient, said: int | str) -> None:
    sim.faults.next(content_length=said)
    try:
        answer = await client.get("/x")
    except httpx.RemoteProtocolError:
        assert said != 5
    else:
        assert answer.content == BODY[:5]


async def test_gzip(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.next(gzip=True)
    answer = await client.get("/x")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == BODY


@pytest.mark.parametrize("size", [0, 5_000, 3 * 1024 * 1024 + 17])
async def test_a_gzip_bomb_is_a_valid_stream(sim: Echo, client: httpx.AsyncClient, size: int) -> None:
    sim.faults.next(gzip_bomb=size)
    answer = await client.get("/x")
    assert answer.content == b" " * size
    assert sim.requests[0].sent < max(size / 300, 100)


async def test_big_and_endless_bodies_are_made_as_they_are_read(sim: Echo, client: httpx.AsyncClient) -> None:
    for body in (filled(50_000_000, b"x", b'{"a":"', b'"}'), endless(b"data: {}\n\n")):
        sim.faults.next(body=body)
        async with client.stream("GET", "/x") as answer:
            async for _ in answer.aiter_raw():
                break
        seen = sim.requests[-1]
        await seen.over.wait()
        assert seen.left
        assert seen.sent < 40_000_000


async def test_stopped_it_refuses_and_started_it_is_at_the_same_port(sim: Echo, client: httpx.AsyncClient) -> None:
    url = sim.url
    await sim.stop()
    with pytest.raises(httpx.ConnectError):
        await client.get("/x")
    await sim.start()
    assert sim.url == url
    assert (await client.get("/x")).content == BODY


async def test_a_defect_of_a_simulator_fails_the_test() -> None:
    class Defective(Simulator):
        async def answer(self, request: Seen) -> Answer:
            raise ZeroDivisionError

    async def used() -> None:
        async with Defective() as sim, httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(sim.url)

    with pytest.raises(ZeroDivisionError):
        await used()


async def test_other_protocols_are_hung_up_on(sim: Echo) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(sim.url.replace("http:", "https:"))


async def test_the_default_failure_is_plain(sim: Echo, client: httpx.AsyncClient) -> None:
    sim.faults.next(status=502)
    answer: Any = await client.get("/x")
    assert (answer.status_code, answer.text) == (502, "Bad Gateway")
    sim.faults.next(status=599)
    assert (await client.get("/x")).status_code == 599
