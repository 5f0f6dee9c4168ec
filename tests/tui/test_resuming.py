"""The client over a network that breaks: cut after every byte, by FIN, RST and silence, again and again, and anew.

The checker is the same everywhere: what was received is the log, nothing lost, nothing twice, or the reader said that
it isn't finished.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import events as ev
from shared.view import EMPTY
from tests.fault_proxy import HEALTHY, Fault, FaultProxy
from tests.forgetful_server import Forgetful
from tests.plain_http import Asked, Problem
from tests.received import each
from tests.reference_server import ReferenceServer, Run
from tui.client import AssistClient
from tui.connection import Connection, Received, StreamCut, view_after

Begin = Callable[[AssistClient], AsyncGenerator[Received, None]]

CUTS: dict[str, Callable[[int], Fault]] = {
    "FIN": lambda size: Fault(cut=size),
    "RST": lambda size: Fault(reset=size),
    "stall": lambda size: Fault(stall=size),
}
_WORKERS = 32


def client(url: str, **options: object) -> AssistClient:
    return AssistClient(url, **{"pause_s": 0, "stall_s": 5, **options})  # type: ignore[arg-type]  # of a test


def asking(asker: AssistClient) -> AsyncGenerator[Received, None]:
    return each(asker.ask("somewhere hot"))


async def log_received(url: str, begin: Begin = asking, **options: object) -> list[bytes]:
    """The lines received, proven to be contiguous to the end."""
    async with client(url, **options) as asker:
        received = [one async for one in begin(asker)]
    numbers = [one.event.seq for one in received if not isinstance(one.event, ev.StreamSnapshot)]
    assert numbers == list(range(numbers[0], numbers[0] + len(received)))
    assert isinstance(received[-1].event, ev.RunFinished)
    return [one.data.encode() for one in received]


async def answer_size(server: ReferenceServer, begin: Begin) -> int:
    """How many bytes the whole answer has, headers included."""
    async with FaultProxy(server.url) as proxy:
        await log_received(proxy.url, begin)
        return proxy.passed[0]


def log_of(server: ReferenceServer, received: list[bytes]) -> list[bytes]:
    started = ev.decode_event(received[0])
    assert isinstance(started, ev.RunStarted)
    return server.runs[started.run].lines


async def cut_everywhere(server: ReferenceServer, kind: str, begin: Begin, **options: object) -> int:
    """Follow a run once for each byte that its answer can be cut after; how many those are."""
    size = await answer_size(server, begin)
    offsets = iter(range(size + 1))
    resumed = 0

    async def work() -> None:
        nonlocal resumed
        async with FaultProxy(server.url) as proxy:
            for offset in offsets:
                proxy.plan(CUTS[kind](offset), HEALTHY)
                before = proxy.connections
                received = await log_received(proxy.url, begin, **options)
                assert received == log_of(server, received), f"{kind} after {offset} bytes"
                resumed += proxy.connections > before + 1

    async with asyncio.TaskGroup() as group:
        for _ in range(_WORKERS):
            group.create_task(work())
    assert resumed > size - 40  # what is cut off after the last event isn't missed
    return size


class ShortRuns(ReferenceServer):
    """Few bytes, of one to four bytes a character, so that every one of them can be cut after."""

    def events(self, run: str, question: str) -> list[ev.KnownEvent]:
        plan = (ev.PlanStep(id="a", title="Ä"),)
        return [
            ev.RunStarted(
                seq=1,
                t=0,
                v=1,
                run=run,
                pipeline="p",
                title="¿?",
                question=question,
                started_at="",
                plan=plan,
                columns=(),
            ),
            ev.StepStarted(seq=2, t=0, step="a", attempt=1, say="Ça marche… 🛫"),
            ev.StepFinished(seq=3, t=1, step="a", attempt=1, status="ok", ms=1, say="☀ 25\u2028°"),
            ev.RunFinished(seq=4, t=1, status="ok", say="", ms=1, events=4),
        ]


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("kind", "chunked"), [("FIN", True), ("FIN", False), ("RST", True), ("stall", True)],
    ids=["FIN", "an end like any other", "RST", "stall"],
)  # fmt: skip
async def test_a_question_is_answered_whole_wherever_its_answer_is_cut(kind: str, chunked: bool) -> None:
    async with ShortRuns(chunked=chunked) as server:
        # A healthy connection may seem to stall on a busy machine: that is one more resume, and no other result.
        size = await cut_everywhere(server, kind, asking, stall_s=0.1 if kind == "stall" else 5)
        assert len(server.runs) == size + 2, "a question that was sent again is no second run"


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["FIN", "RST"])
async def test_a_replay_is_read_whole_wherever_it_is_cut(kind: str) -> None:
    async with ShortRuns() as server:
        run = server.start("hot")
        await cut_everywhere(server, kind, lambda asker: each(asker.attach(run.id)))


FAULTS = st.builds(lambda kind, size: CUTS[kind](size), st.sampled_from(["FIN", "RST"]), st.integers(0, 1500))


@settings(max_examples=40)
@given(st.lists(FAULTS | st.builds(Fault, slice=st.integers(1, 40), cut=st.integers(300, 900)), max_size=8))
def test_any_series_of_cuts_loses_nothing_and_doubles_nothing(faults: list[Fault]) -> None:
    async def follow() -> None:
        async with ReferenceServer() as server, FaultProxy(server.url, [*faults, HEALTHY]) as proxy:
            received = await log_received(proxy.url)
            assert received == log_of(server, received)
            assert len(server.runs) == 1

    asyncio.run(follow())


class LongRuns(ReferenceServer):
    """Runs of 200 events."""

    def events(self, run: str, question: str) -> list[ev.KnownEvent]:
        first, started, *_ = super().events(run, question)
        logs = [ev.StepLog(seq=seq, t=seq, step="wish", attempt=1, level="info", text="…") for seq in range(3, 200)]
        return [first, started, *logs, ev.RunFinished(seq=200, t=200, status="failed", say="", ms=200, events=200)]


@pytest.mark.parametrize("kind", ["FIN", "RST", "stall"])
async def test_fifty_cuts_in_one_run(kind: str) -> None:
    async with LongRuns() as server:
        faults = [CUTS[kind](1600), *(CUTS[kind](450 + number) for number in range(49))]
        async with FaultProxy(server.url, [*faults, HEALTHY]) as proxy:
            received = await log_received(proxy.url, stall_s=0.1 if kind == "stall" else 5)
            assert proxy.connections >= 51
        assert received == log_of(server, received)


async def test_a_connection_that_breaks_before_any_event_keeps_the_place_for_the_next() -> None:
    async with ReferenceServer() as server:
        headers_only = Fault(cut=260)
        async with FaultProxy(server.url, [Fault(cut=2000), *[headers_only] * 5, HEALTHY]) as proxy:
            received = await log_received(proxy.url)
        assert received == log_of(server, received)
    places = [asked.headers["last-event-id"] for asked in server.asked[1:]]
    assert len(places) == 6
    assert len(set(places)) == 1
    assert places[0].rpartition(".")[2] not in ("", "0")


@pytest.mark.parametrize("fault", [Fault(slice=1), Fault(slice=400, bandwidth=200_000),
                                   Fault(slice=500, latency_s=0.004, jitter_s=0.003)])  # fmt: skip
async def test_a_slow_connection_is_no_broken_one(fault: Fault) -> None:
    async with ReferenceServer() as server, FaultProxy(server.url, [fault]) as proxy:
        received = await log_received(proxy.url)
        assert received == log_of(server, received)
        assert proxy.connections == 1


async def test_a_run_under_way_is_taken_up_again_and_the_live_events_follow() -> None:
    said: list[Connection] = []
    again = asyncio.Event()

    def hear(connection: Connection) -> None:
        said.append(connection)
        if [one.state for one in said].count("connected") == 2:
            again.set()

    async with ReferenceServer() as server, FaultProxy(server.url) as proxy:
        async with client(proxy.url, on_connection=hear) as asker:
            stream = each(asker.ask("wait for it"))
            received = [await anext(stream) for _ in range(6)]
            proxy.drop_all()
            rest = asyncio.create_task(_rest(stream))
            await asyncio.wait_for(again.wait(), 10)
            server.release()
            received += await rest
        assert [one.data.encode() for one in received] == log_of(server, [received[0].data.encode()])
    assert [one.state for one in said] == ["connecting", "connected", "reconnecting", "connected", "ended"]
    assert {one.run for one in said[1:]} == set(server.runs)


async def _rest(stream: AsyncGenerator[Received, None]) -> list[Received]:
    return [received async for received in stream]


async def test_heartbeats_keep_a_quiet_stream_alive() -> None:
    said: list[Connection] = []
    async with (
        ReferenceServer(heartbeat_s=0.05) as server,
        client(server.url, stall_s=0.6, on_connection=said.append) as asker,
    ):
        stream = each(asker.ask("wait for it"))
        for _ in range(6):
            await anext(stream)
        task = asyncio.create_task(_rest(stream))
        _, pending = await asyncio.wait({task}, timeout=1.0)  # longer than the limit of a stall
        assert pending
        server.release()
        await task
    assert "reconnecting" not in [one.state for one in said]


@pytest.mark.parametrize("snapshots", [True, False])
async def test_a_place_that_the_server_no_longer_has_is_left_for_a_snapshot_or_a_replay(snapshots: bool) -> None:
    said: list[Connection] = []
    async with Forgetful() as server, FaultProxy(server.url, [Fault(cut=2000), HEALTHY]) as proxy:
        server.oldest, server.snapshots = 9, snapshots
        async with client(proxy.url, on_connection=said.append) as asker:
            received = [one async for one in each(asker.ask("hot"))]
        (run,) = server.runs.values()
    assert any("410" in one.why for one in said if one.state == "reconnecting")
    anew = next(place for place, one in enumerate(received) if isinstance(one.event, ev.StreamSnapshot))
    assert 0 < anew < len(run.lines)
    view = EMPTY
    for one in received:
        view = view_after(view, one)
    assert view == run.view()
    assert len(received) - anew - 1 == (0 if snapshots else len(run.lines))


async def test_a_snapshot_of_a_run_under_way_is_followed_by_what_comes_next() -> None:
    async with Forgetful() as server, FaultProxy(server.url, [Fault(cut=1500), HEALTHY]) as proxy:
        server.oldest = 9
        view = EMPTY
        async with client(proxy.url) as asker:
            async for one in each(asker.ask("wait for it")):
                view = view_after(view, one)
                if isinstance(one.event, ev.StreamSnapshot):
                    server.release()
        (run,) = server.runs.values()
        assert view == run.view()


async def test_a_server_that_has_neither_is_said_to_have_lost_the_run() -> None:
    class Gone(Forgetful):
        def cursor(self, asked: Asked, run: Run) -> int:
            if asked.method == "GET":
                raise Problem(410, "The log is gone.")
            return 0

    async with Gone() as server, FaultProxy(server.url, [Fault(cut=1500), HEALTHY]) as proxy:
        with pytest.raises(StreamCut, match=r"interrupted after event \d, and the run can't be resumed: .*410"):
            await log_received(proxy.url)


async def test_giving_up_costs_as_many_connections_as_it_says() -> None:
    async with ReferenceServer() as server, FaultProxy(server.url, [Fault(cut=2000), Fault(refuse=True)]) as proxy:
        with pytest.raises(StreamCut, match=r"interrupted after event \d; 7 attempts to resume the run failed"):
            await log_received(proxy.url, attempts=7)
        assert proxy.connections == 8


async def test_connections_that_last_a_while_are_not_counted_against_each_other() -> None:
    """A proxy that cuts whatever is silent for seconds is no reason to give up a run that is silent for minutes."""
    said: list[Connection] = []
    cuts = 8

    def hear(connection: Connection) -> None:
        said.append(connection)
        if connection.state == "connected" and len(said) <= 2 * cuts:
            asyncio.get_running_loop().call_later(0.1, proxy.drop_all)
        elif connection.state == "connected":
            server.release()

    async with (
        ReferenceServer() as server,
        FaultProxy(server.url) as proxy,
        client(proxy.url, attempts=2, settled_s=0.05, on_connection=hear) as asker,
    ):
        assert len([one async for one in each(asker.ask("wait for it"))]) == 10
    assert [one.attempt for one in said if one.state == "reconnecting"] == [1] * cuts
