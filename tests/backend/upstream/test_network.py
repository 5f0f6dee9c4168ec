"""A network that isn't there costs little, once, and is told from a single host that is down."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from backend.upstream import Spec, Upstream, UpstreamError, Upstreams, open_upstreams
from backend.upstream.network import first_of
from backend.upstream.patience import NetworkDown, Patience
from backend.upstream.resolver import Resolver, is_near
from tests import without_network
from tests.backend.upstream.service import Clock, Service, soon, spec_of

TOTAL_S = 2.0
SLACK_S = 1.0  # of a busy machine


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port of loopback that drops every call: its backlog is full."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def upstream_at(upstreams: Upstreams, url: str) -> Upstream:
    return upstreams.open(Spec(id=url, name=f"The one at {url}", base_url=url))


async def kind_of(upstream: Upstream) -> str:
    try:
        await upstream.get_json("/x", deadline=soon(20))
    except UpstreamError as error:
        return error.kind
    return "answered"


async def test_hosts_that_drop_every_call_cost_two_seconds_in_all_and_later_nothing(upstreams: Upstreams) -> None:
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(deaf_port()) for _ in range(5)]
        deaf = [upstream_at(upstreams, f"http://127.0.0.1:{port}") for port in ports]
        began = time.monotonic()
        kinds = await asyncio.gather(*map(kind_of, deaf[:2]))
        kinds += [await kind_of(upstream) for upstream in deaf[2:]]
        first = time.monotonic() - began
        assert kinds == ["offline"] * 5
        assert 1.0 < first < TOTAL_S + SLACK_S
        again = [await kind_of(upstream) for upstream in deaf]
        assert again == ["offline"] * 5
        assert time.monotonic() - began - first < SLACK_S


async def test_one_host_that_is_deaf_is_not_taken_for_the_network(service: Service, upstreams: Upstreams) -> None:
    good = upstreams.open(spec_of(service))
    with deaf_port() as port:
        deaf = upstream_at(upstreams, f"http://127.0.0.1:{port}")
        began = time.monotonic()
        assert await kind_of(deaf) == "connect"
        assert time.monotonic() - began < TOTAL_S + SLACK_S
        assert service.requests == []  # it was only called, not asked
        assert await kind_of(good) == "answered"
        assert await kind_of(deaf) == "circuit_open"  # no second wait
        assert await kind_of(good) == "answered"


async def test_when_the_network_is_back_it_is_used(upstreams: Upstreams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.upstream.patience.PATIENCE_S", 0.2)
    monkeypatch.setattr("backend.upstream.patience.DOWN_S", 0.3)
    async with Service() as service:
        await service.stop()
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            deaf.bind(("127.0.0.1", service._port))
            deaf.listen(0)
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(deaf.getsockname())
            upstream = upstreams.open(spec_of(service))
            assert await kind_of(upstream) == "offline"
            assert await kind_of(upstream) == "offline"
        for filler in fillers:
            filler.close()
        await service.start()
        with pytest.raises(UpstreamError, match="there seems to be no network"):
            await upstream.get_json("/x", deadline=soon())
        await asyncio.sleep(0.35)
        assert await kind_of(upstream) == "answered"


@pytest.fixture
def hanging_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    end = threading.Event()

    def getaddrinfo(*_: Any, **__: Any) -> Any:
        end.wait(25)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    end.set()


@pytest.mark.usefixtures("hanging_resolver")
async def test_a_resolver_that_never_answers_costs_two_seconds_in_all() -> None:
    began = time.monotonic()
    async with open_upstreams() as upstreams:
        asked = [upstream_at(upstreams, f"https://{name}.example.org") for name in "abcd"]
        kinds = [await kind_of(upstream) for upstream in asked]
        assert kinds == ["offline"] * 4
        assert 1.0 < time.monotonic() - began < TOTAL_S + SLACK_S
        # Threads that nobody else's work needs: the loop's own are free.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 7), 5) == 7
    assert time.monotonic() - began < TOTAL_S + SLACK_S


@pytest.mark.usefixtures("hanging_resolver")
async def test_what_is_near_goes_on_without_the_world(service: Service, upstreams: Upstreams) -> None:
    far = upstream_at(upstreams, "https://far.example.org")
    near = upstreams.open(spec_of(service, base_url=service.url.replace("127.0.0.1", "localhost")))
    assert await kind_of(far) == "offline"
    assert await kind_of(near) == "answered"
    assert await kind_of(far) == "offline"


HOSTS = [
    ("localhost", True), ("127.0.0.1", True), ("::1", True), ("[::1]", True), ("192.168.1.5", True), ("10.0.0.1", True),
    ("8.8.8.8", False), ("2606:4700::1", False), ("example.org", False), ("localhost.example.org", False),
]  # fmt: skip


@pytest.mark.parametrize(("host", "near"), HOSTS)
def test_what_is_near(host: str, near: bool) -> None:
    assert is_near(host) is near


async def test_names_are_asked_for_once_at_a_time_and_their_addresses_take_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def getaddrinfo(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        six = [(socket.AF_INET6, 1, 6, "", (f"2001:db8::{number}", 0, 0, 0)) for number in (1, 2)]
        four = [(socket.AF_INET, 1, 6, "", (f"192.0.2.{number}", 0)) for number in (1, 2, 2)]
        return six + four

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver = Resolver()
    found = await asyncio.gather(*(resolver.resolve("example.org") for _ in range(5)))
    assert found == [("2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2")] * 5
    await resolver.resolve("example.org")
    assert asked == ["example.org"]
    assert await resolver.resolve("192.0.2.9") == ("192.0.2.9",)
    assert await resolver.resolve("[2001:db8::9]") == ("2001:db8::9",)
    assert await resolver.resolve("localhost") == ("127.0.0.1", "::1")


class Stream(httpcore.AsyncNetworkStream):
    def __init__(self, name: str, closed: list[str]) -> None:
        self.name, self._closed = name, closed

    async def aclose(self) -> None:
        self._closed.append(self.name)


async def dialled(*plan: tuple[str, float, bool]) -> tuple[str, list[str], list[str]]:
    """Dial hosts, each of which takes its time and succeeds or not: who won, who was begun, which were closed."""
    begun: list[str] = []
    closed: list[str] = []
    tasks: set[asyncio.Task[Any]] = set()

    def dial(name: str, after_s: float, succeeds: bool) -> Any:
        async def run() -> Stream:
            begun.append(name)
            try:
                await asyncio.sleep(after_s)
            except asyncio.CancelledError:
                if name != "stubborn":
                    raise
            if not succeeds:
                raise OSError(f"{name} failed")
            return Stream(name, closed)

        return run

    try:
        won = await first_of([dial(*one) for one in plan], lambda work: tasks.add(asyncio.create_task(work)))
    finally:
        for _ in range(5):
            await asyncio.sleep(0)
    assert isinstance(won, Stream)
    return won.name, begun, closed


async def test_the_first_address_that_answers_wins() -> None:
    assert await dialled(("a", 0, True), ("b", 0, True)) == ("a", ["a"], [])
    assert await dialled(("a", 0, False), ("b", 0, True)) == ("b", ["a", "b"], [])
    began = time.monotonic()
    assert await dialled(("a", 30, True), ("b", 0, True)) == ("b", ["a", "b"], [])
    assert await dialled(("stubborn", 30, True), ("b", 0, True)) == ("b", ["stubborn", "b"], ["stubborn"])
    assert time.monotonic() - began < 3
    with pytest.raises(OSError, match="a failed"):
        await dialled(("a", 0, False), ("b", 0, False))
    with pytest.raises(OSError, match="no address"):
        await first_of([], lambda work: None)


@contextlib.asynccontextmanager
async def spent(patience: Patience, clock: Clock, seconds: float) -> AsyncIterator[None]:
    async with patience.waiting():
        clock.now += seconds
        yield


async def test_time_is_spent_once_however_many_wait(clock: Clock) -> None:
    patience = Patience(lambda: None, clock)
    async with patience.waiting(), patience.waiting(), patience.waiting():
        clock.now += 1.0
    with pytest.raises(NetworkDown):
        async with patience.waiting():  # half a second is left
            await asyncio.sleep(5)
    assert patience.down_for_s == 60.0


async def test_an_outage_is_remembered_for_longer_each_time_and_forgotten_with_an_answer(clock: Clock) -> None:
    patience = Patience(lambda: None, clock)
    memories = []
    for _ in range(6):
        with pytest.raises(NetworkDown):
            async with spent(patience, clock, 2.0), patience.waiting():
                await asyncio.sleep(5)
        memories.append(patience.down_for_s)
        clock.now += patience.down_for_s
    assert memories == [60.0, 120.0, 120.0, 120.0, 120.0, 120.0]
    async with patience.waiting():
        patience.proven()
    assert patience.down_for_s == 0


async def test_who_asks_for_it_has_the_network_tried_again(clock: Clock) -> None:
    patience = Patience(lambda: None, clock)
    with pytest.raises(NetworkDown):
        async with spent(patience, clock, 2.0), patience.waiting():
            await asyncio.sleep(5)
    patience.renew()
    async with patience.waiting():
        await asyncio.sleep(0.01)


async def test_what_was_spent_long_ago_is_forgotten(clock: Clock) -> None:
    patience = Patience(lambda: None, clock)
    async with spent(patience, clock, 1.4):
        pass
    clock.now += 61
    async with patience.waiting():
        await asyncio.sleep(0.2)  # would be too long for what was left


NAMED, IPV4, IPV6 = "https://no-{n}.example.org", "http://203.0.113.{n}", "http://[2001:db8::{n}]"


@pytest.mark.needs("network namespaces")
@pytest.mark.parametrize(
    ("kind", "urls", "kinds"),
    [
        ("vanishing", [IPV4], {"offline"}),
        ("vanishing", [NAMED], {"offline"}),
        ("vanishing", [NAMED, IPV4, IPV6], {"offline", "connect"}),
        ("unreachable", [NAMED, IPV4], {"connect", "circuit_open"}),
        ("unreachable", ["http://127.0.0.1:{n}"], {"connect", "circuit_open"}),
    ],
    ids=["packets vanish", "the resolver never answers", "all of it", "unreachable", "refused"],
)
def test_no_network_costs_at_most_two_seconds_a_run_and_only_the_first(
    kind: without_network.Kind, urls: list[str], kinds: set[str], tmp_path: Path
) -> None:
    asked = [urls[number % len(urls)].format(n=number + 1) for number in range(6)]
    words = [sys.executable, "-m", "tests.backend.upstream.asks_without_network", *asked]
    done = subprocess.run(
        without_network.command(kind, tmp_path, words), capture_output=True, text=True, timeout=25, check=True
    )
    first, *others = json.loads(done.stdout)
    assert set(first["kinds"]) <= kinds
    assert first["seconds"] < TOTAL_S + SLACK_S / 2
    assert [run for run in others if run["seconds"] > SLACK_S / 2] == []
    assert float(done.stderr) < TOTAL_S + SLACK_S
