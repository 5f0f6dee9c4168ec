"""What is tried again, when, and how often in all."""

import time
from email.utils import formatdate
from typing import Any

import pytest

from backend.upstream import Upstream, UpstreamError, Upstreams
from backend.upstream.retrying import RetryBudget, retry_after, wait_before_retry
from tests.backend.upstream.service import FakeCall, Service, soon, spec_of

NOW = 1_795_000_000.0

WAITS: list[tuple[str | None, Any]] = [
    (None, None),
    ("3", 3.0),
    (" 0 ", 0.0),
    ("2.5", 2.5),
    ("-1", None),
    ("+3", None),
    ("soon", None),
    ("", None),
    ("1e3", None),
    ("٣", None),
    ("9" * 40, None),
    (formatdate(NOW + 7, usegmt=True), 7.0),
    (formatdate(NOW + 3600, usegmt=True), 3600.0),
    (formatdate(NOW - 7, usegmt=True), 0.0),
    ("Wed, 21 Oct 2099 07:28:00", pytest.approx(4096249680 - NOW)),
    ("Wed, 99 Oct 2099 07:28:00 GMT", None),
    ("Wed, 21 Oct 999999999999 07:28:00 GMT", None),
]


@pytest.mark.parametrize(("value", "seconds"), WAITS)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def failure(*, retryable: bool = True, retry_after_s: float | None = None) -> UpstreamError:
    return UpstreamError("Thing", "http_5xx", "bad", retryable=retryable, retry_after_s=retry_after_s)


@pytest.mark.parametrize(
    ("error", "retries", "left_s", "draw", "wait_s"),
    [
        (failure(), 0, 10, 0.0, 0.0),
        (failure(), 0, 10, 1.0, 0.2),
        (failure(), 1, 10, 0.5, 0.2),
        (failure(), 2, 10, 0.5, None),
        (failure(retryable=False), 0, 10, 0.5, None),
        (failure(retry_after_s=4.0), 0, 10, 0.5, 4.1),
        (failure(retry_after_s=5.0), 0, 10, 0.0, 5.0),
        (failure(retry_after_s=5.1), 0, 100, 0.0, None),
        (failure(retry_after_s=3600.0), 0, 9999, 0.0, None),
        (failure(retry_after_s=4.0), 0, 3, 0.5, None),
        (failure(), 0, 0, 1.0, None),
    ],
)
def test_the_wait_before_a_retry(
    error: UpstreamError, retries: int, left_s: float, draw: float, wait_s: float | None
) -> None:
    waited = wait_before_retry(error, retries, time.monotonic() + left_s, lambda: draw)
    assert waited == (None if wait_s is None else pytest.approx(wait_s))


def test_retries_add_at_most_a_fifth_to_the_calls() -> None:
    budget = RetryBudget()
    made = sum(budget.spend() for _ in range(100))
    assert made == 2  # what it starts with
    for _ in range(1000):
        budget.earn()
        made += budget.spend()
    assert made <= 0.2 * 1000 + 4


async def test_a_passing_fault_is_tried_again(service: Service, upstream: Upstream) -> None:
    call = FakeCall()
    service.faults.next(status=502)
    service.faults.next(reset=True)
    reply = await upstream.get_json("/x", deadline=soon(), call=call)
    assert (reply.data, reply.retries, call.retries) == ({"good": True}, 2, 2)
    assert len(service.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 500, 501])
async def test_what_would_fail_again_is_not(status: int, service: Service, upstream: Upstream) -> None:
    service.faults.always(status=status)
    with pytest.raises(UpstreamError) as told:
        await upstream.get_json("/x", deadline=soon())
    assert told.value.retries == 0
    assert len(service.requests) == 1


async def test_a_fault_that_stays_is_told_with_the_number_of_retries(service: Service, upstream: Upstream) -> None:
    call = FakeCall()
    service.faults.always(status=503)
    with pytest.raises(UpstreamError) as told:
        await upstream.get_json("/x", deadline=soon(), call=call)
    assert (told.value.retries, call.retries, call.status) == (2, 2, 503)
    assert len(service.requests) == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_short_wait_that_the_service_asks_for_is_granted(
    form: str, service: Service, upstream: Upstream
) -> None:
    # A date has whole seconds: two from now is between one and two.
    value = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
    service.faults.next(status=429, headers={"Retry-After": value})
    began = time.monotonic()
    assert (await upstream.get_json("/x", deadline=soon(10))).retries == 1
    assert time.monotonic() - began >= 0.95


async def test_a_long_wait_is_told_at_once_and_the_service_left_alone_for_it(
    service: Service, upstream: Upstream
) -> None:
    service.faults.always(status=503, headers={"Retry-After": "3600"})
    with pytest.raises(UpstreamError) as told:
        await upstream.get_json("/x", deadline=soon(9999))
    assert (told.value.retry_after_s, told.value.retries) == (3600.0, 0)
    with pytest.raises(UpstreamError, match="left alone for 60 min"):
        await upstream.get_json("/y", deadline=soon())
    assert len(service.requests) == 1


async def test_many_failing_calls_make_few_retries(service: Service, upstreams: Upstreams) -> None:
    upstream = upstreams.open(spec_of(service))
    service.faults.always(status=429)  # no reason for the circuit to open
    for number in range(30):
        with pytest.raises(UpstreamError):
            await upstream.get_json(f"/{number}", deadline=soon())
    assert 30 < len(service.requests) <= 30 + 0.2 * 30 + 3


async def test_a_post_is_never_repeated(service: Service, upstream: Upstream) -> None:
    service.faults.always(status=503)
    with pytest.raises(UpstreamError):
        async with upstream.post_stream("/x", json={}, deadline=soon()):
            raise AssertionError("not reached")
    assert len(service.requests) == 1
