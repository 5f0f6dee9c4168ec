"""``options.previous``: a question that follows up an earlier run, on this server or on another with the same log."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.registry import PIPELINES
from shared import events as ev
from tests.served import client, events_of, running_server
from tests.tiny import tiny_pipeline


async def ask(http: httpx.AsyncClient, q: str, **body: Any) -> tuple[str, dict[str, ev.StepFinished]]:
    response = await http.post("/assist", json={"q": q, **body})
    assert response.status_code == 200, response.text
    ends = [event for event in events_of(response.content) if isinstance(event, ev.StepFinished)]
    return response.headers["windowseat-run"], {end.step: end for end in ends}


async def test_a_follow_up_builds_on_the_run_that_it_names() -> None:
    async with running_server(PIPELINES) as url, client(url) as http:
        run, _ = await ask(http, "cold tomorrow, under 5 hours, from Oslo")
        second, ends = await ask(http, "max 2 hours", options={"previous": run})
        assert ends["intent"].detail["changed"] == ["hours: 5 h → 2 h"]
        assert ends["locate"].say == "Oslo, Norway (as before)"
        _, ends = await ask(http, "the same", options={"previous": second})
        assert ends["intent"].detail["hours"] == 2.0
        assert ends["intent"].say.startswith("As before: ")


async def test_a_run_of_another_server_can_be_followed_up(tmp_path: Path) -> None:
    async with running_server(PIPELINES, data_dir=tmp_path) as url, client(url) as http:
        run, _ = await ask(http, "cold tomorrow, under 5 hours, from Oslo")
        async with running_server(PIPELINES, data_dir=tmp_path) as other, client(other) as there:
            _, ends = await ask(there, "max 2 hours", options={"previous": run})
    assert ends["intent"].detail["changed"] == ["hours: 5 h → 2 h"]


@pytest.mark.parametrize(
    ("pipeline", "previous", "status", "says"),
    [
        ("escape", "nope", 404, "There is no run 'nope'"),
        ("escape", "\x1b[2Jnope", 404, "There is no run 'nope'"),
        ("escape", 7, 422, "options.previous must be a text"),
        ("escape", "TINY", 422, "is one of 'tiny'; a question to 'escape' can't follow it up"),
        ("tiny", "TINY", 422, "There is no option 'previous'"),
    ],
)
async def test_a_run_that_can_not_be_followed_up_is_a_problem(
    pipeline: str, previous: object, status: int, says: str
) -> None:
    async with running_server([*PIPELINES, tiny_pipeline()]) as url, client(url) as http:
        tiny, _ = await ask(http, "how many letters", pipeline="tiny")
        options = {"previous": tiny if previous == "TINY" else previous}
        response = await http.post("/assist", json={"q": "warmer", "pipeline": pipeline, "options": options})
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert says in response.json()["detail"]
        assert len((await http.get("/runs")).json()["runs"]) == 1


async def test_a_follow_up_of_nothing_is_a_question_like_any_other() -> None:
    async with running_server(PIPELINES) as url, client(url) as http:
        _, ends = await ask(http, "cold from Oslo", options={"previous": ""})
        assert "changed" not in ends["intent"].detail or not ends["intent"].detail["changed"]


async def test_ag_ui_clients_follow_up_in_the_same_way() -> None:
    messages = [{"id": "m1", "role": "user", "content": "max 2 hours"}]
    fixed = {"threadId": "t1", "runId": "r1", "state": {}, "tools": [], "context": [], "messages": messages}
    async with running_server(PIPELINES) as url, client(url) as http:
        run, _ = await ask(http, "cold tomorrow, under 5 hours, from Oslo")
        response = await http.post("/agui", json={**fixed, "forwardedProps": {"options": {"previous": run}}})
        assert "Changed hours: 5 h → 2 h" in response.text
        response = await http.post("/agui", json={**fixed, "forwardedProps": {"options": {"previous": "nope"}}})
        assert response.status_code == 404


async def test_machines_can_ask_which_pipelines_take_follow_ups() -> None:
    async with running_server([*PIPELINES, tiny_pipeline()]) as url, client(url) as http:
        told = {one["name"]: one["follow_ups"] for one in (await http.get("/pipelines")).json()["pipelines"]}
    assert told == {"escape": True, "tiny": False}
