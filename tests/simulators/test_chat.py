"""What all simulators of model services have in common."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.simulators.cerebras import CerebrasSimulator
from tests.simulators.chat_calls import JSON_MODE, WISH, ask, body, frames, said
from tests.simulators.groq import GroqSimulator
from tests.simulators.llamacpp import LlamaCppSimulator
from tests.simulators.ollama import OllamaSimulator
from tests.simulators.openai import OpenAISimulator
from tests.simulators.quota import go_duration
from tests.simulators.replies import Delta, Reply

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
