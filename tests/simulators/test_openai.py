"""The OpenAI simulator, and a server of somebody's own."""

from typing import Any

import httpx
import pytest

from tests.simulators.chat_calls import JSON_MODE, ask, frames, said
from tests.simulators.openai import KEY as OPENAI_KEY
from tests.simulators.openai import OpenAISimulator
from tests.simulators.replies import Delta, Reply


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"max_tokens": 5}, "unsupported_parameter"),
        ({"temperature": 0}, "unsupported_value"),
        ({"model": "gpt-4o-mini", "reasoning_effort": "low"}, "unsupported_parameter"),
        ({"text": "no such word", **JSON_MODE}, None),
    ],
)
async def test_refusals(client: httpx.AsyncClient, more: dict[str, Any], code: Any) -> None:
    async with OpenAISimulator() as sim:
        answer = await ask(client, sim, **more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
        assert len(sim.refusals) == 1


async def test_credit_keys_and_refusals(client: httpx.AsyncClient) -> None:
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
