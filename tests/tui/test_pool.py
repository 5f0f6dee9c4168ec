"""httpx over connections of our own: errors, certificates and proxies as by its own way, and nothing stays open."""

import asyncio
import gc
import inspect
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

import tui.pool
from tests.listening import listening, make_certificate, of_server
from tests.nodes import eventually
from tui.network import Stream
from tui.transport import http_client

HOST = "windowseat.example"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host is this machine, as long as the test's loop runs."""

    async def here(host: object, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", here)


async def test_a_connection_is_ours_and_is_used_again() -> None:
    connections = 0

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answer(reader, writer)
        await answer(reader, writer)

    async with listening(twice) as port, http_client(f"http://127.0.0.1:{port}") as http:
        for _ in range(2):
            async with http.stream("GET", f"http://127.0.0.1:{port}/") as response:
                assert isinstance(response.extensions["network_stream"], Stream)
                assert await response.aread() == b"ok"
        assert connections == 1


async def test_a_connection_for_each_request_where_that_is_wanted() -> None:
    closed = 0

    async def to_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal closed
        await answer(reader, writer)
        assert await reader.read() == b""
        closed += 1

    async with listening(to_the_end) as port, http_client(f"http://127.0.0.1:{port}", reuse=False) as http:
        for _ in range(2):
            assert (await http.get(f"http://127.0.0.1:{port}/")).text == "ok"
        await eventually(lambda: closed == 2)


async def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used_again() -> None:
    async with listening(answer) as port, http_client(f"http://127.0.0.1:{port}") as http:
        first = await http.get(f"http://127.0.0.1:{port}/")
        stream: Stream = first.extensions["network_stream"]
        await eventually(lambda: stream.get_extra_info("is_readable"))
        assert (await http.get(f"http://127.0.0.1:{port}/")).text == "ok"


async def test_chunks_that_came_together_are_read_as_one() -> None:
    async def three(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"
            )
            await writer.drain()

    async with listening(three) as port, http_client(f"http://127.0.0.1:{port}") as http:
        for _ in range(2):
            async with http.stream("GET", f"http://127.0.0.1:{port}/") as response:
                assert [piece async for piece in response.aiter_raw()] == [b"abc"]


async def test_a_request_is_sent_whole() -> None:
    seen: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(7))
        writer.write(b"HTTP/1.1 201 Made\r\nX-Word: a\r\nX-Word: b\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with listening(listen) as port, http_client(f"http://127.0.0.1:{port}") as http:
        path = "/runs/a%2Fb?q=1"
        response = await http.post(f"http://127.0.0.1:{port}{path}", json={"q": 1}, headers={"X-Thing": "x"})
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /runs/a%2Fb?q=1 HTTP/1.1"
    assert {b"X-Thing: x", b"Content-Length: 7", b"Host: 127.0.0.1:%d" % port} <= set(lines[1:])
    assert body == b'{"q":1}'
    assert (response.status_code, response.reason_phrase, response.http_version) == (201, "Made", "HTTP/1.1")
    assert response.headers.get_list("x-word") == ["a", "b"]


@pytest.mark.parametrize("read", ["nothing", "a piece", "all"])
async def test_the_end_of_the_client_leaves_no_socket(read: str) -> None:
    """One that is left keeps the server's side waiting, and is a ResourceWarning, which is an error here."""
    ended = asyncio.Event()

    async def without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if read == "all":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        assert await reader.read() == b""
        ended.set()

    async with listening(without_end) as port:
        async with http_client(f"http://127.0.0.1:{port}") as http:
            response = await http.send(http.build_request("GET", f"http://127.0.0.1:{port}/"), stream=True)
            if read == "a piece":
                assert await anext(response.aiter_raw()) == b"ok"
            elif read == "all":
                assert await response.aread() == b"ok"
        await asyncio.wait_for(ended.wait(), 5)
        del response
        gc.collect()


FAILURES = [
    kind
    for name in httpcore.__all__
    if inspect.isclass(kind := getattr(httpcore, name))
    and issubclass(kind, Exception)
    and kind is not httpcore.ConnectionNotAvailable  # of the pool's own, which tries again
]


class _Failing(httpcore.AsyncNetworkBackend):
    """Connections that fail with an error: at once, or behind the first piece of an answer."""

    def __init__(self, error: Exception, *, connects: bool) -> None:
        self._error, self._connects = error, connects

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if not self._connects:
            raise self._error
        return _BreakingStream(self._error)


class _BreakingStream(httpcore.AsyncMockStream):
    def __init__(self, error: Exception) -> None:
        super().__init__([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"])
        self._error = error

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # as above
        if found := await super().read(max_bytes, timeout):
            return found
        raise self._error


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("connects", [False, True])
async def test_each_error_is_told_by_that_of_the_same_name(
    kind: type[Exception], connects: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tui.pool, "Network", lambda: _Failing(kind("in these words"), connects=connects))
    pieces: list[bytes] = []

    async def read() -> None:
        async with http_client("http://127.0.0.1") as http, http.stream("GET", "http://127.0.0.1/") as response:
            async for piece in response.aiter_raw():
                pieces.append(piece)

    with pytest.raises(httpx.TransportError, match=r"^in these words$") as told:
        await read()
    assert type(told.value) is getattr(httpx, kind.__name__)
    assert isinstance(told.value.__cause__, kind)
    assert pieces == [b"ok"] * connects


async def test_a_request_has_its_own_time() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silence) as port, http_client(f"http://127.0.0.1:{port}") as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get(f"http://127.0.0.1:{port}/", timeout=0.02)


async def test_an_answer_that_breaks_off_is_told_as_by_httpx() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf")
        await writer.drain()

    async with listening(half) as port:
        url = f"http://127.0.0.1:{port}"
        told = []
        async with http_client(url) as ours, httpx.AsyncClient() as theirs:
            for http in (ours, theirs):
                with pytest.raises(httpx.RemoteProtocolError) as error:
                    await http.get(url)
                told.append(str(error.value))
        assert told[0] == told[1]


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", None])
async def test_tls_trusts_whom_the_environment_names(
    variable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "here.pem"
    make_certificate(certificate, HOST)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if variable:
        monkeypatch.setenv(variable, str(certificate))
    named(monkeypatch)
    async with listening(answer, of_server(certificate)) as port:
        url = f"https://{HOST}:{port}"
        async with http_client(url) as http:
            if variable:
                assert (await http.get(url)).text == "ok"
            else:
                with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                    await http.get(url)


async def test_the_environment_is_not_asked_on_the_way_to_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "here.pem"
    make_certificate(certificate, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    async with listening(answer, of_server(certificate)) as port:
        url = f"https://127.0.0.1:{port}"
        async with http_client(url) as http:
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                await http.get(url)


@pytest.mark.parametrize(
    ("by", "spared"),
    [
        ("http_proxy", None),
        ("all_proxy", None),
        ("https_proxy", None),
        ("http_proxy", "*"),
        ("http_proxy", HOST),
        ("http_proxy", "other.example, WINDOWSEAT.example"),
        ("http_proxy", "example"),
        ("http_proxy", ".example"),
        ("http_proxy", "seat.example"),
        ("http_proxy", f".{HOST}"),
        ("http_proxy", f"*.{HOST}"),
        ("http_proxy", "other.example,"),
        ("http_proxy", f"http://{HOST}"),
        ("http_proxy", f"https://{HOST}"),
        ("http_proxy", f"{HOST}:1"),
        ("http_proxy", "10.0.0.0/8"),
    ],
)
async def test_a_proxy_of_the_environment_is_asked_where_httpx_asks_it(
    by: str, spared: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(reader, writer)
        asked.append("proxy")

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(reader, writer)
        asked.append("server")

    asked: list[str] = []
    named(monkeypatch)
    async with listening(proxy) as proxy_port, listening(server) as port:
        monkeypatch.setenv(by, f"http://127.0.0.1:{proxy_port}")
        if spared is not None:
            monkeypatch.setenv("no_proxy", spared)
        url = f"http://{HOST}:{port}"
        async with http_client(url) as ours, httpx.AsyncClient() as theirs:
            for http in (ours, theirs):
                assert (await http.get(url)).text == "ok"
    assert len(asked) == 2
    assert asked[0] == asked[1]


@pytest.mark.parametrize("spared", ["*", HOST, "example", ".example", f"other.example, {HOST.upper()}"])
async def test_a_host_that_is_spared_its_proxy_has_connections_of_ours(
    spared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", spared)
    named(monkeypatch)
    async with listening(answer) as port, http_client(f"http://{HOST}:{port}") as http:
        response = await http.get(f"http://{HOST}:{port}/")
    assert isinstance(response.extensions["network_stream"], Stream)
