"""A run as lines of JSON, and from a snapshot on."""

import asyncio

import httpx
import msgspec
import pytest

from backend.http import runs as runs_module
from backend.http.formats import NDJSON
from shared import events as ev
from shared.view import RunView, fold_all
from tests.served import client, events_of, frames_of, running_server, without_heartbeats
from tests.tiny import Gate, tiny_pipeline

ASK = {"q": "how many letters are here"}
LINES = {"Accept": "application/x-ndjson"}


async def asked(http: httpx.AsyncClient) -> tuple[str, bytes]:
    response = await http.post("/assist", json=ASK)
    return response.headers["windowseat-run"], without_heartbeats(response.content)


async def test_the_lines_are_the_events_of_the_stream() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        lines = await http.get(f"/runs/{run}/events", headers=LINES)
        assert lines.headers["content-type"] == "application/x-ndjson; charset=utf-8"
        assert lines.headers["cache-control"] == "no-cache, no-transform"
        assert lines.content.decode().splitlines() == [frame.data for frame in frames_of(live)]
        for seq in range(len(frames_of(live))):
            rest = await http.get(f"/runs/{run}/events", headers=LINES, params={"after": seq})
            assert rest.content.decode().splitlines() == [frame.data for frame in frames_of(live)[seq:]]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", "text/event-stream"),
        ("*/*", "text/event-stream"),
        ("application/json", "text/event-stream"),
        ("text/event-stream, application/x-ndjson", "text/event-stream"),
        ("text/event-stream;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("application/jsonl", "application/x-ndjson"),
        ("nonsense", "text/event-stream"),
    ],
)
async def test_lines_are_for_who_prefers_them(accept: str, kind: str) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        for response in (
            await http.post("/assist", json=ASK, headers={"Accept": accept}),
            await http.get(f"/runs/{(await asked(http))[0]}/events", headers={"Accept": accept}),
        ):
            assert response.headers["content-type"] == f"{kind}; charset=utf-8"


async def test_lines_arrive_while_the_run_is_under_way_and_silence_is_empty_lines() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], heartbeat_s=0.05) as url, client(url) as http:
        received = b""
        async with http.stream("POST", "/assist", json={"q": "please wait"}, headers=LINES) as response:
            async for chunk in response.aiter_raw():
                received += chunk
                if received.count(b"\n\n") >= 2:
                    gate.opened.set()
        events = [ev.decode_event(line) for line in received.splitlines() if line]
        assert isinstance(events[-1], ev.RunFinished)


def test_what_belongs_to_the_connection_is_a_line_too() -> None:
    assert NDJSON.encode(b'retry: 5\ndata: {"a":1}\n\n: hb 3\n\nid: r.1\ndata: {"b": "data: "}\n\n') == (
        b'{"a":1}\n\n{"b": "data: "}\n'
    )


async def test_a_snapshot_and_the_tail_are_the_run_at_every_cursor() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        events = events_of(live)
        for seq in (*range(1, len(events) + 1), 0):
            response = await http.get(f"/runs/{run}/events", params={"snapshot": 1, "after": seq})
            first, *tail = frames_of(response.content)
            snapshot = ev.decode_event(first.data)
            assert isinstance(snapshot, ev.StreamSnapshot)
            assert (snapshot.upto, first.id) == (seq or len(events), "")
            assert tail == frames_of(live)[snapshot.upto :]
            view = fold_all(events_of(response.content), msgspec.convert(snapshot.view, RunView))
            assert view == fold_all(events)


async def test_a_snapshot_of_a_run_under_way_goes_on_live() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)]) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as first:
            await gate.reached.wait()
            run = first.headers["windowseat-run"]
            path = f"/runs/{run}/events?snapshot=1"
            async with http.stream("GET", path) as second, http.stream("GET", path, headers=LINES) as third:
                gate.opened.set()
                whole, tail, lines = await asyncio.gather(first.aread(), second.aread(), third.aread())
        snapshot = ev.decode_event(frames_of(tail)[0].data)
        assert isinstance(snapshot, ev.StreamSnapshot)
        assert fold_all(events_of(tail), msgspec.convert(snapshot.view, RunView)) == fold_all(events_of(whole))
        assert isinstance(ev.decode_event(lines.splitlines()[0]), ev.StreamSnapshot)


async def test_a_reader_that_comes_again_gets_no_second_snapshot() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        response = await http.get(f"/runs/{run}/events?snapshot=1", headers={"Last-Event-ID": f"{run}.3"})
        assert response.content == b"".join(block + b"\n\n" for block in live.split(b"\n\n")[3:-1])


async def test_a_run_whose_view_fits_no_frame_is_replayed_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run, live = await asked(http)
        monkeypatch.setattr(runs_module, "snapshot_frame", lambda view: None)
        assert (await http.get(f"/runs/{run}/events?snapshot=1")).content == live


async def test_a_snapshot_of_nothing_is_not_found() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        assert (await http.get("/runs/nope/events?snapshot=1")).status_code == 404
