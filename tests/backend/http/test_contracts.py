"""The contracts that programs are given: they are valid, they are true of what the server does, and they are whole."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema
import pytest_asyncio
from openapi_spec_validator import OpenAPIV32SpecValidator

from backend.app import create_app
from backend.runs.manager import RunManager
from backend.runs.sqlite import MEMORY, SQLiteRunLog
from tests.served import frames_of, running_server
from tests.tiny import tiny_pipeline


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with running_server([tiny_pipeline()]) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def fetched(http: httpx.AsyncClient, path: str) -> Any:
    answer = await http.get(path)
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def test_every_event_of_a_run_is_what_the_schema_says(http: httpx.AsyncClient) -> None:
    schema = await fetched(http, "/schema/events.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    types = set()
    for question in ("how many letters", "one degrade", "please fail"):
        answer = await http.post("/assist", json={"q": question})
        for frame in frames_of(answer.content):
            event = json.loads(frame.data)
            judge.validate(event)
            types.add(event["type"])
    assert types == {
        "run.started", "step.started", "step.progress", "step.log", "step.token", "step.finished", "rows.changed",
        "run.notice", "run.finished",
    }  # fmt: skip


async def test_the_schema_refuses_what_is_no_event(http: httpx.AsyncClient) -> None:
    judge = jsonschema.Draft202012Validator(await fetched(http, "/schema/events.json"))
    assert judge.is_valid({"type": "step.started", "seq": 2, "t": 0, "step": "a", "attempt": 1, "say": "A…"})
    assert judge.is_valid({"type": "step.started", "seq": 2, "t": 0, "step": "a", "attempt": 1, "say": "", "new": 1})
    assert not judge.is_valid({"type": "step.started", "seq": 2, "t": 0, "step": "a", "attempt": "1", "say": ""})
    assert not judge.is_valid({"type": "step.started", "seq": 2, "t": 0, "step": "a"})


async def test_the_openapi_document_is_valid_and_its_stream_is_made_of_events(http: httpx.AsyncClient) -> None:
    document = await fetched(http, "/openapi.json")
    OpenAPIV32SpecValidator(document).validate()
    content = document["paths"]["/assist"]["post"]["responses"]["200"]["content"]["text/event-stream"]
    assert content["itemSchema"]["properties"]["data"]["contentSchema"] == {"$ref": "#/components/schemas/Event"}
    assert "#/components/schemas/RunFinished" in json.dumps(document["components"]["schemas"]["Event"])
    assert document["components"]["schemas"]["AssistRequest"]["properties"]["pipeline"]["enum"] == ["tiny"]


async def test_every_route_is_described_and_nothing_else() -> None:
    log = SQLiteRunLog(MEMORY)
    app = create_app(RunManager(log), [tiny_pipeline()])
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    document = (await (await app.test_client().get("/openapi.json")).get_json())["paths"]
    assert {(path, method) for path, methods in document.items() for method in methods} == routes
    await log.aclose()


async def test_errors_are_the_problems_that_the_document_has(http: httpx.AsyncClient) -> None:
    document = await fetched(http, "/openapi.json")
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    answers = [await http.post("/assist", json={}), await http.get("/runs/nosuchrun"), await http.get("/nowhere")]
    for answer in answers:
        assert answer.headers["content-type"] == "application/problem+json"
        jsonschema.Draft202012Validator(schema).validate(answer.json())
