"""Readers that take nothing: bounded in bytes, sent away in time, and no run waits for them."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

import h2.config
import h2.connection
import h2.events
import h2.settings
import httpx
import pytest

from backend.http import connection
from backend.pipeline import Context, Pipeline, Step
from shared import events as ev
from tests.asked_runs import First, Second, pipeline_of
from tests.history import History
from tests.invariants import check_log
from tests.nodes import eventually
from tests.served import client, events_of, running_server

LINES, LINE_CHARS = 1500, 2000


def chatty(gate: asyncio.Event) -> Pipeline:
    """3 MB of log lines, then a step that waits for the gate."""

    async def talk(ctx: Context) -> First:
        for number in range(LINES):
            ctx.log(f"{number} " + "x" * LINE_CHARS)
            if number % 50 == 0:
                await asyncio.sleep(0)
        return First()

    async def wait(first: First) -> Second:
        await gate.wait()
        return Second()

    return pipeline_of(Step("talk", "Talk", talk), Step("wait", "Wait", wait), name="chatty")


@contextlib.asynccontextmanager
async def stalled(url: str, request: bytes) -> AsyncIterator[socket.socket]:
    """A connection with a small window that sends ``request`` and reads nothing."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, (httpx.URL(url).host, httpx.URL(url).port))
        await loop.sock_sendall(sock, request)
        yield sock


def post(version: str = "1.1", q: str = "talk", disconnect: str = "continue") -> bytes:
    body = b'{"q":"%b","options":{"on_disconnect":"%b"}}' % (q.encode(), disconnect.encode())
    return b"POST /assist HTTP/%b\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        version.encode(),
        len(body),
        body,
    )


async def read_rest(sock: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    with contextlib.suppress(ConnectionError):
        while chunk := await loop.sock_recv(sock, 65536):
            data += chunk
    return data


def unchunked(response: bytes) -> bytes:
    """The body of a chunked response as far as its chunks are whole."""
    _, _, rest = response.partition(b"\r\n\r\n")
    body = b""
    while match := re.match(rb"([0-9a-f]+)\r\n", rest):
        size = int(match[1], 16)
        chunk = rest[match.end() : match.end() + size]
        if not size or len(chunk) < size:
            break
        body += chunk
        rest = rest[match.end() + size + 2 :]
    return body


async def metric(http: httpx.AsyncClient, name: str) -> float:
    for line in (await http.get("/metrics")).text.splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    raise AssertionError(f"no metric {name}")


async def only_run(http: httpx.AsyncClient) -> dict[str, str]:
    (run,) = (await http.get("/runs")).json()["runs"]
    return run  # type: ignore[no-any-return]  # JSON


async def test_a_reader_that_takes_nothing_is_sent_away_and_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    gate = asyncio.Event()
    async with (
        running_server([chatty(gate)], stall_s=0.3) as url,
        client(url) as http,
        stalled(url, post()) as sock,
    ):
        gate.set()

        async def over() -> bool:
            return bool((await http.get("/runs")).json()["runs"]) and (await only_run(http))["status"] == "ok"

        await eventually(over)
        await eventually(lambda: _gone(http))
        assert await metric(http, "windowseat_viewers_slow_total") == 1
        received = unchunked(await read_rest(sock))
        assert len(received) < 600_000, "what it got is what the buffers held"
        run = (await only_run(http))["run"]
        history = History(run)
        history.hear(received)
        assert not history.finished
        history.hear((await http.get(f"/runs/{run}/events", params={"after": history.cursor})).content)
        assert history.finished, "the log has it all"


async def _gone(http: httpx.AsyncClient) -> bool:
    return await metric(http, "windowseat_viewers") == 0


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_one_that_wakes_up_in_time_hears_why_and_can_go_on(version: str) -> None:
    gate = asyncio.Event()
    async with running_server([chatty(gate)], stall_s=0.3) as url, client(url) as http:
        async with stalled(url, post(version)) as sock:
            await eventually(lambda: _slow(http))
            data = await read_rest(sock)
        received = unchunked(data) if version == "1.1" else data.partition(b"\r\n\r\n")[2]
        assert data.endswith(b"0\r\n\r\n") or version == "1.0", "a clean end of the response"
        history = History((await only_run(http))["run"])
        (bye,) = history.hear(received)
        assert ev.decode_event(bye.data) == ev.StreamBye(reason="slow", retry_ms=1000)
        assert (bye.retry, history.finished) == (1000, False)
        gate.set()
        rest = await http.get(
            f"/runs/{history.run}/events", headers={"Last-Event-ID": f"{history.run}.{history.cursor}"}
        )
        history.hear(rest.content)
        assert history.finished


async def _slow(http: httpx.AsyncClient) -> bool:
    return await metric(http, "windowseat_viewers_slow_total") == 1


async def test_many_that_take_nothing_hold_a_bounded_buffer_each(monkeypatch: pytest.MonkeyPatch) -> None:
    transports: list[asyncio.Transport] = []
    begin = connection.StallWatch.begin

    def spy(watch: connection.StallWatch) -> None:
        if watch._transport is not None and watch._transport not in transports:
            transports.append(watch._transport)
        begin(watch)

    monkeypatch.setattr(connection.StallWatch, "begin", spy)
    gate = asyncio.Event()
    async with (
        running_server([chatty(gate)], stall_s=30) as url,
        client(url) as http,
        contextlib.AsyncExitStack() as stack,
    ):
        await stack.enter_async_context(stalled(url, post()))
        await eventually(lambda: transports)
        run = (await only_run(http))["run"]
        for _ in range(30):
            request = b"GET /runs/%b/events HTTP/1.1\r\nhost: x\r\n\r\n" % run.encode()
            await stack.enter_async_context(stalled(url, request))
        await eventually(lambda: len(transports) == 31)
        whole = b""
        async with http.stream("GET", f"/runs/{run}/events") as reader:
            async for chunk in reader.aiter_raw():
                whole += chunk
                if b'"step":"wait"' in chunk:
                    gate.set()
        check_log(events_of(whole))
        sizes = [transport.get_write_buffer_size() for transport in transports[:31]]
        assert max(sizes) <= 160 * 1024, "a block and what the transport may hold"


async def test_a_reader_that_reads_is_never_sent_away_in_silence() -> None:
    gate = asyncio.Event()
    async with running_server([chatty(gate)], stall_s=0.1, heartbeat_s=0.05) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "talk"}) as response:
            received, beats = b"", 0
            async for chunk in response.aiter_raw():
                received += chunk
                beats += chunk.count(b": hb ")
                if beats > 6:  # three times as long as a reader may stall
                    gate.set()
        check_log(events_of(received))


async def test_one_that_leaves_before_the_first_byte_is_no_viewer() -> None:
    gate = asyncio.Event()
    async with running_server([chatty(gate)], grace_s=0.0) as url, client(url) as http:
        for _ in range(20):
            async with stalled(url, post(disconnect="cancel")):
                pass
        await eventually(lambda: _gone(http))
        await eventually(lambda: _none_running(http))


async def _none_running(http: httpx.AsyncClient) -> bool:
    return await metric(http, "windowseat_runs_running") == 0


# ---- HTTP/2, which Hypercorn serves without back-pressure: refused, with nothing buffered


def h2_client() -> h2.connection.H2Connection:
    conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    conn.local_settings = h2.settings.Settings(
        client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}
    )
    return conn


async def h2_statuses(conn: h2.connection.H2Connection, reader: asyncio.StreamReader, count: int) -> list[str]:
    statuses: list[str] = []
    body = 0
    async with asyncio.timeout(10):
        while len(statuses) < count:
            for event in conn.receive_data(await reader.read(65536)):
                if isinstance(event, h2.events.ResponseReceived):
                    statuses.append(dict(event.headers or [])[b":status"].decode())
                if isinstance(event, h2.events.DataReceived):
                    body += len(event.data or b"")
    assert body == 0, "its window is shut"
    return statuses


@pytest.mark.parametrize("upgrade", [False, True], ids=["prior knowledge", "h2c upgrade"])
async def test_http_2_is_refused_and_a_window_that_never_opens_holds_nothing(upgrade: bool) -> None:
    gate = asyncio.Event()
    gate.set()
    async with running_server([chatty(gate)]) as url, client(url) as http:
        reader, writer = await asyncio.open_connection(httpx.URL(url).host, httpx.URL(url).port)
        conn = h2_client()
        headers = [(":method", "POST"), (":path", "/assist"), (":scheme", "http"), (":authority", "x")]
        if upgrade:
            settings = conn.initiate_upgrade_connection()
            assert settings is not None
            writer.write(
                b"GET /runs HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
                b"http2-settings: %b\r\n\r\n" % settings
            )
            assert b"101" in await reader.readuntil(b"\r\n\r\n")
        else:
            conn.initiate_connection()
        count = 50
        for _ in range(count):
            stream = conn.get_next_available_stream_id()
            conn.send_headers(stream, [*headers, ("content-type", "application/json")])
            conn.send_data(stream, b'{"q":"talk"}', end_stream=True)
        writer.write(conn.data_to_send())
        assert set(await h2_statuses(conn, reader, count + upgrade)) == {"505"}
        assert (await http.get("/runs")).json()["runs"] == [], "nothing was begun"
        assert await metric(http, "windowseat_viewers") == 0
        assert writer.transport.get_write_buffer_size() == 0
        writer.close()
