"""One POST, repeated safely: the same key and body is the same run, whenever and however often it comes."""

import asyncio
import contextlib
from pathlib import Path

import httpx
import pytest

from tests.invariants import check_log
from tests.served import client, events_of, frames_of, running_server, without_heartbeats
from tests.tiny import Gate, tiny_pipeline

ASK = {"q": "how many letters are here"}


def keyed(key: str = "k1", last: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key, **({"Last-Event-ID": last} if last else {})}


async def test_the_same_key_and_body_is_the_same_run() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        first = await http.post("/assist", json=ASK, headers=keyed())
        again = await http.post("/assist", json=ASK, headers=keyed())
        other = await http.post("/assist", json=ASK, headers=keyed("k2"))
        check_log(events_of(first.content))
        assert again.status_code == 200
        assert without_heartbeats(again.content) == without_heartbeats(first.content)
        assert other.headers["windowseat-run"] != first.headers["windowseat-run"]
        assert len((await http.get("/runs")).json()["runs"]) == 2


async def test_reading_goes_on_after_the_last_event_seen() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        first = await http.post("/assist", json=ASK, headers=keyed())
        run, frames = first.headers["windowseat-run"], frames_of(first.content)
        for seq in range(len(frames) + 1):
            rest = await http.post("/assist", json=ASK, headers=keyed(last=f"{run}.{seq}"))
            assert frames_of(rest.content) == frames[seq:]


@pytest.mark.parametrize(
    "other",
    [
        {"q": "  how many letters are here "},
        {"q": ASK["q"], "pipeline": "tiny"},
        {"q": ASK["q"], "options": {}},
        {"q": ASK["q"], "options": {"on_disconnect": "grace"}},
    ],
)
async def test_what_means_the_same_is_the_same_body(other: dict[str, object]) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        first = await http.post("/assist", json=ASK, headers=keyed())
        again = await http.post("/assist", json=other, headers=keyed())
        assert again.headers["windowseat-run"] == first.headers["windowseat-run"]


@pytest.mark.parametrize(
    "other",
    [
        {"q": "how many letters are there"},
        {"q": ASK["q"], "options": {"on_disconnect": "cancel"}},
        {"q": ASK["q"], "options": {"tz": "Europe/Oslo"}},
    ],
)
async def test_another_body_under_the_same_key_is_a_conflict(other: dict[str, object]) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        await http.post("/assist", json=ASK, headers=keyed())
        refused = await http.post("/assist", json=other, headers=keyed())
        assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
        assert len((await http.get("/runs")).json()["runs"]) == 1


@pytest.mark.parametrize("at_once", [2, 10])
async def test_several_that_arrive_at_once_are_one_run(at_once: int) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        answers = await asyncio.gather(*(http.post("/assist", json=ASK, headers=keyed()) for _ in range(at_once)))
        assert len({answer.headers["windowseat-run"] for answer in answers}) == 1
        assert len({without_heartbeats(answer.content) for answer in answers}) == 1
        check_log(events_of(answers[0].content))
        assert len((await http.get("/runs")).json()["runs"]) == 1


async def test_on_two_servers_of_one_folder_they_are_one_run_too(tmp_path: Path) -> None:
    pipeline = tiny_pipeline()
    async with (
        running_server([pipeline], data_dir=tmp_path) as one,
        running_server([pipeline], data_dir=tmp_path) as two,
        client(one) as first,
        client(two) as second,
    ):
        for number in range(5):
            headers = keyed(f"k{number}")
            answers = await asyncio.gather(
                *(http.post("/assist", json=ASK, headers=headers) for http in (first, second, first, second))
            )
            assert len({without_heartbeats(answer.content) for answer in answers}) == 1
        assert len((await first.get("/runs")).json()["runs"]) == 5


async def test_a_request_whose_answer_was_lost_before_its_first_byte_joins_its_run() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)]) as url, client(url) as http:
        body = b'{"q":"please wait"}'
        host, port = httpx.URL(url).host, httpx.URL(url).port
        _, writer = await asyncio.open_connection(host, port)
        writer.write(
            b"POST /assist HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nidempotency-key: lost\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(body), body)
        )
        await gate.reached.wait()
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        async with http.stream("POST", "/assist", content=body, headers={
            **keyed("lost"), "content-type": "application/json"
        }) as again:  # fmt: skip
            gate.opened.set()
            check_log(events_of(await again.aread()))
        assert len((await http.get("/runs")).json()["runs"]) == 1


async def test_a_key_outlives_its_server(tmp_path: Path) -> None:
    async with running_server([tiny_pipeline()], data_dir=tmp_path) as url, client(url) as http:
        first = await http.post("/assist", json=ASK, headers=keyed())
    async with running_server([tiny_pipeline()], data_dir=tmp_path) as url, client(url) as http:
        again = await http.post("/assist", json=ASK, headers=keyed())
    assert without_heartbeats(again.content) == without_heartbeats(first.content)


async def test_a_key_is_forgotten_with_its_run() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run = (await http.post("/assist", json=ASK, headers=keyed())).headers["windowseat-run"]
        assert (await http.delete(f"/runs/{run}")).status_code == 204
        resumed = await http.post("/assist", json=ASK, headers=keyed(last=f"{run}.3"))
        assert resumed.status_code == 410, "what was read belongs to a run that is gone: no other one is begun"
        assert (await http.post("/assist", json=ASK, headers=keyed())).headers["windowseat-run"] != run


async def test_a_full_server_lets_a_repeat_in() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], max_runs=1) as url, client(url) as http:
        wait = {"q": "please wait"}
        async with http.stream("POST", "/assist", json=wait, headers=keyed()) as first:
            await gate.reached.wait()
            assert (await http.post("/assist", json=ASK, headers=keyed("k2"))).status_code == 503
            async with http.stream("POST", "/assist", json=wait, headers=keyed()) as again:
                assert again.headers["windowseat-run"] == first.headers["windowseat-run"]
                gate.opened.set()


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ä", "a\tb"])
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        headers = {b"Idempotency-Key": key.encode("latin1")}
        assert (await http.post("/assist", json=ASK, headers=headers)).status_code == 400


@pytest.mark.parametrize("last", ["abc.1", "garbage", "{run}.99", "{run}.-1"])
async def test_a_cursor_of_another_run_is_refused(last: str) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        run = (await http.post("/assist", json=ASK, headers=keyed())).headers["windowseat-run"]
        refused = await http.post("/assist", json=ASK, headers=keyed(last=last.replace("{run}", run)))
        assert refused.status_code in (400, 410)
