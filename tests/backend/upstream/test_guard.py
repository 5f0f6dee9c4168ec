"""When an upstream is left alone, for how long, and when it gets another chance."""

import asyncio
import time

import pytest

from backend.upstream import Quota, Upstream, UpstreamError, Upstreams, Window
from backend.upstream.errors import Kind
from backend.upstream.guard import OPEN_MAX_S, OPEN_S, Guard, in_words
from tests.backend.upstream.service import Clock, Service, soon, spec_of


def failure(kind: Kind = "http_5xx", *, retry_after_s: float | None = None) -> UpstreamError:
    return UpstreamError("Thing", kind, f"it was {kind}", retry_after_s=retry_after_s, retryable=kind == "connect")


async def refusal(guard: Guard) -> UpstreamError:
    with pytest.raises(UpstreamError) as told:
        await guard.admit(1.0, soon())
    assert told.value.unasked
    return told.value


async def failing(guard: Guard, error: UpstreamError, times: int = 1) -> None:
    for _ in range(times):
        await guard.admit(1.0, soon())
        guard.failed(error)


async def test_the_circuit_opens_after_failures_in_a_row_and_closes_after_a_success(clock: Clock) -> None:
    guard = Guard("Thing", clock=clock)
    await failing(guard, failure(), 2)
    await guard.admit(1.0, soon())
    guard.succeeded()
    await failing(guard, failure(), 3)
    before: str = guard.circuit
    assert before == "open"
    error = await refusal(guard)
    assert (error.kind, error.retry_after_s) == ("circuit_open", OPEN_S)
    clock.now += OPEN_S
    circuit: str = guard.circuit
    assert circuit == "half_open"
    await guard.admit(1.0, soon())
    assert (await refusal(guard)).kind == "circuit_open"  # one trial at a time
    guard.succeeded()
    assert guard.circuit == "closed"
    await guard.admit(1.0, soon())


async def test_each_failed_trial_doubles_the_pause_up_to_a_limit(clock: Clock) -> None:
    guard = Guard("Thing", clock=clock)
    await failing(guard, failure(), 3)
    pauses = []
    for _ in range(7):
        assert guard.paused_s is not None
        pauses.append(guard.paused_s)
        clock.now += guard.paused_s
        await failing(guard, failure())
    assert pauses == [15.0, 30.0, 60.0, 120.0, 240.0, OPEN_MAX_S, OPEN_MAX_S]


async def test_a_trial_whose_caller_leaves_is_none(clock: Clock) -> None:
    guard = Guard("Thing", clock=clock)
    await failing(guard, failure(), 3)
    clock.now += OPEN_S
    await guard.admit(1.0, soon())
    guard.gave_up()
    await guard.admit(1.0, soon())


async def test_failures_of_calls_under_way_when_it_opens_do_not_lengthen_it(clock: Clock) -> None:
    guard = Guard("Thing", clock=clock)
    for _ in range(10):
        await guard.admit(1.0, soon())
    for _ in range(10):
        guard.failed(failure())
    assert guard.paused_s == OPEN_S


@pytest.mark.parametrize("kind", ["http_4xx", "rate_limited", "pool", "offline", "budget"])
async def test_what_is_not_their_fault_opens_nothing(kind: Kind, clock: Clock) -> None:
    guard = Guard("Thing", clock=clock)
    await failing(guard, failure(kind), 20)
    assert guard.circuit == "closed"


async def test_a_refused_key_is_not_shown_again_for_a_minute(clock: Clock) -> None:
    guard = Guard("Thing", clock=clock)
    await failing(guard, failure("refused_key"))
    for _ in range(5):
        error = await refusal(guard)
        guard.failed(error)  # as the caller passes it on: that must not lengthen it
    assert (error.kind, str(error)) == ("refused_key", "it was refused_key; it is left alone for 60 s")
    clock.now += 60
    await guard.admit(1.0, soon())


@pytest.mark.parametrize(
    ("quota", "pause_s"),
    [
        (Quota(left=0, resets_in_s=40.0), 40.0),
        (Quota(left=0), 3600.0),
        (Quota(left=-3, resets_in_s=1e9), 86400.0),
        (Quota(left=1, resets_in_s=40.0), None),
    ],
)
async def test_a_quota_that_is_used_up_pauses(quota: Quota, pause_s: float | None, clock: Clock) -> None:
    guard = Guard("Thing", clock=clock)
    guard.note(quota)
    assert guard.paused_s == pause_s
    if pause_s is not None:
        assert (await refusal(guard)).kind == "quota"


async def test_a_window_is_full_by_weight_and_empties(clock: Clock) -> None:
    guard = Guard("Thing", [Window(10, 60.0)], clock)
    await guard.admit(4.0, soon())
    clock.now += 20
    await guard.admit(6.0, soon())
    error = await refusal(guard)
    assert (error.kind, error.retry_after_s) == ("budget", 40.0)
    clock.now += 40
    await guard.admit(4.0, soon())
    assert (await refusal(guard)).retry_after_s == 20.0
    clock.now += 60
    await guard.admit(25.0, soon())  # heavier than the window: it must pass some time


async def test_every_window_counts(clock: Clock) -> None:
    guard = Guard("Thing", [Window(2, 1.0), Window(3, 3600.0)], clock)
    for _ in range(3):
        await guard.admit(1.0, soon())
        clock.now += 1
    assert (await refusal(guard)).retry_after_s == 3597.0


async def test_a_short_wait_for_a_window_is_waited() -> None:
    guard = Guard("Thing", [Window(2, 0.2)])
    began = time.monotonic()
    for _ in range(5):
        await guard.admit(1.0, soon())
    assert 0.35 < time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (5400, "2 h"), (86400, "24 h")]
)
def test_a_pause_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


async def test_a_service_that_fails_is_left_alone_and_then_tried_once(
    service: Service, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.upstream.guard.OPEN_S", 0.3)
    service.faults.always(status=500)
    for number in range(10):
        with pytest.raises(UpstreamError):
            await upstream.get_json(f"/{number}", deadline=soon())
    assert len(service.requests) == 3
    assert upstream.state().circuit == "open"
    service.faults.clear()
    service.faults.always(delay_s=0.05)
    await asyncio.sleep(0.3)
    asked = (upstream.get_json(f"/again/{number}", deadline=soon()) for number in range(10))
    ended = await asyncio.gather(*asked, return_exceptions=True)
    good = [one for one in ended if not isinstance(one, UpstreamError)]
    # As many as run at once were let through one by one, the rest after the first success.
    assert good
    assert upstream.state().circuit == "closed"
    assert upstream.state().last_error is None or "left alone" in (upstream.state().last_error or "")


async def test_silence_until_the_deadline_counts_as_failure(service: Service, upstream: Upstream) -> None:
    service.faults.always(never=True)
    for number in range(3):
        with pytest.raises(UpstreamError, match="in time"):
            await upstream.get_json(f"/{number}", deadline=soon(0.3))
    for _ in range(100):  # the loop's turns that closing takes
        await asyncio.sleep(0)
    with pytest.raises(UpstreamError, match="left alone"):
        await upstream.get_json("/x", deadline=soon())


async def test_the_windows_of_an_upstream_hold_on_the_wire(service: Service, upstreams: Upstreams) -> None:
    upstream = upstreams.open(spec_of(service, windows=(Window(5, 60.0),)))
    ended = await asyncio.gather(
        *(upstream.get_json(f"/{number}", deadline=soon()) for number in range(9)), return_exceptions=True
    )
    refused = [one for one in ended if isinstance(one, UpstreamError)]
    assert [one.kind for one in refused] == ["budget"] * 4
    assert len(service.requests) == 5
