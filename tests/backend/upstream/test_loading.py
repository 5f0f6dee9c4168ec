"""What speaks HTTP is loaded beside the event loop, and whoever asks before it is there waits for it."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.upstream import UpstreamError, open_upstreams, upstreams
from tests.backend.upstream.service import Service, soon, spec_of


@pytest.fixture(autouse=True)
def loaded_anew() -> Iterator[None]:
    load = upstreams._tls
    load.cache_clear()
    yield
    load.cache_clear()


async def test_who_asks_before_it_is_loaded_waits_without_the_loop(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, may_load, threads = upstreams._tls, threading.Event(), []
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def later() -> object:
        threads.append(threading.current_thread())
        loop.call_soon_threadsafe(begun.set)
        assert may_load.wait(10)
        return load()

    monkeypatch.setattr(upstreams, "_tls", later)
    async with open_upstreams() as opened:
        upstream = opened.open(spec_of(service))
        asking = [asyncio.create_task(upstream.get_json(f"/{n}", deadline=soon())) for n in range(3)]
        given_up = asyncio.create_task(upstream.get_json("/given up", deadline=soon()))
        await begun.wait()
        assert not service.requests
        given_up.cancel()
        may_load.set()
        assert [(await one).data for one in asking] == [{"good": True}] * 3
        assert len(opened._clients) == 1
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_what_is_closed_at_once_leaves_nothing_behind(service: Service) -> None:
    async with open_upstreams() as opened:
        opened.open(spec_of(service))
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("load")] == []


async def test_certificates_that_cannot_be_read_are_an_error_of_the_call(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    async with open_upstreams() as opened:
        with pytest.raises(UpstreamError, match="certificates") as told:
            await opened.open(spec_of(service)).get_json("/x", deadline=soon())
    assert told.value.kind == "connect"
    assert "SSL_CERT_FILE" in str(told.value.hint)


async def test_offline_nothing_is_loaded(service: Service) -> None:
    async with open_upstreams(offline=True) as opened:
        with pytest.raises(UpstreamError) as told:
            await opened.open(spec_of(service)).get_json("/x", deadline=soon())
        assert told.value.kind == "offline"
        assert opened._loading is None
