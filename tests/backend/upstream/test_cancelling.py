"""Cancelling is what people do here: it must leave no slot, no socket and no task behind (fault matrix, row 9)."""

import asyncio
import random
import ssl

import httpcore
import pytest

from backend.upstream import Upstream, UpstreamError, Upstreams
from backend.upstream.client import Client, _Pool
from tests.backend.upstream.service import Service, soon, spec_of
from tests.simulators.faults import Fault

CANCELS, QUIET = 1000, 50


async def pool_of(upstream: Upstream) -> _Pool:
    return (await upstream._exchange())._client._current


async def open_sockets(upstream: Upstream) -> int:
    """Connections of the pool that aren't resting."""
    return (await pool_of(upstream)).transport.busy


async def all_closed(service: Service) -> None:
    """Wait until the other side has seen every connection end."""
    await asyncio.wait_for(asyncio.gather(*service._connections, return_exceptions=True), 10)


@pytest.mark.slow
async def test_a_thousand_cancels_at_random_times_under_contention_leave_everything_in_order(
    service: Service, upstreams: Upstreams, caplog: pytest.LogCaptureFixture
) -> None:
    draw = random.Random(9)
    upstream = upstreams.open(spec_of(service, concurrency=5))
    for fault in (Fault(delay_s=0.004), Fault(), Fault(chunks=3, chunk_delay_s=0.002), Fault(body_delay_s=0.005)):
        service.faults.next(fault, times=CANCELS // 4)

    async def one(number: int) -> str:
        asked = asyncio.create_task(upstream.get_json(f"/{number}", deadline=soon(20)))
        await asyncio.sleep(draw.random() * 0.03)
        for _ in range(draw.choice((1, 1, 2, 3))):  # cancelled twice is what httpx has had trouble with
            asked.cancel()
            await asyncio.sleep(0)
        try:
            await asked
        except asyncio.CancelledError:
            return "cancelled"
        except UpstreamError as error:
            return error.kind
        return "answered"

    ended = []
    for wave in range(CANCELS // 50):
        ended += await asyncio.gather(*(one(wave * 50 + number) for number in range(50)))
    assert len(ended) == CANCELS
    assert ended.count("cancelled") > CANCELS // 2
    assert set(ended) <= {"cancelled", "answered"}

    service.faults.clear()
    quiet = await asyncio.gather(*(upstream.get_json(f"/quiet/{number}", deadline=soon(20)) for number in range(QUIET)))
    assert [reply.data for reply in quiet] == [{"good": True}] * QUIET
    assert upstream.state().circuit == "closed"
    assert await open_sockets(upstream) == 0
    assert service.most_at_once <= 5 * 4  # what is being closed may overlap with what is being opened
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    await upstreams.aclose()
    await all_closed(service)


async def test_streams_that_are_left_or_cancelled_leave_everything_in_order(
    service: Service, upstreams: Upstreams
) -> None:
    draw = random.Random(10)
    upstream = upstreams.open(spec_of(service, concurrency=5))
    service.faults.always(body="data: a\n\n" * 50, chunks=9, chunk_delay_s=0.002, content_type="text/event-stream")

    async def one() -> None:
        async with upstream.post_stream("/x", json={}, deadline=soon(20)) as stream:
            async for _ in stream:
                if draw.random() < 0.05:
                    return

    for _ in range(8):
        tasks = [asyncio.create_task(one()) for _ in range(20)]
        await asyncio.sleep(draw.random() * 0.03)
        for task in tasks[::2]:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in ended} <= {asyncio.CancelledError, type(None)}
    assert await open_sockets(upstream) == 0
    service.faults.clear()
    assert (await upstream.get_json("/after", deadline=soon())).data == {"good": True}
    await upstreams.aclose()
    await all_closed(service)


async def test_a_cancelled_call_is_gone_at_once_on_the_other_side(service: Service, upstream: Upstream) -> None:
    service.faults.always(never=True)
    loop = asyncio.get_running_loop()
    waits = []
    for number in range(20):
        service.asked.clear()
        asked = asyncio.create_task(upstream.get_json(f"/{number}", deadline=soon(20)))
        await service.asked.wait()
        began = loop.time()
        asked.cancel()
        await service.requests[-1].over.wait()
        waits.append(loop.time() - began)
    assert sorted(waits)[-2] < 0.25


async def test_a_pool_that_lost_a_slot_is_swapped(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(1, httpcore.AnyIOBackend(), ssl.create_default_context())
    async with client.use() as lost:
        response = await lost.send(lost.build_request("GET", service.url + "/x"), stream=True)
    # Never closed, as if it had been lost: its connection looks busy, and nobody uses it.
    assert client.swaps == 1
    assert "lost 1 slots" in caplog.text
    async with client.use() as renewed:
        assert renewed is not lost
        assert (await renewed.get(service.url + "/y")).status_code == 200
    assert client.swaps == 1
    await response.aclose()
    await client.aclose()


async def test_a_pool_without_a_free_connection_is_our_own_fault(
    service: Service, upstreams: Upstreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.upstream.client.SLOTS_PER_CALL", 1)
    monkeypatch.setattr("backend.upstream.exchange.POOL_S", 0.05)
    upstream = upstreams.open(spec_of(service, concurrency=1))
    service.faults.always(never=True)
    pool = await pool_of(upstream)
    stuck = asyncio.create_task(pool.client.get(service.url + "/stuck", timeout=20))
    await service.asked.wait()
    with pytest.raises(UpstreamError, match="Windowseat's own fault") as told:
        await upstream.get_json("/x", deadline=soon())
    assert told.value.kind == "pool"
    assert upstream.state().circuit == "closed"
    # The watch saw it, too: the next call has a new pool.
    service.faults.clear()
    assert (await upstream.get_json("/y", deadline=soon())).data == {"good": True}
    stuck.cancel()
    await asyncio.wait({stuck})
