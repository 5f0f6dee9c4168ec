"""Real proxies with the files of ``deploy/`` before a real server: nothing is held back, no cut looks like an end."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from shared import events as ev
from tests.gated import Gates, gated_pipeline
from tests.node_process import node_process
from tests.proxies import DEPLOY, proxied, running_proxy
from tests.received import each
from tests.served import running_server
from tests.tiny import Gate, tiny_pipeline
from tests.tui.command_line import end, run, start
from tui.client import AssistClient
from tui.conform import Asked, Limits, judge, to_table
from tui.connection import Connection, Received

LINES = 6


async def next_line(stream: AsyncGenerator[Received, None], seconds: float = 10) -> str:
    async with asyncio.timeout(seconds):
        async for received in stream:
            if isinstance(received.event, ev.StepLog):
                return received.event.text
    raise AssertionError("the run ended")


async def each_line_alone(url: str, gates: Gates, seconds: float = 10) -> None:
    """Each event has arrived before the next one exists."""
    async with AssistClient(url, attempts=0) as client, contextlib.aclosing(each(client.ask("go"))) as stream:
        for number in range(LINES):
            gates.open()
            assert await next_line(stream, seconds) == f"line {number}"


@proxied
async def test_each_event_arrives_before_the_next_one_exists(proxy: str, tmp_path: Path) -> None:
    gates = Gates(LINES)
    async with running_server([gated_pipeline(gates)]) as url, running_proxy(proxy, [url], tmp_path) as front:
        await each_line_alone(front, gates)


@pytest.mark.needs("nginx")
async def test_a_proxy_that_holds_events_back_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    for ours, default in (
        ("proxy_buffering off;", "proxy_ignore_headers X-Accel-Buffering;"),
        ("proxy_http_version 1.1;", ""),
    ):
        assert text.count(ours) == 1
        text = text.replace(ours, default)
    (tmp_path / "nginx.conf").write_text(text)
    monkeypatch.setattr("tests.proxies.DEPLOY", tmp_path)
    gates = Gates(LINES)
    folder = tmp_path / "run"
    folder.mkdir()
    async with running_server([gated_pipeline(gates)]) as url, running_proxy("nginx", [url], folder) as front:
        with pytest.raises(TimeoutError):
            await each_line_alone(front, gates, seconds=1)


@proxied
async def test_ctrl_c_cancels_the_run_behind_the_proxy(proxy: str, tmp_path: Path) -> None:
    async with (
        running_server([tiny_pipeline()], grace_s=30) as url,
        running_proxy(proxy, [url], tmp_path) as front,
        AssistClient(front) as client,
    ):
        asking = await start("ask", "--url", front, "wait for me")
        assert asking.stderr
        said = b""
        while b"Find the longest" not in said:
            line = await asking.stderr.readline()
            assert line, f"it ended: {said.decode()}"
            said += line
        (listed,) = await client.runs()
        watching = await start("attach", listed.run, "--url", front)
        assert watching.stderr
        await watching.stderr.readline()
        asking.send_signal(signal.SIGINT)
        asked, watched = await end(asking), await end(watching)
        (ended,) = await client.runs()
    assert (asked.code, watched.code) == (130, 1)
    assert ended.status == "cancelled"


@proxied
async def test_a_server_that_is_killed_never_looks_like_an_end_and_its_run_is_ended_by_the_next(
    proxy: str, tmp_path: Path
) -> None:
    said: list[Connection] = []
    lost = asyncio.Event()

    def hear(connection: Connection) -> None:
        said.append(connection)
        if connection.state == "reconnecting":
            lost.set()

    async with (
        node_process(DATA_DIR=tmp_path / "data") as node,
        running_proxy(proxy, [node.url], tmp_path) as front,
        AssistClient(front, attempts=40, pause_s=0.05, on_connection=hear) as client,
    ):
        stream = each(client.ask("wait for me", pipeline="tiny"))
        received = [await anext(stream) for _ in range(4)]
        rest = asyncio.create_task(_rest(stream))
        await node.kill()
        await asyncio.wait_for(lost.wait(), 10)
        await node.start()
        received += await asyncio.wait_for(rest, 20)
    assert [one.event.seq for one in received if not isinstance(one.event, ev.StreamSnapshot)] == list(
        range(1, len(received) + 1)
    )
    last = received[-1].event
    assert isinstance(last, ev.RunFinished)
    assert last.status == "interrupted"


async def _rest(stream: AsyncGenerator[Received, None]) -> list[Received]:
    return [received async for received in stream]


@proxied
async def test_a_reader_that_leaves_is_gone_for_the_server_too(proxy: str, tmp_path: Path) -> None:
    gate = Gate()
    async with (
        running_server([tiny_pipeline(gate)], grace_s=0) as url,
        running_proxy(proxy, [url], tmp_path) as front,
        AssistClient(front) as client,
    ):
        async with contextlib.aclosing(each(client.ask("wait for me"))) as stream:
            for _ in range(4):
                await anext(stream)
        await asyncio.wait_for(gate.cancelled.wait(), 10)  # the last viewer has left: nobody pays for nobody


@proxied
async def test_every_rule_of_the_wire_holds_behind_the_proxy(proxy: str, tmp_path: Path) -> None:
    async with (
        running_server([tiny_pipeline()], heartbeat_s=0.2, grace_s=30, data_dir=tmp_path / "data") as url,
        running_proxy(proxy, [url], tmp_path) as front,
    ):
        asked = Asked(pipeline="tiny", question="two words", long_question="wait for me")
        report = await judge(front, asked, Limits(silence_s=5))
        assert report.holds, to_table(report)


@proxied
async def test_with_one_node_of_two_down_the_other_answers(proxy: str, tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens
        gone = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        async with running_server([tiny_pipeline()]) as url, running_proxy(proxy, [gone, url], tmp_path) as front:
            for _ in range(3):
                ended = await run("ask", "two words", "--csv", "-q", "--url", front)
                assert (ended.code, ended.err) == (0, "")
