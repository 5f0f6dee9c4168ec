"""The Groq simulator keeps to what is known of the service."""

from typing import Any

import httpx
import pytest

from tests.simulators.chat_calls import JSON_MODE, SCHEMA, ask, frames, said
from tests.simulators.clock import SimulatedClock
from tests.simulators.groq import KEY as GROQ_KEY
from tests.simulators.groq import GroqSimulator
from tests.simulators.replies import Reply


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"model": "llama-3.3-70b-versatile"}, 400, "model_decommissioned"),
        ({"model": "nothing"}, 404, "model_not_found"),
        ({"text": "no such word", **JSON_MODE}, 400, None),
        ({"bananas": 3}, 400, None),
        ({"reasoning_effort": "none"}, 400, None),
        ({"stream": True, "response_format": {"type": "json_schema", "json_schema": {}}}, 400, None),
        ({"text": "x" * 40_000}, 413, "rate_limit_exceeded"),
    ],
)
async def test_refusals(client: httpx.AsyncClient, more: dict[str, Any], status: int, code: Any) -> None:
    async with GroqSimulator() as sim:
        answer = await ask(client, sim, **more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert "retry-after" not in answer.headers
        assert len(sim.refusals) == (code in (None, "rate_limit_exceeded"))


async def test_keys(client: httpx.AsyncClient) -> None:
    async with GroqSimulator() as sim:
        answer = await client.post(f"{sim.url}/chat/completions", json={}, headers={"Authorization": "Bearer gsk_no"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        assert (await client.get(f"{sim.url}/models")).status_code == 401
        assert GROQ_KEY.startswith("gsk_")


@pytest.mark.parametrize("shown", [True, False])
async def test_json_mode_is_checked(client: httpx.AsyncClient, shown: bool) -> None:
    async with GroqSimulator(shows_failed=shown) as sim:
        sim.say("Sure! {", "Sure! {", "Sure! {")
        error = (await ask(client, sim, **JSON_MODE)).json()["error"]
        assert (error["code"], error["failed_generation"]) == ("json_validate_failed", "Sure! {" if shown else "")
        streamed = frames(await ask(client, sim, stream=True, **JSON_MODE))
        assert streamed[-2]["error"]["code"] == "json_validate_failed"
        sim.validates_json = False
        assert said(frames(await ask(client, sim, stream=True, **JSON_MODE))) == "Sure! {"


async def test_schemas(client: httpx.AsyncClient) -> None:
    def asked(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
        given = {"name": "wish", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": given}, **more}

    async with GroqSimulator() as sim:
        sim.say('{"a": "b"}', '{"b": 1}')
        assert (await ask(client, sim, **asked(SCHEMA))).status_code == 200
        assert "does not match" in (await ask(client, sim, **asked(SCHEMA))).json()["error"]["message"]
        breaches: list[dict[str, Any]] = [{"required": []}, {"additionalProperties": True}]
        for wrong in breaches:
            assert "invalid JSON schema" in (await ask(client, sim, **asked({**SCHEMA, **wrong}))).text
        other = await ask(client, sim, **asked(SCHEMA, model="qwen/qwen3.8-27b"))
        assert "does not support response format" in other.json()["error"]["message"]


async def test_headers_are_go_durations_and_requests_leak_back(client: httpx.AsyncClient) -> None:
    clock = SimulatedClock.frozen()
    async with GroqSimulator(clock=clock) as sim:
        for _ in range(2):
            headers = (await ask(client, sim)).headers
        assert headers["x-ratelimit-limit-requests"] == "1000"
        assert headers["x-ratelimit-remaining-requests"] == "998"
        assert headers["x-ratelimit-reset-requests"] == "2m52.8s"
        assert headers["x-ratelimit-limit-tokens"] == "8000"
        assert "retry-after" not in headers


async def test_tokens_of_the_minute(client: httpx.AsyncClient) -> None:
    clock = SimulatedClock.frozen()
    async with GroqSimulator(clock=clock) as sim:
        sim.tokens_minute.take(7297)
        answer = await ask(client, sim, max_completion_tokens=950)
        error = answer.json()["error"]
        assert (answer.status_code, error["type"], error["code"]) == (429, "tokens", "rate_limit_exceeded")
        assert "Limit 8000, Used 7297, Requested 974. Please try again in 2.0325s" in error["message"]
        assert answer.headers["retry-after"] == "3"
        clock.advance(seconds=3)
        assert (await ask(client, sim, max_completion_tokens=950)).status_code == 200


async def test_requests_of_the_minute(client: httpx.AsyncClient) -> None:
    async with GroqSimulator(clock=SimulatedClock.frozen(), requests_a_minute=2) as sim:
        answers = [await ask(client, sim) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["error"]["type"] == "requests"
        assert answers[2].headers["retry-after"] == "30"


async def test_reasoning_comes_first_and_the_usage_last(client: httpx.AsyncClient) -> None:
    async with GroqSimulator() as sim:
        sim.say(Reply("{}", reasoning="Tomorrow it is."))
        streamed = frames(await ask(client, sim, stream=True, stream_options={"include_usage": True}, **JSON_MODE))
        kinds = ["reasoning" if "reasoning" in c["choices"][0]["delta"] else "other" for c in streamed[1:-3]]
        assert kinds == sorted(kinds, reverse=True)
        assert streamed[1]["choices"][0]["delta"]["channel"] == "analysis"
        assert streamed[-2]["choices"] == []
        assert streamed[-2]["usage"]["total_tokens"] > 0
        assert streamed[-3]["x_groq"]["usage"]["total_tokens"] > 0
