"""Nothing takes longer than its deadline, whatever the other side does."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from backend.upstream import Upstream, UpstreamError, Upstreams
from backend.upstream.flights import Flights
from tests.backend.upstream.service import Service, soon, spec_of
from tests.simulators.faults import Fault, endless

SLOW: list[tuple[str, Fault]] = [
    ("silence", Fault(never=True)),
    ("late headers", Fault(delay_s=30)),
    ("late body", Fault(body_delay_s=30)),
    ("a byte now and then", Fault(drip_s=0.1)),
    ("a piece now and then", Fault(chunks=1, chunk_delay_s=0.1)),
    ("no end", Fault(body=endless(b" "), chunk_delay_s=0.05)),
]


@pytest.mark.parametrize("fault", [row[1] for row in SLOW], ids=[row[0] for row in SLOW])
async def test_a_slow_answer_ends_at_the_overall_deadline(fault: Fault, service: Service, upstream: Upstream) -> None:
    service.faults.always(fault)
    began = asyncio.get_running_loop().time()
    with pytest.raises(UpstreamError, match="Thing didn't answer in time") as told:
        await upstream.get_json("/x", deadline=soon(0.4))
    took = asyncio.get_running_loop().time() - began
    assert told.value.kind == "timeout"
    assert 0.3 < took < 2.0
    await asyncio.wait_for(service.requests[0].over.wait(), 5)  # our side of it is closed


async def test_silence_between_two_bytes_has_a_limit_of_its_own(service: Service, upstreams: Upstreams) -> None:
    upstream = upstreams.open(spec_of(service, read_s=0.2))
    service.faults.always(never=True)
    began = asyncio.get_running_loop().time()
    with pytest.raises(UpstreamError, match="didn't answer in time"):
        await upstream.get_json("/x", deadline=soon(20))
    assert asyncio.get_running_loop().time() - began < 5


async def test_waiting_for_our_own_turn_counts_too_and_is_no_fault_of_theirs(
    service: Service, upstreams: Upstreams
) -> None:
    upstream = upstreams.open(spec_of(service, concurrency=1))
    service.faults.next(never=True)
    first = asyncio.create_task(upstream.get_json("/long", deadline=soon(20)))
    await service.asked.wait()
    for number in range(4):
        with pytest.raises(UpstreamError, match="didn't answer in time"):
            await upstream.get_json(f"/x{number}", deadline=soon(0.05))
    assert upstream.state().circuit == "closed"
    assert len(service.requests) == 1
    first.cancel()
    await asyncio.wait({first})
    assert (await upstream.get_json("/after", deadline=soon())).data == {"good": True}


async def test_no_more_are_asked_at_once_than_allowed(service: Service, upstreams: Upstreams) -> None:
    upstream = upstreams.open(spec_of(service, concurrency=3))
    service.faults.always(delay_s=0.02)
    await asyncio.gather(*(upstream.get_json(f"/{number}", deadline=soon(20)) for number in range(20)))
    assert service.most_at_once == 3


async def test_a_refused_connection_is_told_at_once_and_once(upstreams: Upstreams) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    service: Any = type("Gone", (), {"url": f"http://127.0.0.1:{port}"})
    upstream = upstreams.open(spec_of(service))
    with pytest.raises(UpstreamError, match="Thing can't be reached: Connection refused") as told:
        await upstream.get_json("/x", deadline=soon())
    assert (told.value.kind, told.value.retries, told.value.code) == ("connect", 0, "connect")
    assert upstream.state().circuit == "open"  # a second try would cost time and teach nothing


async def test_a_name_that_does_not_exist_is_told(upstreams: Upstreams, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    service: Any = type("Nowhere", (), {"url": "http://nowhere.invalid"})
    with pytest.raises(UpstreamError, match="Thing can't be reached: Name or service not known") as told:
        await upstreams.open(spec_of(service)).get_json("/x", deadline=soon())
    assert told.value.kind == "connect"


async def test_who_speaks_no_tls_is_told(service: Service, upstreams: Upstreams) -> None:
    secure: Any = type("Secure", (), {"url": service.url.replace("http://", "https://")})
    with pytest.raises(UpstreamError, match=r"can't be reached|hung up|broke off"):
        await upstreams.open(spec_of(secure)).get_json("/x", deadline=soon())


async def test_a_deadline_that_has_passed_asks_nobody(service: Service, upstream: Upstream) -> None:
    with pytest.raises(UpstreamError, match="didn't answer in time"):
        await upstream.get_json("/x", deadline=soon(-1))


async def gathered(flights: Flights[int], count: int, start: Callable[[Any], Any]) -> list[Any]:
    return await asyncio.gather(*(flights.join("k", soon(), start) for _ in range(count)), return_exceptions=True)


async def test_who_asks_the_same_at_the_same_time_shares_one_answer(service: Service, upstream: Upstream) -> None:
    service.faults.always(delay_s=0.05)
    replies = await asyncio.gather(*(upstream.get_json("/x", deadline=soon()) for _ in range(10)))
    assert len({id(reply.data) for reply in replies}) == 1
    assert len(service.requests) == 1
    await upstream.get_json("/x", deadline=soon())
    assert len(service.requests) == 2


async def test_other_parameters_are_another_question(service: Service, upstream: Upstream) -> None:
    service.faults.always(delay_s=0.05)
    await asyncio.gather(*(upstream.get_json("/x", params=[("n", n % 2)], deadline=soon()) for n in range(10)))
    assert len(service.requests) == 2


async def test_a_failure_is_shared_too(service: Service, upstream: Upstream) -> None:
    service.faults.always(status=400, delay_s=0.05)
    asked = (upstream.get_json("/x", deadline=soon()) for _ in range(5))
    errors = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(error) for error in errors] == [UpstreamError] * 5
    assert len(service.requests) == 1


async def test_the_first_caller_may_leave_without_taking_the_answer_from_the_others(
    service: Service, upstream: Upstream
) -> None:
    service.faults.always(delay_s=0.1)
    first = asyncio.create_task(upstream.get_json("/x", deadline=soon()))
    await service.asked.wait()
    others = [asyncio.create_task(upstream.get_json("/x", deadline=soon())) for _ in range(3)]
    await asyncio.sleep(0)
    first.cancel()
    replies = await asyncio.gather(*others)
    assert [reply.data for reply in replies] == [{"good": True}] * 3
    assert first.cancelled()
    assert len(service.requests) == 1


async def test_a_caller_with_less_time_leaves_and_the_others_go_on(service: Service, upstream: Upstream) -> None:
    service.faults.always(delay_s=0.3)
    patient = asyncio.create_task(upstream.get_json("/x", deadline=soon()))
    await asyncio.sleep(0)
    with pytest.raises(UpstreamError, match="in time"):
        await upstream.get_json("/x", deadline=soon(0.05))
    assert (await patient).data == {"good": True}
    assert len(service.requests) == 1


async def test_when_the_last_caller_leaves_the_service_sees_it_go(service: Service, upstream: Upstream) -> None:
    service.faults.always(never=True)
    callers = [asyncio.create_task(upstream.get_json("/x", deadline=soon())) for _ in range(3)]
    await service.asked.wait()
    began = asyncio.get_running_loop().time()
    for caller in callers:
        caller.cancel()
    await asyncio.wait(callers)
    await asyncio.wait_for(service.requests[0].over.wait(), 5)
    assert service.requests[0].left
    assert asyncio.get_running_loop().time() - began < 1
    assert upstream.state().circuit == "closed"
