import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from shared import events as ev
from tests.received import each
from tests.scripted_server import COLUMNS, CUT, PLAN, RUN, Script, ScriptedServer, a_run, frame
from tui.client import AssistClient
from tui.connection import Connection, NotReachable, ProtocolViolation, Received, Refused, StreamCut
from tui.following import AT_A_TIME_BYTES, Gathered

EVENTS = a_run()


def client(server: ScriptedServer, **options: object) -> AssistClient:
    return AssistClient(server.url, **{"pause_s": 0.01, "attempts": 3, **options})  # type: ignore[arg-type]  # of a test


async def received_by_asking(server: ScriptedServer) -> list[Received]:
    async with client(server) as asker:
        return [received async for received in each(asker.ask("somewhere hot"))]


def numbers(received: list[Received]) -> list[int]:
    return [one.event.seq for one in received if not isinstance(one.event, ev.StreamSnapshot)]


async def test_every_event_arrives_decoded_and_with_its_json_as_sent() -> None:
    async with ScriptedServer([EVENTS]) as server:
        received = await received_by_asking(server)
    assert [one.event for one in received] == EVENTS
    assert [one.data for one in received] == [ev.encode_event(event).decode() for event in EVENTS]


async def test_the_request_carries_question_pipeline_options_and_a_fresh_idempotency_key() -> None:
    async with ScriptedServer([EVENTS, EVENTS]) as server, client(server) as asker:
        for _ in range(2):
            [_ async for _ in each(asker.ask("hot?", pipeline="escape", options={"tz": "Europe/Madrid"}))]
    first, second = server.heard
    assert first.body == {"q": "hot?", "pipeline": "escape", "options": {"tz": "Europe/Madrid"}}
    assert first.headers["Accept"] == "text/event-stream"
    assert first.headers["Accept-Encoding"] == "identity"
    assert len(first.headers["Idempotency-Key"]) >= 20
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


async def test_two_questions_share_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.following._END_S", 30.0)
    async with ScriptedServer([EVENTS, EVENTS]) as server, client(server) as asker:
        for _ in range(2):
            assert numbers([one async for one in each(asker.ask("hot?"))])[-1] == len(EVENTS)
    first, second = server.heard
    assert first.connection == second.connection


async def test_an_answer_that_has_no_end_behind_the_run_is_left() -> None:
    async with ScriptedServer([[*EVENTS, asyncio.Event()], EVENTS]) as server, client(server) as asker:
        assert numbers([one async for one in each(asker.ask("hot?"))])[-1] == len(EVENTS)
        await server.streams_left.wait()
        assert numbers([one async for one in each(asker.ask("hot?"))])[-1] == len(EVENTS)
    first, second = server.heard
    assert first.connection != second.connection


@pytest.mark.parametrize("cut_after", range(1, len(EVENTS)))
@pytest.mark.parametrize("end", [[], [CUT], [b"id: x\ndata: {half"]], ids=["clean end", "broken", "half a frame"])
async def test_a_stream_that_ends_early_is_resumed_where_it_stopped(cut_after: int, end: Script) -> None:
    async with ScriptedServer([[*EVENTS[:cut_after], *end], EVENTS[cut_after:]]) as server:
        received = await received_by_asking(server)
    assert [one.event for one in received] == EVENTS
    assert server.paths() == ["POST /assist", f"GET /runs/{RUN}/events?after={cut_after}"]


async def test_a_resumed_stream_that_breaks_before_any_event_is_resumed_from_the_same_place_again() -> None:
    async with ScriptedServer([EVENTS[:3], [CUT], [], EVENTS[3:]]) as server:
        received = await received_by_asking(server)
    assert [one.event for one in received] == EVENTS
    assert server.paths()[1:] == [f"GET /runs/{RUN}/events?after=3"] * 3


async def test_events_received_twice_come_out_once() -> None:
    async with ScriptedServer([EVENTS[:4], EVENTS]) as server:
        received = await received_by_asking(server)
    assert numbers(received) == list(range(1, 11))


async def test_what_follows_the_end_of_the_run_is_not_read() -> None:
    async with ScriptedServer([[*EVENTS, b"data: nonsense\n\n"]]) as server:
        assert len(await received_by_asking(server)) == len(EVENTS)


async def test_a_gap_is_asked_for_again_and_never_skipped() -> None:
    said: list[Connection] = []
    async with (
        ScriptedServer([[*EVENTS[:3], *EVENTS[4:]], EVENTS[3:]]) as server,
        client(server, on_connection=said.append) as asker,
    ):
        assert [one.event async for one in each(asker.ask("hot"))] == EVENTS
    assert said[2].why == "event 5 came after event 3: what is between is missing"

    async with ScriptedServer([[*EVENTS[:3], *EVENTS[4:]], EVENTS[4:]]) as server:
        with pytest.raises(ProtocolViolation, match="event 5 came after event 3"):
            await received_by_asking(server)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ([b"data: {]\n\n"], "can't be read"),
        ([b'data: {"type":"run.started","seq":1,"t":0}\n\n'], "can't be read"),
        ([b"data: " + b"[" * 100_000 + b"\n\n"], "can't be read"),
        ([b"data: " + b"x" * (1 << 21)], "larger than"),
        ([ev.StepStarted(seq=1, t=0, step="wish", attempt=1, say="")], "begin with run.started"),
        ([frame(EVENTS[0]).replace(b'"v":1', b'"v":2')], "version 2"),
        ([EVENTS[0], frame(EVENTS[1], run="another")], "another run"),
    ],
)
async def test_what_breaks_the_protocol_is_refused_in_a_sentence(script: Script, complaint: str) -> None:
    async with ScriptedServer([script]) as server:
        with pytest.raises(ProtocolViolation, match=complaint):
            await received_by_asking(server)


async def test_an_event_of_the_future_counts_and_is_passed_on() -> None:
    newer = b'data: {"type":"run.sang","seq":2,"t":1,"tune":[1]}\n\n'
    finished = ev.RunFinished(seq=3, t=2, status="ok", say="", ms=2, events=3)
    async with ScriptedServer([[EVENTS[0], newer, finished]]) as server:
        received = await received_by_asking(server)
    assert received[1].event == ev.UnknownEvent(type="run.sang", seq=2, t=1)


async def test_strings_are_cleaned_but_the_json_stays_as_it_was() -> None:
    hostile = ev.StepStarted(seq=2, t=1, step="wish", attempt=1, say="a\x1b]52;c;QQ==\x07b")
    async with ScriptedServer(
        [[EVENTS[0], hostile, ev.RunFinished(seq=3, t=2, status="ok", say="", ms=2, events=3)]]
    ) as server:
        received = await received_by_asking(server)
    event = received[1].event
    assert isinstance(event, ev.StepStarted)
    assert "\x1b" not in event.say
    assert json.loads(received[1].data)["say"] == hostile.say


@pytest.mark.parametrize("end", [[], [CUT], [b"id: x\ndata: {half"]], ids=["clean end", "broken", "half a frame"])
async def test_a_first_answer_that_was_lost_is_asked_for_again_under_the_same_key(end: Script) -> None:
    async with ScriptedServer([end, end, EVENTS]) as server:
        received = await received_by_asking(server)
    assert [one.event for one in received] == EVENTS
    assert server.paths() == ["POST /assist"] * 3
    assert len({heard.headers["Idempotency-Key"] for heard in server.heard}) == 1
    assert len({str(heard.body) for heard in server.heard}) == 1


async def test_an_answer_that_is_lost_again_and_again_is_given_up_and_says_that_the_run_may_exist() -> None:
    async with ScriptedServer([[], [], [], [], EVENTS]) as server:
        with pytest.raises(StreamCut, match="before the run's first event came; 3 attempts") as caught:
            await received_by_asking(server)
    assert caught.value.run is None
    assert "windowseat runs" in (caught.value.hint or "")


@pytest.mark.parametrize("status", [502, 504])
async def test_a_proxy_that_lost_its_server_before_the_first_byte_is_asked_again(status: int) -> None:
    async with ScriptedServer([EVENTS]) as server:
        server.refusals["/assist"] = (status, {"title": "Bad gateway"})

        def mend(connection: Connection) -> None:
            if connection.attempt == 2:
                server.refusals.clear()

        async with client(server, on_connection=mend) as asker:
            assert [one.event async for one in each(asker.ask("hot?"))] == EVENTS
    assert len({heard.headers["Idempotency-Key"] for heard in server.heard}) == 1


async def test_a_refusal_of_the_repeated_question_is_a_refusal() -> None:
    async with ScriptedServer([[]]) as server:

        def refuse(connection: Connection) -> None:
            if connection.state == "reconnecting":
                server.refusals["/assist"] = (409, {"title": "Conflict"})

        async with client(server, on_connection=refuse) as asker:
            with pytest.raises(Refused, match="409 Conflict"):
                [_ async for _ in each(asker.ask("hot?"))]


async def test_the_pauses_are_full_jitter_that_grows_to_a_limit_after_what_the_server_asks_for() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with (
        ScriptedServer([[*EVENTS[:2], b"retry: 500\n\n"], *[[]] * 12]) as server,
        client(server, attempts=12, pause_s=0.5, sleep=sleep) as asker,
    ):
        with pytest.raises(StreamCut, match="12 attempts"):
            [_ async for _ in each(asker.ask("hot?"))]
    assert all(0.5 <= pause <= 0.5 + min(8, 0.5 * 2**place) for place, pause in enumerate(slept))
    assert len(set(slept)) == 12
    assert max(slept) > 1.5


async def test_resuming_in_vain_gives_up_and_names_the_run() -> None:
    async with ScriptedServer([EVENTS[:2], [], [], [], EVENTS[2:]]) as server:
        with pytest.raises(StreamCut, match="3 attempts") as caught:
            await received_by_asking(server)
    assert caught.value.run == RUN
    assert RUN in (caught.value.hint or "")


async def test_a_server_that_is_gone_is_not_waited_for_for_ever() -> None:
    asked = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:2], asked, CUT]]) as server, client(server) as asker:
        stream = each(asker.ask("hot?"))
        await anext(stream)
        await anext(stream)
        asked.set()
        await server.stop()
        with pytest.raises(StreamCut, match="no answer from"):
            await anext(stream)


async def test_a_passing_refusal_is_waited_out_while_resuming_and_a_final_one_is_not() -> None:
    said: list[Connection] = []
    async with ScriptedServer([EVENTS[:2], EVENTS[2:]]) as server:
        server.refusals["/runs/"] = (503, {"title": "Draining"})

        def mend(connection: Connection) -> None:
            said.append(connection)
            if connection.attempt == 2:
                server.refusals.clear()

        async with client(server, on_connection=mend) as asker:
            assert len([_ async for _ in each(asker.ask("hot?"))]) == len(EVENTS)
    assert "503 Draining" in said[3].why

    async with ScriptedServer([EVENTS[:2]]) as server:
        server.refusals["/runs/"] = (404, {"title": "Not found", "hint": "ask again"})
        with pytest.raises(StreamCut, match="404 Not found") as caught:
            await received_by_asking(server)
    assert caught.value.hint == "ask again"


async def test_the_connection_tells_what_becomes_of_it() -> None:
    said: list[Connection] = []
    bye = ev.StreamBye(reason="shutdown", retry_ms=1)
    async with (
        ScriptedServer([[*EVENTS[:2], bye], EVENTS[2:]]) as server,
        client(server, on_connection=said.append) as asker,
    ):
        assert len([_ async for _ in each(asker.ask("hot?"))]) == len(EVENTS)
    assert [one.state for one in said] == ["connecting", "connected", "reconnecting", "connected", "ended"]
    assert said[2].attempt == 1
    assert said[2].why == "the server is shutting down"


async def test_the_pause_that_the_server_asks_for_is_kept() -> None:
    said: list[Connection] = []
    async with (
        ScriptedServer([[*EVENTS[:2], b"retry: 40\n\n"], EVENTS[2:]]) as server,
        client(server, on_connection=said.append) as asker,
    ):
        assert len([_ async for _ in each(asker.ask("hot?"))]) == len(EVENTS)
    assert 0.04 <= said[2].wait_s <= 0.05 + 1e-9


async def test_a_silent_stream_is_cut_and_resumed() -> None:
    never = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:2], never], EVENTS[2:]]) as server:
        async with client(server, stall_s=0.2) as asker:
            assert len([_ async for _ in each(asker.ask("hot?"))]) == len(EVENTS)
        never.set()


@pytest.mark.parametrize("apart_s", [0.0, 0.005])
async def test_events_that_have_gathered_are_read_on_at_once_however_many_there_are(apart_s: float) -> None:
    """Each of them is a chunk of HTTP: a pause before each would fall behind five of them a second."""
    pauses = 0

    def gather_s() -> float:
        nonlocal pauses
        pauses += 1
        return 0.1

    run = a_run()
    steps = [ev.StepProgress(seq=seq, t=2, step="wish", attempt=1, done=seq, total=200) for seq in range(3, 103)]
    script: list[Any] = [*run[:2]]
    for step in steps:
        script += [step, apart_s] if apart_s else [step]
    async with ScriptedServer([[*script, CUT]]) as server, AssistClient(server.url, gather_s=gather_s) as client:
        began, seen = asyncio.get_running_loop().time(), 0
        async with aclosing(each(client.ask("somewhere hot"))) as stream:
            async for _ in stream:
                seen += 1
                if seen == 102:
                    break
        took_s = asyncio.get_running_loop().time() - began
    assert pauses <= took_s / 0.1 + 2
    assert pauses < 40, "one for each event, or nearly"


async def test_what_has_gathered_is_read_a_little_in_each_turn_of_the_loop() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield bytes(range(250)) * 40
        for _ in range(100):
            yield b"x" * 150

    loop, turns, seen, read, in_turn, is_over = asyncio.get_running_loop(), 0, 0, b"", 0, False

    def turn() -> None:
        nonlocal turns
        turns += 1
        if not is_over:
            loop.call_soon(turn)

    loop.call_soon(turn)
    async for piece in Gathered(chunks(), lambda: 0.0):
        in_turn = len(piece) + (in_turn if turns == seen else 0)
        seen, read = turns, read + piece
        assert in_turn < 2 * AT_A_TIME_BYTES
    is_over = True
    assert read == bytes(range(250)) * 40 + b"x" * 15_000
    assert turns > 10


async def test_leaving_early_closes_the_connection_and_starts_nothing_else() -> None:
    never = asyncio.Event()
    async with ScriptedServer([[*EVENTS[:2], never]]) as server, client(server) as asker:
        stream = each(asker.ask("hot?"))
        await anext(stream)
        await stream.aclose()
        await asyncio.wait_for(server.streams_left.wait(), 5)
    assert server.paths() == ["POST /assist"]


async def test_a_cancelled_reader_leaves_the_connection_closed() -> None:
    never = asyncio.Event()

    async def read(stream: AsyncIterator[Received], begun: asyncio.Event) -> None:
        async for _ in stream:
            begun.set()

    async with ScriptedServer([[*EVENTS[:2], never]]) as server, client(server) as asker:
        begun = asyncio.Event()
        task = asyncio.create_task(read(each(asker.ask("hot?")), begun))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.streams_left.wait(), 5)


async def test_attaching_begins_after_what_is_known() -> None:
    async with ScriptedServer([EVENTS[4:]]) as server, client(server) as asker:
        received = [one async for one in each(asker.attach(RUN, after=4))]
    assert numbers(received) == [5, 6, 7, 8, 9, 10]
    assert server.paths() == [f"GET /runs/{RUN}/events?after=4"]


async def test_a_refusal_brings_the_problem_document() -> None:
    async with ScriptedServer([EVENTS]) as server:
        problem = {"title": "Means nothing", "detail": "q is\x1b[2J empty", "hint": "ask something"}
        server.refusals["/assist"] = (422, problem)
        with pytest.raises(Refused) as caught:
            await received_by_asking(server)
    assert (caught.value.status, caught.value.title) == (422, "Means nothing")
    assert "\x1b" not in caught.value.detail
    assert caught.value.hint == "ask something"
    assert not caught.value.passing


async def test_an_answer_that_is_no_stream_is_no_windowseat_server() -> None:
    async with ScriptedServer([EVENTS], content_type="text/html") as server:
        with pytest.raises(ProtocolViolation, match="no event stream but 200 text/html"):
            await received_by_asking(server)


async def test_nobody_at_the_address_is_not_reachable() -> None:
    async with ScriptedServer() as server:
        pass
    with pytest.raises(NotReachable, match="no answer from"):
        await received_by_asking(server)


async def test_lists_and_views_come_typed_and_cleaned() -> None:
    async with ScriptedServer() as server, client(server) as asker:
        server.runs = [
            {"run": RUN, "pipeline": "escape", "question": "h\x1b[2Jot", "started_at": "2026-11-22T10:00:00Z",
             "status": "ok", "events": 10, "ms": 425, "new": 1},
            {"run": "b", "pipeline": "escape", "question": "q", "started_at": "", "status": "running"},
        ]  # fmt: skip
        server.pipelines = [
            {"name": "escape", "title": "T", "plan": [{"id": "wish", "title": "W"}], "examples": ["x"],
             "columns": [{"key": "city", "label": "City", "kind": "text"}],
             "options": [{"key": "hours", "label": "h", "kind": "number"}], "attributions": [{"text": "OurAirports"}]},
        ]  # fmt: skip
        server.view = {"upto": 3, "run": RUN, "state": "running"}
        runs, pipelines, view = await asker.runs(), await asker.pipelines(), await asker.run(RUN)
        await asker.cancel(RUN)
    assert [run.question for run in runs] == ["hot", "q"]
    assert runs[1].ms is None
    assert pipelines[0].columns == COLUMNS[:1]
    assert pipelines[0].plan[0].id == PLAN[0].id
    assert (view.upto, view.state) == (3, "running")
    assert server.cancelled.is_set()


async def test_a_list_that_cannot_be_read_is_a_violation() -> None:
    async with ScriptedServer() as server, client(server) as asker:
        server.runs = [{"run": 7}]
        with pytest.raises(ProtocolViolation, match="GET /runs"):
            await asker.runs()


async def test_somebody_who_does_not_speak_http_is_not_asked_again() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeted.append(None)
        writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
        await reader.read(1)
        writer.close()

    greeted: list[None] = []
    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with AssistClient(f"http://127.0.0.1:{port}", pause_s=0) as asker:
            with pytest.raises(NotReachable, match="no answer from"):
                [_ async for _ in each(asker.ask("hot?"))]
    assert len(greeted) == 1


async def test_the_run_that_a_header_names_is_cleaned() -> None:
    said: list[Connection] = []
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nWindowseat-Run: a\x9b31m\r\nConnection: close\r\n\r\n"
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(head)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with AssistClient(f"http://127.0.0.1:{port}", attempts=0, on_connection=said.append) as asker:
            with pytest.raises(StreamCut):
                [_ async for _ in each(asker.ask("hot?"))]
    assert said[1].state == "connected"
    assert said[1].run.isprintable()
