"""How the tests of model services ask, and what they read."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from tests.simulators.chat import ChatSimulator

QUESTION = 'Answer in JSON. Question: "somewhere hot tomorrow, under 4 hours, from New York"'
WISH = {"days_ahead": 1, "weather": "hot", "max_hours": 4, "origin": "New York"}
JSON_MODE = {"response_format": {"type": "json_object"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": ["string", "null"]}},
    "required": ["a"],
    "additionalProperties": False,
}


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
