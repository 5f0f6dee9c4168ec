"""The simulators of model services keep to what is known of them."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from tests.simulators.cerebras import KEY as CEREBRAS_KEY
from tests.simulators.cerebras import CerebrasSimulator
from tests.simulators.chat import ChatSimulator
from tests.simulators.clock import SimulatedClock
from tests.simulators.groq import KEY as GROQ_KEY
from tests.simulators.groq import GroqSimulator
from tests.simulators.llamacpp import LlamaCppSimulator
from tests.simulators.ollama import OllamaSimulator
from tests.simulators.openai import KEY as OPENAI_KEY
from tests.simulators.openai import OpenAISimulator
from tests.simulators.quota import go_duration
from tests.simulators.replies import Delta, Reply

QUESTION = 'Answer in JSON. Question: "somewhere hot tomorrow, under 4 hours, from New York"'
WISH = {"days_ahead": 1, "weather": "hot", "max_hours": 4, "origin": "New York"}
JSON_MODE = {"response_format": {"type": "json_object"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": ["string", "null"]}},
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        yield client


def body(model: str, *, text: str = QUESTION, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], "max_completion_tokens": 600, **more}


async def ask(client: httpx.AsyncClient, sim: ChatSimulator, **more: Any) -> httpx.Response:
    headers = {} if sim.key is None else {"Authorization": f"Bearer {sim.key}"}
    given = {"model": sim.models[0], **more}
    return await client.post(f"{sim.url}/chat/completions", json=body(**given), headers=headers)


def frames(answer: httpx.Response) -> list[Any]:
    assert answer.headers["content-type"] == "text/event-stream"
    blocks = answer.text.split("\n\n")
    assert blocks[-1] == ""
    assert all(block.startswith("data: ") for block in blocks[:-1])
    return [block[6:] if block == "data: [DONE]" else json.loads(block[6:]) for block in blocks[:-1]]


def said(chunks: Sequence[Any], field: str = "content") -> str:
    found = [chunk["choices"][0]["delta"].get(field) for chunk in chunks if chunk != "[DONE]" and chunk.get("choices")]
    return "".join(piece or "" for piece in found)


EVERY = [GroqSimulator, CerebrasSimulator, OpenAISimulator, OllamaSimulator, LlamaCppSimulator]


@pytest.mark.parametrize("kind", EVERY)
async def test_all_answer_the_question_whole_and_streamed(client: httpx.AsyncClient, kind: Any) -> None:
    async with kind() as sim:
        answer = await ask(client, sim, **JSON_MODE)
        assert answer.status_code == 200
        whole = json.loads(answer.json()["choices"][0]["message"]["content"])
        assert whole.items() >= WISH.items()
        streamed = frames(await ask(client, sim, stream=True, **JSON_MODE))
        assert json.loads(said(streamed)) == whole
        assert len(streamed) > 20
        assert streamed[-1] == "[DONE]"
        assert streamed[-2]["choices"][0]["finish_reason"] == "stop"
        assert streamed[0]["choices"][0]["delta"]["role"] == "assistant"
        listed = await client.get(f"{sim.url}/models", headers={"Authorization": f"Bearer {sim.key}"})
        assert [row["id"] for row in listed.json()["data"]] == sim.models
        assert len(sim.prompts) == 2
        assert not sim.refusals


@pytest.mark.parametrize("kind", EVERY)
async def test_what_a_test_scripts(client: httpx.AsyncClient, kind: Any) -> None:
    async with kind() as sim:
        sim.say("Sorry, no.", Reply(deltas=["a", Delta(reasoning="hm"), Delta("b", delay_s=0.01)]))
        sim.model = lambda asked: f"echo {asked['messages'][0]['content'][:6]}"
        assert (await ask(client, sim)).json()["choices"][0]["message"]["content"] == "Sorry, no."
        streamed = frames(await ask(client, sim, stream=True))
        assert said(streamed) == "ab"
        assert said(streamed, sim.reasoning_field) == "hm"
        assert said(frames(await ask(client, sim, stream=True))) == "echo Answer"


async def test_streams_break_in_every_way(client: httpx.AsyncClient) -> None:
    async with OpenAISimulator.compatible() as sim:
        sim.say(
            Reply("half", done=False), Reply("cut", finish=None, done=False), Reply("no", error={"error": {"code": 9}})
        )
        assert frames(await ask(client, sim, stream=True))[-1] != "[DONE]"
        cut = frames(await ask(client, sim, stream=True))
        assert said(cut) == "cut"
        assert cut[-1]["choices"][0]["finish_reason"] is None
        assert frames(await ask(client, sim, stream=True))[-2] == {"error": {"code": 9}}
        sim.faults.next(cut_at=333)
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(client, sim, stream=True)
        sim.say(Reply(deltas=["never "], endless=True))
        url = f"{sim.url}/chat/completions"
        async with client.stream("POST", url, json=body("small", stream=True)) as answer:
            got = 0
            async for piece in answer.aiter_raw():
                got += len(piece)
                if got > 500_000:
                    break
        await sim.requests[-1].over.wait()
        assert sim.requests[-1].left
        sim.say(Reply(deltas=["a", Delta(raw=b": comment\n\ndata: {broken\n\n"), "b"]))
        assert "data: {broken\n\n" in (await ask(client, sim, stream=True)).text


async def test_frames_are_cut_inside_characters(client: httpx.AsyncClient) -> None:
    async with OpenAISimulator.compatible() as sim:
        sim.say("Zürich 東京 🏝")
        sim.faults.next(chunks=1)
        pieces: list[bytes] = []
        async with client.stream("POST", f"{sim.url}/chat/completions", json=body("small", stream=True)) as answer:
            async for piece in answer.aiter_raw():
                pieces.append(piece)
        assert {len(piece) for piece in pieces} == {1}
        text = b"".join(pieces).decode()
        blocks = [json.loads(block[6:]) for block in text.split("\n\n") if block.startswith("data: {")]
        assert said(blocks) == "Zürich 東京 🏝"


async def test_a_limit_of_tokens_ends_the_answer(client: httpx.AsyncClient) -> None:
    async with GroqSimulator() as sim:
        sim.say(Reply("{}", reasoning="a long thought about it all, and more of it"))
        streamed = frames(await ask(client, sim, stream=True, max_completion_tokens=4))
        assert said(streamed) == ""
        assert said(streamed, "reasoning")
        assert streamed[-2]["choices"][0]["finish_reason"] == "length"
        answer = await ask(client, sim, max_completion_tokens=4, **JSON_MODE)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "json_validate_failed"
        assert "max completion tokens" in answer.json()["error"]["message"]


class TestGroq:
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
    async def test_refusals(self, client: httpx.AsyncClient, more: dict[str, Any], status: int, code: Any) -> None:
        async with GroqSimulator() as sim:
            answer = await ask(client, sim, **more)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
            assert "retry-after" not in answer.headers
            assert len(sim.refusals) == (code in (None, "rate_limit_exceeded"))

    async def test_keys(self, client: httpx.AsyncClient) -> None:
        async with GroqSimulator() as sim:
            answer = await client.post(
                f"{sim.url}/chat/completions", json={}, headers={"Authorization": "Bearer gsk_no"}
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
            assert (await client.get(f"{sim.url}/models")).status_code == 401
            assert GROQ_KEY.startswith("gsk_")

    @pytest.mark.parametrize("shown", [True, False])
    async def test_json_mode_is_checked(self, client: httpx.AsyncClient, shown: bool) -> None:
        async with GroqSimulator(shows_failed=shown) as sim:
            sim.say("Sure! {", "Sure! {", "Sure! {")
            error = (await ask(client, sim, **JSON_MODE)).json()["error"]
            assert (error["code"], error["failed_generation"]) == ("json_validate_failed", "Sure! {" if shown else "")
            streamed = frames(await ask(client, sim, stream=True, **JSON_MODE))
            assert streamed[-2]["error"]["code"] == "json_validate_failed"
            sim.validates_json = False
            assert said(frames(await ask(client, sim, stream=True, **JSON_MODE))) == "Sure! {"

    async def test_schemas(self, client: httpx.AsyncClient) -> None:
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

    async def test_headers_are_go_durations_and_requests_leak_back(self, client: httpx.AsyncClient) -> None:
        clock = SimulatedClock.frozen()
        async with GroqSimulator(clock=clock) as sim:
            for _ in range(2):
                headers = (await ask(client, sim)).headers
            assert headers["x-ratelimit-limit-requests"] == "1000"
            assert headers["x-ratelimit-remaining-requests"] == "998"
            assert headers["x-ratelimit-reset-requests"] == "2m52.8s"
            assert headers["x-ratelimit-limit-tokens"] == "8000"
            assert "retry-after" not in headers

    async def test_tokens_of_the_minute(self, client: httpx.AsyncClient) -> None:
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

    async def test_requests_of_the_minute(self, client: httpx.AsyncClient) -> None:
        async with GroqSimulator(clock=SimulatedClock.frozen(), requests_a_minute=2) as sim:
            answers = [await ask(client, sim) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200, 200, 429]
            assert answers[2].json()["error"]["type"] == "requests"
            assert answers[2].headers["retry-after"] == "30"

    async def test_reasoning_comes_first_and_the_usage_last(self, client: httpx.AsyncClient) -> None:
        async with GroqSimulator() as sim:
            sim.say(Reply("{}", reasoning="Tomorrow it is."))
            streamed = frames(await ask(client, sim, stream=True, stream_options={"include_usage": True}, **JSON_MODE))
            kinds = ["reasoning" if "reasoning" in c["choices"][0]["delta"] else "other" for c in streamed[1:-3]]
            assert kinds == sorted(kinds, reverse=True)
            assert streamed[1]["choices"][0]["delta"]["channel"] == "analysis"
            assert streamed[-2]["choices"] == []
            assert streamed[-2]["usage"]["total_tokens"] > 0
            assert streamed[-3]["x_groq"]["usage"]["total_tokens"] > 0


class TestCerebras:
    async def test_errors_are_flat(self, client: httpx.AsyncClient) -> None:
        async with CerebrasSimulator() as sim:
            unknown = await ask(client, sim, model="nothing")
            assert (unknown.status_code, unknown.json()["type"]) == (404, "not_found_error")
            archived = await ask(client, sim, model="llama3.1-8b")
            assert archived.json()["type"] == "model_archived_error"
            wrong = await ask(client, sim, logit_bias={})
            assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong_api_format")
            sim.json_streams = False
            assert (await ask(client, sim, stream=True, **JSON_MODE)).status_code == 400
            sim.faults.next(status=503)
            assert set((await ask(client, sim)).json()) == {"message", "type", "param", "code"}
            bad = await client.get(f"{sim.url}/models", headers={"Authorization": "Bearer csk-no"})
            assert (bad.status_code, bad.json()["code"]) == (401, "wrong_api_key")
            assert CEREBRAS_KEY.startswith("csk-")

    async def test_five_a_minute(self, client: httpx.AsyncClient) -> None:
        clock = SimulatedClock.frozen()
        async with CerebrasSimulator(clock=clock) as sim:
            answers = [await ask(client, sim) for _ in range(6)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429]
            assert answers[0].headers["x-ratelimit-remaining-requests-minute"] == "4"
            assert answers[0].headers["x-ratelimit-reset-requests-minute"] == "53.000000"
            assert float(answers[0].headers["x-ratelimit-reset-tokens-minute"]) <= 60
            assert answers[0].headers["x-ratelimit-limit-requests-day"] == "2400"
            assert answers[0].headers["inference-id"]
            assert answers[5].headers["retry-after"] == "60"
            assert answers[5].json()["type"] == "too_many_requests_error"
            clock.advance(minutes=1)
            assert (await ask(client, sim)).status_code == 200

    async def test_tokens_are_reserved_up_front(self, client: httpx.AsyncClient) -> None:
        async with CerebrasSimulator() as sim:
            answer = await ask(client, sim, max_completion_tokens=None)
            assert (answer.status_code, answer.json()["code"]) == (429, "token_quota_exceeded")
            assert sim.refusals == ["Cerebras: no max_completion_tokens"]

    async def test_content_may_be_absent(self, client: httpx.AsyncClient) -> None:
        async with CerebrasSimulator() as sim:
            sim.say(Reply(deltas=[Delta(reasoning="only thoughts")]))
            answer = (await ask(client, sim)).json()
            assert "content" not in answer["choices"][0]["message"]
            assert isinstance(answer["time_info"]["created"], float)
            assert "x_groq" not in answer


class TestOpenAI:
    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"max_tokens": 5}, "unsupported_parameter"),
            ({"temperature": 0}, "unsupported_value"),
            ({"model": "gpt-4o-mini", "reasoning_effort": "low"}, "unsupported_parameter"),
            ({"text": "no such word", **JSON_MODE}, None),
        ],
    )
    async def test_refusals(self, client: httpx.AsyncClient, more: dict[str, Any], code: Any) -> None:
        async with OpenAISimulator() as sim:
            answer = await ask(client, sim, **more)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
            assert len(sim.refusals) == 1

    async def test_credit_keys_and_refusals(self, client: httpx.AsyncClient) -> None:
        async with OpenAISimulator(credit=False) as sim:
            assert (await ask(client, sim)).json()["error"]["code"] == "insufficient_quota"
            sim.credit = True
            sim.say(Reply(deltas=[Delta(refusal="I can't help with that.")]))
            assert said(frames(await ask(client, sim, stream=True)), "refusal") == "I can't help with that."
            headers = {"Authorization": "Bearer sk-wrong-one"}
            wrong = await client.post(f"{sim.url}/chat/completions", json={}, headers=headers)
            assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
            assert "wrong-one" not in wrong.text
            assert OPENAI_KEY not in wrong.text


async def test_ollama(client: httpx.AsyncClient) -> None:
    async with OllamaSimulator(load_s=0.05) as sim:
        unknown = await ask(client, sim, model="gone:7b")
        assert unknown.status_code == 404
        assert unknown.json()["error"]["type"] == "not_found_error"
        assert unknown.json()["error"]["code"] is None
        streamed = frames(await ask(client, sim, model="llama3.2", stream=True))
        assert {chunk["choices"][0]["delta"].get("role") for chunk in streamed[:-2]} == {"assistant"}
        assert streamed[0]["system_fingerprint"] == "fp_ollama"
        assert (await client.get(f"{sim.origin}/api/version")).json()["version"]
        assert (await client.get(sim.origin)).text == "Ollama is running"
        assert (await client.get(f"{sim.origin}/api/tags")).json()["models"][0]["name"] == "llama3.2:latest"


async def test_llamacpp(client: httpx.AsyncClient) -> None:
    async with LlamaCppSimulator(loading=2) as sim:
        assert (await client.get(f"{sim.origin}/health")).status_code == 503
        loading = await ask(client, sim)
        assert loading.json()["error"] == {"code": 503, "message": "Loading model", "type": "unavailable_error"}
        assert (await client.get(f"{sim.origin}/health")).json() == {"status": "ok"}
        answer = (await ask(client, sim, model="whatever")).json()
        assert answer["model"] == sim.models[0]
        assert answer["timings"]["prompt_n"] > 0
        long = await ask(client, sim, text="x" * 50_000)
        assert (long.status_code, long.json()["error"]["type"]) == (400, "exceed_context_size_error")
        sim.key = "local"
        refused = await client.get(f"{sim.url}/models")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, 401)


async def test_the_pace_of_an_answer(client: httpx.AsyncClient) -> None:
    async with OpenAISimulator.compatible() as sim:
        sim.first_s, sim.whole_s = 0.1, 0.3
        at: list[float] = []
        async with client.stream("POST", f"{sim.url}/chat/completions", json=body("small", stream=True)) as answer:
            start = sim.requests[0].at_s
            async for _ in answer.aiter_raw():
                at.append(time.monotonic() - start)
        assert at[0] < at[1]
        assert at[1] >= 0.1
        assert at[-1] >= 0.3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(172.8, "2m52.8s"), (7.66, "7.66s"), (0.547, "547ms"), (3386.88, "56m26.88s"), (3600, "1h0m0s"), (0, "0ms")],
)
def test_go_durations(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text
