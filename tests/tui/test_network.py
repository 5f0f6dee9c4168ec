"""Connections for httpcore, over real sockets: what comes, what ends, what fails, and how each is told."""

import asyncio
import contextlib
import gc
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpcore
import pytest

from tests.listening import Serve, listening, make_certificate, of_server
from tui.network import Network

ROOM = 64 * 1024


@contextlib.asynccontextmanager
async def connection(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[httpcore.AsyncNetworkStream]:
    async with listening(serve, context) as port:
        stream = await Network().connect_tcp("127.0.0.1", port, timeout=5)
        try:
            yield stream
        finally:
            await stream.aclose()


async def everything(stream: httpcore.AsyncNetworkStream) -> bytes:
    found = b""
    while piece := await stream.read(ROOM, timeout=5):
        assert len(piece) <= ROOM
        found += piece
    return found


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(ROOM):
        writer.write(piece)
        await writer.drain()


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_all_that_is_said_comes_in_its_order_to_the_end() -> None:
    said = b"".join(b"%07d " % number for number in range(100_000))

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    async with connection(tell) as stream:
        assert await everything(stream) == said
        assert await stream.read(ROOM) == b""


async def test_what_nobody_reads_is_left_to_the_kernel() -> None:
    told = 0

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal told
        writer.transport.set_write_buffer_limits(0)
        while told < 64 * 1024 * 1024:
            writer.write(bytes(ROOM))
            await writer.drain()
            told += ROOM

    async with connection(tell) as stream:
        assert len(await stream.read(ROOM, timeout=5)) > 0
        last = -1
        while last != told:  # until a second goes by in which nothing more is taken
            last = told
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await asyncio.get_running_loop().create_future()
        assert told < 64 * 1024 * 1024
        assert len(await stream.read(ROOM, timeout=5)) > 0


async def test_a_connection_that_is_reset_is_an_error_behind_what_had_come() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"last words")
        await writer.drain()
        await reader.readexactly(1)
        writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with connection(reset) as stream:
        assert await stream.read(ROOM, timeout=5) == b"last words"
        await stream.write(b"!", timeout=5)
        with pytest.raises(httpcore.ReadError, match="reset"):
            await stream.read(ROOM, timeout=5)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"!", timeout=5)


async def test_silence_is_told_after_its_time_and_not_before() -> None:
    loop = asyncio.get_running_loop()
    async with connection(silence) as stream:
        began = loop.time()
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(ROOM, timeout=0.05)
        assert loop.time() - began >= 0.04


async def test_each_read_has_a_time_of_its_own_though_one_timer_serves_them() -> None:
    loop = asyncio.get_running_loop()
    async with connection(echo) as stream:
        for _ in range(20):  # longer in all than one may take
            await stream.write(b"x")
            assert await stream.read(ROOM, timeout=0.2) == b"x"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await stream.read(ROOM, timeout=0.2)
        began = loop.time()
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(ROOM, timeout=0.2)
        assert loop.time() - began >= 0.19


async def test_a_shorter_time_is_kept_behind_a_longer_one() -> None:
    async with connection(echo) as stream:
        await stream.write(b"x")
        assert await stream.read(ROOM, timeout=60) == b"x"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await stream.read(ROOM, timeout=60)
        async with asyncio.timeout(5):
            with pytest.raises(httpcore.ReadTimeout):
                await stream.read(ROOM, timeout=0.01)


async def test_a_read_that_is_cancelled_takes_nothing() -> None:
    async with connection(echo) as stream:
        reading = asyncio.create_task(stream.read(ROOM, timeout=5))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await stream.write(b"still here")
        assert await stream.read(ROOM, timeout=5) == b"still here"


async def test_a_peer_that_takes_nothing_holds_the_writer_until_its_time() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stopped.wait()

    stopped = asyncio.Event()
    async with connection(deaf) as stream:
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(bytes(64 * 1024 * 1024), timeout=0.05)
        stopped.set()


async def test_a_writer_goes_on_when_there_is_room_again() -> None:
    async with connection(echo) as stream:
        writing = asyncio.create_task(stream.write(bytes(16 * 1024 * 1024), timeout=10))
        count = 0
        while count < 16 * 1024 * 1024:
            count += len(await stream.read(ROOM, timeout=5))
        await writing


async def test_nobody_at_the_address() -> None:
    async with listening(silence) as port:
        pass
    with pytest.raises(httpcore.ConnectError, match=r"[Cc]onnection refused"):
        await Network().connect_tcp("127.0.0.1", port, timeout=5)


async def test_a_host_of_two_addresses_of_which_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(silence) as port:
        pass

    async def both(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.1", "127.0.0.2")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    with pytest.raises(httpcore.ConnectError, match=r"refused|none of its addresses"):
        await Network().connect_tcp("both.example", port, timeout=5)


async def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(httpcore.ConnectError, match="Name or service not known"):
        await Network().connect_tcp("nowhere.invalid", 80, timeout=5)


async def test_a_call_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    with pytest.raises(httpcore.ConnectTimeout):
        await Network().connect_tcp("127.0.0.1", 9, timeout=0.01)


async def test_a_call_that_is_called_off_at_any_moment_leaves_no_socket() -> None:
    """One that is left is a ResourceWarning, which is an error here."""
    async with listening(silence) as port:
        for turns in range(20):
            calling = asyncio.create_task(Network().connect_tcp("127.0.0.1", port, timeout=5))
            for _ in range(turns):
                await asyncio.sleep(0)
            calling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await (await calling).aclose()
            gc.collect()


async def test_two_loops_in_two_threads_read_into_rooms_of_their_own() -> None:
    async def exchange(letter: bytes) -> None:
        async with connection(echo) as stream:
            for _ in range(300):
                await stream.write(letter * 1000)
                count = 0
                while count < 1000:
                    piece = await stream.read(ROOM, timeout=5)
                    assert piece == letter * len(piece)
                    count += len(piece)

    failed: list[BaseException] = []

    def in_a_thread() -> None:
        try:
            asyncio.run(exchange(b"b"))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    await exchange(b"a")
    await asyncio.to_thread(thread.join)
    assert not failed


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    make_certificate(path, "here.example")
    return path


async def test_the_same_over_tls(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    said = bytes(range(256)) * 4096
    async with connection(echo, of_server(certificate)) as plain:
        stream = await plain.start_tls(trusting, "127.0.0.1", timeout=5)
        writing = asyncio.create_task(stream.write(said, timeout=5))
        found = b""
        while len(found) < len(said):
            found += await stream.read(ROOM, timeout=5)
        await writing
        assert found == said
        assert stream.get_extra_info("ssl_object").version().startswith("TLS")
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(ROOM, timeout=0.01)
        await stream.aclose()


async def test_the_end_of_an_answer_over_tls(certificate: Path) -> None:
    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"all of it")
        await writer.drain()

    trusting = ssl.create_default_context(cafile=certificate)
    async with connection(tell, of_server(certificate)) as plain:
        stream = await plain.start_tls(trusting, "127.0.0.1", timeout=5)
        assert await everything(stream) == b"all of it"
        await stream.aclose()


async def test_a_certificate_that_nobody_vouches_for(certificate: Path) -> None:
    async with connection(silence, of_server(certificate)) as plain:
        with pytest.raises(httpcore.ConnectError, match="certificate verify failed"):
            await plain.start_tls(ssl.create_default_context(), "127.0.0.1", timeout=5)


async def test_a_server_that_speaks_no_tls() -> None:
    async with connection(silence) as plain:
        with pytest.raises(httpcore.ConnectTimeout):
            await plain.start_tls(ssl.create_default_context(), "127.0.0.1", timeout=0.05)
