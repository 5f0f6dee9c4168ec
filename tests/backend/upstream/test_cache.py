"""What is remembered: for how long, over restarts, and what never."""

import asyncio
import logging
import time
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.upstream import Lifetime, Upstream, UpstreamError, Upstreams, open_upstreams
from backend.upstream.freshness import MAX_FRESH_S, fresh_for
from backend.upstream.store import FILE, Kept, Store
from tests.backend.upstream.service import KEY, FakeCall, Service, soon, spec_of
from tests.simulators.exchange import Answer

NOW = 1_795_000_000.0
HOUR = Lifetime(3600.0, stale_s=86400.0)


def date(at: float) -> str:
    return formatdate(at, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "fresh_s"),
    [
        ({}, 3600.0),
        ({"cache-control": "max-age=60"}, 60.0),
        ({"cache-control": "Public, Max-Age = 60, must-revalidate"}, 60.0),
        ({"cache-control": 'max-age="60"'}, 60.0),
        ({"cache-control": "max-age=60", "age": "45"}, 15.0),
        ({"cache-control": "max-age=60", "age": "99"}, 0.0),
        ({"cache-control": "max-age=60", "age": "-5"}, 60.0),
        ({"cache-control": "max-age=99999999999"}, MAX_FRESH_S),
        ({"cache-control": "max-age=-1"}, 3600.0),
        ({"cache-control": "no-cache"}, 0.0),
        ({"cache-control": "no-store"}, None),
        ({"cache-control": "private, no-store, max-age=5"}, None),
        ({"cache-control": "public"}, 3600.0),
        ({"cache-control": "max-age=60", "expires": date(NOW + 999), "date": date(NOW)}, 60.0),
        ({"expires": date(NOW + 999), "date": date(NOW)}, 999.0),
        ({"expires": date(NOW + 999), "date": date(NOW + 990)}, 9.0),
        ({"expires": date(NOW + 999)}, 999.0),
        ({"expires": date(NOW - 999), "date": date(NOW)}, 0.0),
        ({"expires": "0"}, 0.0),
        ({"expires": "-1", "date": "yesterday"}, 0.0),
    ],
    ids=str,
)
def test_headers_replace_our_own_lifetime(headers: Mapping[str, str], fresh_s: float | None) -> None:
    assert fresh_for(headers, HOUR, NOW) == fresh_s
    assert fresh_for(headers, Lifetime(7.0, ours=True), NOW) == 7.0


async def ask(upstream: Upstream, lifetime: Lifetime | None = HOUR, **more: Any) -> Any:
    return await upstream.get_json("/x", deadline=soon(), lifetime=lifetime, **more)


async def test_a_fresh_reply_is_used_again_without_asking(service: Service, upstream: Upstream) -> None:
    first, call = await ask(upstream), FakeCall()
    again = await ask(upstream, call=call)
    assert (first.cached, again.cached, call.cached, call.status) == (False, True, True, 200)
    assert again.data == first.data
    assert 0 <= again.age_s < 5
    assert abs((again.fetched_at - first.fetched_at).total_seconds()) < 1
    assert len(service.requests) == 1
    assert upstream.state().calls["today"] == 1.0


async def test_without_a_lifetime_nothing_is_kept(service: Service, upstream: Upstream) -> None:
    await ask(upstream, None)
    assert not (await ask(upstream)).cached
    assert len(service.requests) == 2


@pytest.mark.parametrize("headers", [{"Cache-Control": "no-store"}, {"Cache-Control": "no-cache"}, {"Expires": "0"}])
async def test_what_must_be_asked_for_each_time_is(
    headers: dict[str, str], service: Service, upstream: Upstream
) -> None:
    service.headers = headers
    for _ in range(2):
        assert not (await ask(upstream)).cached
    assert len(service.requests) == 2


async def test_the_lifetime_that_the_service_gives_is_kept_to(service: Service, upstream: Upstream) -> None:
    service.headers = {"Expires": date(time.time() + 600), "Date": date(time.time())}
    short = Lifetime(0.0)
    await ask(upstream, short)
    assert (await ask(upstream, short)).cached


async def test_when_asking_fails_an_old_reply_is_used_and_said_so(service: Service, upstream: Upstream) -> None:
    aging, call = Lifetime(0.0, stale_s=3600.0), FakeCall()
    await ask(upstream, aging)
    service.faults.always(status=500)
    reply = await ask(upstream, aging, call=call)
    assert reply.data == {"good": True}
    assert reply.cached
    assert reply.stale_because is not None
    assert (reply.stale_because.kind, call.status, call.cached) == ("http_5xx", "stale", True)
    service.faults.clear()
    assert (await ask(upstream, aging)).stale_because is None


async def test_an_old_reply_beats_silence_and_a_closed_circuit(service: Service, upstream: Upstream) -> None:
    aging = Lifetime(0.0, stale_s=3600.0)
    await ask(upstream, aging)
    service.faults.always(status=500)
    replies = [await ask(upstream, aging) for _ in range(5)]
    assert [reply.stale_because.kind for reply in replies] == ["http_5xx"] * 3 + ["circuit_open"] * 2


async def test_what_is_too_old_is_no_answer(service: Service, upstream: Upstream) -> None:
    await ask(upstream, Lifetime(0.0, stale_s=0.05))
    service.faults.always(status=500)
    await asyncio.sleep(0.06)
    with pytest.raises(UpstreamError):
        await ask(upstream, Lifetime(0.0, stale_s=0.05))


async def test_what_has_not_changed_is_not_sent_again(service: Service, upstream: Upstream) -> None:
    modified = "Sun, 22 Nov 2026 05:31:00 GMT"
    validators = {"ETag": '"v1"', "Last-Modified": modified, "Expires": date(time.time() - 5)}
    fresh = {"Expires": date(time.time() + 600), "Date": date(time.time()), "ETag": '"v1"'}
    service.answers = [Answer.of_json({"n": 1}, headers=validators), Answer(304, headers=fresh)]
    aging = Lifetime(0.0, stale_s=3600.0)
    await ask(upstream, aging)
    call = FakeCall()
    reply = await ask(upstream, aging, call=call)
    assert (reply.data, reply.status, reply.cached, reply.stale_because) == ({"n": 1}, 200, True, None)
    assert (call.status, call.cached) == (200, True)
    asked = service.requests[1].headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('"v1"', modified)
    assert (await ask(upstream, aging)).cached  # fresh again, as the 304 said
    assert len(service.requests) == 2


async def test_not_modified_without_having_asked_is_nonsense(service: Service, upstream: Upstream) -> None:
    service.answers = [Answer(304)]
    with pytest.raises(UpstreamError, match="can't be read"):
        await ask(upstream)


async def test_errors_and_strange_shapes_are_not_kept(service: Service, upstream: Upstream) -> None:
    def scrub(body: Any) -> Any:
        if "rows" not in body:
            raise UpstreamError("Thing", "bad_payload", "no rows")
        return body["rows"]

    with pytest.raises(UpstreamError, match="no rows"):
        await ask(upstream, scrub=scrub)
    service.body = {"rows": [1], "client": "1.2.3.4"}
    assert (await ask(upstream, scrub=scrub)).data == [1]
    assert (await ask(upstream, scrub=scrub)).data == [1]
    assert len(service.requests) == 2


def written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def modes(folder: Path) -> set[int]:
    """What others than the owner may do with the files."""
    return {file.stat().st_mode & 0o077 for file in folder.iterdir()}


async def test_replies_and_counts_outlive_the_server_and_hold_no_secret(service: Service, tmp_path: Path) -> None:
    service.body = {"request": {"key": {"api_key": KEY}, "client": {"ip": "198.51.100.7"}}, "rows": ["kept-row"]}
    asked: dict[str, Any] = {
        "params": [("ip", "198.51.100.7")],
        "scrub": lambda body: {"rows": body["rows"], "echo": body["request"]["key"]},
    }
    for number in range(2):
        async with open_upstreams(tmp_path) as upstreams:
            upstream = upstreams.open(spec_of(service))
            reply = await ask(upstream, **asked)
            assert reply.cached == (number == 1)
            assert reply.data == {"rows": ["kept-row"], "echo": {"api_key": "(secret)"}}
            assert upstream.state().calls == {"today": 1.0, "this month": 1.0}
            assert KEY.encode() not in written(tmp_path)
        assert b"kept-row" in written(tmp_path)  # once closed: nobody waits for a reply to be kept
        assert KEY.encode() not in written(tmp_path)
        assert b"198.51.100.7" not in written(tmp_path)
    assert modes(tmp_path) == {0}


async def test_what_is_private_is_never_written_down(service: Service, tmp_path: Path) -> None:
    private = Lifetime(3600.0, private=True)
    service.body = {"city": "Secretville"}
    async with open_upstreams(tmp_path) as upstreams:
        upstream = upstreams.open(spec_of(service))
        await ask(upstream, private)
        assert (await ask(upstream, private)).cached
    assert b"Secretville" not in written(tmp_path)
    async with open_upstreams(tmp_path) as upstreams:
        assert not (await ask(upstreams.open(spec_of(service)), private)).cached


@pytest.mark.parametrize("damage", ["garbage", "folder", "newer", "no folder"])
async def test_a_file_that_is_no_good_costs_nothing_but_the_memory(
    damage: str, service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "backend.upstream.store")
    folder, file = tmp_path, tmp_path / FILE
    match damage:
        case "garbage":
            file.write_bytes(b"this is no database at all" * 400)
        case "folder":
            file.mkdir()
        case "newer":
            store = Store(folder)
            await store.count("thing", "2026-11-28", 1.0)
            assert store._connection is not None
            store._connection.execute("PRAGMA user_version = 99")
            await store.aclose()
        case "no folder":
            (tmp_path / "taken").write_text("")
            folder = tmp_path / "taken" / "below"
    for _ in range(2):
        async with open_upstreams(folder) as upstreams:
            assert (await ask(upstreams.open(spec_of(service)))).data == {"good": True}
    assert bool(caplog.records) == (damage != "newer")
    if damage in ("garbage", "newer"):  # begun anew
        async with open_upstreams(folder) as upstreams:
            assert (await ask(upstreams.open(spec_of(service)))).cached


def kept(size: int, at: float) -> Kept:
    return Kept(status=200, headers={}, data="x" * size, bytes=size, fetched_at=at, fresh_until=at + 900,
                stale_until=at + 900)  # fmt: skip


async def test_the_oldest_make_room() -> None:
    store = Store(max_bytes=100_000)
    now = time.time()
    for number in range(30):
        await store.keep(b"%d" % number, kept(10_000, now - 100 + number))
    found = [number for number in range(30) if await store.find(b"%d" % number, now) is not None]
    assert found == list(range(found[0], 30))
    assert 5 <= len(found) <= 9
    await store.aclose()


async def test_a_reply_from_the_future_is_not_believed() -> None:
    store = Store()
    now = time.time()
    await store.keep(b"k", kept(1, now + 3600))
    assert await store.find(b"k", now) is None
    await store.aclose()


async def test_two_processes_share_a_file(tmp_path: Path) -> None:
    one, other = Store(tmp_path), Store(tmp_path)
    now = time.time()
    for number in range(50):
        await asyncio.gather(
            one.keep(b"a%d" % number, kept(100, now)), other.keep(b"b%d" % number, kept(100, now)),
            one.count("thing", "2026-11-28", 1.0), other.count("thing", "2026-11-28", 1.0),
        )  # fmt: skip
    assert await other.find(b"a49", now) == await one.find(b"a49", now)
    assert await one.counted("2026-11-01") == {("thing", "2026-11-28"): 100.0}
    assert await one.counted("2026-12-01") == {}
    await asyncio.gather(one.aclose(), other.aclose())


async def test_a_reply_that_cannot_be_packed_is_only_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    store, now = Store(), time.time()
    await store.keep(b"k", msgspec.structs.replace(kept(1, now), data=object()))
    assert "replies are not kept" in caplog.text
    await store.aclose()


async def test_asking_offline_is_not_answered_from_memory(service: Service, upstreams: Upstreams) -> None:
    upstream = upstreams.open(spec_of(service))
    await ask(upstream)
    upstreams.offline = True
    with pytest.raises(UpstreamError, match="offline"):
        await ask(upstreams.open(spec_of(service, id="other")))
