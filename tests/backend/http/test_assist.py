import asyncio
import json

import httpx
import pytest

from shared import events as ev
from tests.invariants import check_log
from tests.served import client, events_of, frames_of, running_server
from tests.tiny import Gate, tiny_pipeline

ASK = {"q": "how many letters are here"}


async def test_one_post_is_answered_by_the_run_itself() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        response = await http.post("/assist", json=ASK)
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache, no-transform"
        assert response.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in response.headers
        frames = frames_of(response.content)
        run = response.headers["windowseat-run"]
        assert [frame.id for frame in frames] == [f"{run}.{n}" for n in range(1, len(frames) + 1)]
        assert {frame.event for frame in frames} == {"message"}
        check_log(events_of(response.content))


async def test_a_reader_of_fifteen_lines_reads_the_stream_unchanged() -> None:
    # The reader of the article that this project began with: split on a blank line, take the data line, parse JSON.
    seen = []
    async with (
        running_server([tiny_pipeline()]) as url,
        httpx.AsyncClient(timeout=10, verify=False) as http,
        http.stream("POST", f"{url}/assist", json=ASK) as response,
    ):
        buffer = ""
        async for chunk in response.aiter_text():
            buffer += chunk
            while "\n\n" in buffer:
                block, buffer = buffer.split("\n\n", 1)
                for line in block.split("\n"):
                    if line.startswith("data:"):
                        seen.append(json.loads(line[len("data:") :]))
    assert seen[0]["type"] == "run.started"
    assert seen[-1] == seen[-1] | {"type": "run.finished", "status": "ok", "say": "21 letters"}
    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))


async def test_events_arrive_while_the_run_is_still_under_way() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)]) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as response:
            received = b""
            async for chunk in response.aiter_raw():
                received += chunk
                if b'"step":"measure","attempt":1,"status":"ok"' in received and not gate.opened.is_set():
                    assert b"run.finished" not in received
                    gate.opened.set()
        assert isinstance(events_of(received)[-1], ev.RunFinished)


async def test_silence_is_filled_with_heartbeats_that_name_the_head() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], heartbeat_s=0.05) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as response:
            received = b""
            async for chunk in response.aiter_raw():
                received += chunk
                if received.count(b": hb ") >= 4:
                    gate.opened.set()
        beats = [line for line in received.split(b"\n") if line.startswith(b": hb ")]
        heads = [int(line[5:]) for line in beats]
        assert heads == sorted(heads)
        assert heads[-1] == max(frame for frame in heads)
        check_log(events_of(received))


async def test_who_asks_for_the_head_of_a_stream_alone_gets_no_heartbeats() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], heartbeat_s=0.02) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as told:
            path = f"/runs/{told.headers['windowseat-run']}/events?after=0"
            reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
            writer.write(f"HEAD {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
            received = b""
            async for chunk in told.aiter_raw():
                received += chunk
                if received.count(b": hb ") >= 4:
                    gate.opened.set()
        async with asyncio.timeout(5):
            head = await reader.read()
        writer.close()
        assert head.startswith(b"HTTP/1.1 200")
        assert head.endswith(b"\r\n\r\n")
        assert b": hb" not in head


@pytest.mark.parametrize(
    ("body", "content_type", "status", "says"),
    [
        (b'{"q": "x"}', "text/plain", 415, "application/json"),
        (b"{", "application/json", 400, "JSON"),
        (b"\xff\xfe", "application/json", 400, "JSON"),
        (b'{"q": "x", "options": {"a": ' + b"[" * 60_000, "application/json", 400, "JSON"),
        (b"[" * 60_000, "application/json", 422, "object"),
        (b'{"q": NaN}', "application/json", 400, "JSON"),
        (b'"q"', "application/json", 422, "object"),
        (b"{}", "application/json", 422, "q"),
        (b'{"q": 7}', "application/json", 422, "str"),
        (b'{"q": ""}', "application/json", 422, "empty"),
        (b'{"q": " \\u001b[2J \\u0000 "}', "application/json", 422, "empty"),
        (b'{"q": "x", "colour": 1}', "application/json", 422, "colour"),
        (b'{"q": "x", "options": {"speed": 1}}', "application/json", 422, "speed"),
        (b'{"q": "x", "options": {"tz": 1}}', "application/json", 422, "tz"),
        (b'{"q": "x", "options": {"on_disconnect": "explode"}}', "application/json", 422, "on_disconnect"),
        (b'{"q": "x", "pipeline": "nope"}', "application/json", 404, "tiny"),
        (b'{"q": "' + b"x" * 2001 + b'"}', "application/json", 422, "2,000"),
        (b'{"q": "' + b"x" * 70_000 + b'"}', "application/json", 413, ""),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else None,
)
async def test_a_bad_request_gets_a_problem_that_says_what_to_mend(
    body: bytes, content_type: str, status: int, says: str
) -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        response = await http.post("/assist", content=body, headers={"content-type": content_type})
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["status"] == status
        assert {"type", "title", "detail"} <= problem.keys()
        assert says in problem["detail"] + problem.get("hint", "")
        assert (await http.get("/runs")).json() == {"runs": []}


async def test_pages_of_other_sites_can_not_start_a_run() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await http.post("/assist", json=ASK, headers=headers)).status_code == 403
        assert (await http.post("/assist", json=ASK, headers={"Origin": url})).status_code == 200


async def test_a_failed_run_is_still_a_whole_stream() -> None:
    async with running_server([tiny_pipeline()]) as url, client(url) as http:
        events = events_of((await http.post("/assist", json={"q": "please fail"})).content)
        check_log(events)
        end = events[-1]
        assert isinstance(end, ev.RunFinished)
        assert end.status == "failed"
        assert end.error == ev.ErrorInfo(
            code="forbidden", message="A word is forbidden", hint="Leave out “fail”.", retryable=False
        )


async def test_a_full_server_says_when_to_come_back() -> None:
    gate = Gate()
    async with (
        running_server([tiny_pipeline(gate)], max_runs=1) as url,
        client(url) as http,
        http.stream("POST", "/assist", json={"q": "please wait"}),
    ):
        await gate.reached.wait()
        refused = await http.post("/assist", json=ASK)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        gate.opened.set()


async def test_the_run_goes_on_when_its_reader_leaves_and_is_cancelled_after_the_grace_time() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], grace_s=0.05) as url, client(url) as http:
        async with http.stream("POST", "/assist", json={"q": "please wait"}) as response:
            run = response.headers["windowseat-run"]
            await gate.reached.wait()
        await asyncio.wait_for(gate.cancelled.wait(), 5)
        stream = await http.get(f"/runs/{run}/events")
        end = events_of(stream.content)[-1]
        assert isinstance(end, ev.RunFinished)
        assert end.status == "cancelled"


async def test_a_run_that_shall_continue_does_so_with_nobody_watching() -> None:
    gate = Gate()
    async with running_server([tiny_pipeline(gate)], grace_s=0.0) as url, client(url) as http:
        body = {"q": "please wait", "options": {"on_disconnect": "continue"}}
        async with http.stream("POST", "/assist", json=body) as response:
            run = response.headers["windowseat-run"]
            await gate.reached.wait()
        gate.opened.set()
        events = events_of((await http.get(f"/runs/{run}/events")).content)
        check_log(events)
        assert events[-1].status == "ok"  # type: ignore[union-attr]  # run.finished, as check_log proved


async def test_h2_and_double_lengths_are_refused() -> None:
    async with running_server([tiny_pipeline()]) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        writer.write(
            b"POST /assist HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        )
        answer = await reader.read()
        assert b" 400 " in answer.split(b"\r\n")[0]
        assert b"exclude each other" in answer
        writer.close()
