"""The real AG-UI client (``@ag-ui/client`` of npm, run by node) against a real server."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from backend.pipeline import Pipeline
from backend.registry import PIPELINES
from tests.served import running_server
from tests.tiny import Gate, tiny_pipeline

NPM = Path(__file__).parents[3] / "npm"

pytestmark = [pytest.mark.needs("node", "npm:@ag-ui/client")]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def pipeline(gate: Gate) -> Pipeline:
    return tiny_pipeline(gate)


@pytest_asyncio.fixture
async def url(pipeline: Pipeline) -> AsyncIterator[str]:
    async with running_server([pipeline]) as url:
        yield url


@pytest_asyncio.fixture
async def escape_url() -> AsyncIterator[str]:
    async with running_server(PIPELINES, offline=True) as url:
        yield url


async def agui(url: str, *runs: dict[str, Any]) -> list[dict[str, Any]]:
    """What the client ended with for each of ``runs``; it warned of nothing."""
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node, "agui_client.mjs", cwd=NPM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    given = json.dumps({"url": url, "runs": [{"threadId": "t1", "runId": "r1", **run} for run in runs]})
    out, _ = await process.communicate(given.encode())
    assert process.returncode == 0
    answer = json.loads(out)
    assert answer["warnings"] == []
    return list(answer["ended"])


async def test_a_question_is_answered_and_the_client_holds_what_our_own_view_holds(url: str) -> None:
    [ended] = await agui(url, {"question": "how many letters are a here"})
    assert ended["failure"] is None
    assert ended["outcome"]["type"] == "success"
    assert ended["outcome"]["result"]["status"] == "ok"
    async with httpx.AsyncClient() as http:
        view = (await http.get(f"{url}/runs/{ended['state']['run']}")).json()
    assert ended["state"]["status"] == view["state"] == "ok"
    assert ended["state"]["order"] == view["order"]
    assert ended["state"]["columns"] == view["columns"]
    rows = {row.pop("id"): row for row in view["rows"]}
    assert ended["state"]["rows"] == {row_id: without(row, "layers") for row_id, row in rows.items()}
    activities = {one["id"]: one["content"] for one in ended["messages"] if one["role"] == "activity"}
    for step in view["steps"]:
        assert activities[f"{view['run']}:{step['id']}"] == {"log": [], **without(step, "text")}
    said = [one["content"] for one in ended["messages"] if one["role"] == "assistant"]
    assert said == ["how many letters are a here ", view["say"]]
    assert ended["events"][0] == "RUN_STARTED"
    assert ended["events"][-1] == "RUN_FINISHED"
    assert ended["events"].count("STEP_STARTED") == ended["events"].count("STEP_FINISHED") == 3


async def test_what_a_model_thought_is_a_message_of_its_own_kind(url: str) -> None:
    [ended] = await agui(url, {"question": "think of three words"})
    assert ended["failure"] is None
    written = [(one["role"], one["content"]) for one in ended["messages"] if one["role"] in ("reasoning", "assistant")]
    assert written[:2] == [("reasoning", "Which is the longest? "), ("assistant", "think of three words ")]
    [joined] = await agui(url, {"forwardedProps": {"run": ended["state"]["run"], "after": 9}})
    assert joined["messages"] == without_question(ended["messages"])


async def test_joining_after_any_event_ends_with_the_same(url: str) -> None:
    [whole] = await agui(url, {"question": "one two degrade"})
    run = whole["state"]["run"]
    async with httpx.AsyncClient() as http:
        count = (await http.get(f"{url}/runs/{run}")).json()["upto"]
    joined = await agui(url, *({"forwardedProps": {"run": run, "after": after}} for after in range(count + 1)))
    assert len(joined) == count + 1
    for ended in joined:
        assert ended["failure"] is None
        assert ended["state"] == whole["state"]
        assert ended["outcome"] == whole["outcome"]
        assert ended["messages"] == without_question(whole["messages"])


async def test_a_run_is_joined_while_it_is_under_way(url: str, gate: Gate) -> None:
    first = asyncio.create_task(agui(url, {"question": "wait a little"}))
    await gate.reached.wait()
    async with httpx.AsyncClient() as http:
        run = (await http.get(f"{url}/runs")).json()["runs"][0]
        forwarded = {"run": run["run"], "after": run["events"]}
        body = {"threadId": "t1", "runId": "r1", "messages": [], "forwardedProps": forwarded}
        async with http.stream("POST", f"{url}/agui", json=body) as answer:
            lines = answer.aiter_lines()
            prelude = await anext(lines)
            assert prelude.startswith('data: {"type":"RUN_STARTED"')
            gate.opened.set()
            rest = [json.loads(line[6:]) async for line in lines if line.startswith("data: ")]
    [one] = await first
    assert one["outcome"]["type"] == "success"
    assert [event["stepName"] for event in rest if event["type"] == "STEP_FINISHED"] == ["count"]
    assert rest[-1]["result"] == one["outcome"]["result"]


async def test_a_cancelled_run_ends_cancelled_and_not_as_a_failure(url: str, gate: Gate) -> None:
    [ended] = await agui(url, {"question": "wait for ever", "cancel": True})
    assert ended["outcome"]["type"] == "cancelled"
    assert ended["failure"] is None
    assert gate.cancelled.is_set()
    assert ended["events"].count("STEP_STARTED") == ended["events"].count("STEP_FINISHED")


async def test_a_failed_run_is_an_error_with_its_sentence(url: str) -> None:
    [ended] = await agui(url, {"question": "please fail"})
    assert ended["outcome"] == {"type": "error", "code": "forbidden", "message": "A word is forbidden"}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("[", 400, "JSON"),
        ("{}", 422, "threadId"),
        ('{"threadId": "t", "runId": "r", "messages": []}', 422, "empty"),
        (
            '{"threadId": "t", "runId": "r", "messages": [{"id": "1", "role": "nobody", "content": "x"}]}',
            422,
            "messages",
        ),
        ('{"threadId": "t", "runId": "r", "messages": [], "forwardedProps": {"run": 3}}', 422, "forwardedProps"),
        ('{"threadId": "t", "runId": "r", "messages": [], "forwardedProps": {"run": "nosuchrun"}}', 404, "no run"),
        pytest.param("[" * 50_000, 400, "JSON", id="deep"),
    ],
)
async def test_what_is_no_input_is_a_problem(url: str, body: str, status: int, words: str) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/agui", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


async def test_frames_bear_the_id_of_the_event_behind_them(url: str) -> None:
    body = {"threadId": "t", "runId": "r", "messages": [{"id": "1", "role": "user", "content": "a b"}]}
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/agui", json=body)
    run = answer.headers["windowseat-run"]
    ids = [line.removeprefix("id: ") for line in answer.text.splitlines() if line.startswith("id: ")]
    assert ids[0] == f"{run}.1"
    assert "\r" not in answer.text
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


def without(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: part for name, part in value.items() if name != key}


def without_question(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in messages if one["role"] != "user"]


async def test_the_same_run_of_the_client_sent_again_is_the_same_run(url: str) -> None:
    one, two = await agui(url, {"question": "one two"}, {"question": "one two"})
    assert one["state"]["run"] == two["state"]["run"]
    [other] = await agui(url, {"question": "another", "runId": "r1"})
    assert "409" in other["failure"]


async def test_a_thread_that_has_a_run_is_followed_up_where_the_pipeline_does_that(escape_url: str) -> None:
    question = "somewhere hot tomorrow, under 5 hours, from New York"
    [first] = await agui(escape_url, {"question": question})
    body = {
        "threadId": "t1",
        "runId": "r2",
        "messages": [*first["messages"], {"id": "q2", "role": "user", "content": "max 3 hours"}],
    }
    async with httpx.AsyncClient(timeout=20) as http:
        answer = await http.post(f"{escape_url}/agui", json=body)
    assert "5 h → 3 h" in answer.text
