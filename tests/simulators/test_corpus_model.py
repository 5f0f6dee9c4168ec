"""The corpus of hostile models is large, says what is right, and arrives as it is meant through each dialect."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from shared.frames import FrameParser
from tests.simulators.chat import ChatSimulator
from tests.simulators.corpus_model import CORE, MEANT, QUESTION, ModelCase
from tests.simulators.groq import GroqSimulator
from tests.simulators.llamacpp import LlamaCppSimulator
from tests.simulators.model_cases import model_corpus
from tests.simulators.openai import OpenAISimulator
from tests.simulators.wishes import wish_of

CASES = model_corpus()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=httpx.Timeout(2, read=0.25), trust_env=False) as client:
        yield client


def test_it_is_large_and_says_what_is_right() -> None:
    counted = Counter(case.right for case in CASES)
    assert len(CASES) >= 300
    assert min(counted.values()) >= 50
    assert {case.name.partition(":")[0] for case in CASES} == {
        "format", "no answer", "another schema", "value", "injected", "stream", "service",
    }  # fmt: skip
    assert all(case.reply or case.make for case in CASES)
    assert all(case.wants is not None for case in CASES if case.right == "usable")


def test_the_model_means_what_no_reader_finds() -> None:
    found = wish_of(QUESTION)
    assert found["weather"] == "hot"
    assert all(found[key] != value for key, value in CORE.items())
    assert set(found) == set(MEANT)


async def streamed(client: httpx.AsyncClient, sim: ChatSimulator, most: int = 3 << 19) -> tuple[str, str]:
    """(outcome, content) of a completion as a careful client reads it."""
    headers = {} if sim.key is None else {"Authorization": f"Bearer {sim.key}"}
    asked = {
        "model": sim.models[0], "messages": [{"role": "user", "content": f'As JSON. Question: "{QUESTION}"'}],
        "stream": True, "response_format": {"type": "json_object"},
    }  # fmt: skip
    got, text, parser = 0, "", FrameParser(8 << 20)
    try:
        async with client.stream("POST", f"{sim.url}/chat/completions", json=asked, headers=headers) as answer:
            async for piece in answer.aiter_bytes():
                got += len(piece)
                text += "".join(content(one.data) for one in parser.feed(piece))
                if got > most:
                    return "too large", text
            return str(answer.status_code), text
    except (httpx.HTTPError, ValueError) as error:
        return type(error).__name__, text


def content(data: str | bytes) -> str:
    try:
        found: Any = json.loads(data)["choices"][0]["delta"]["content"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""
    return found if isinstance(found, str) else ""


def is_whole(case: ModelCase) -> bool:
    """Whether all that the model says comes through, in frames of the dialect."""
    reply = case.reply
    return case.make is None and reply is not None and not (reply.endless or any(one.raw for one in reply.pieces()))


@pytest.mark.parametrize(
    ("kind", "cases"),
    [
        *((OpenAISimulator.compatible, CASES[part::3]) for part in range(3)),
        (GroqSimulator, CASES[::7]),
        (LlamaCppSimulator, CASES[3::7]),
    ],
)
async def test_every_case_arrives(client: httpx.AsyncClient, kind: Any, cases: Sequence[ModelCase]) -> None:
    async with kind() as sim:
        if isinstance(sim, GroqSimulator):
            for bucket in (sim.requests_minute, sim.requests_day, sim.tokens_minute, sim.tokens_day):
                bucket.limit = 1e12
        outcomes: dict[ModelCase, str] = {}
        for case in cases:
            case.script(sim)
            outcomes[case], text = await streamed(client, sim)
            if is_whole(case) and case.reply is not None:
                assert text == case.reply.content, case
    assert {outcomes[case] for case in outcomes if case.right == "usable" or is_whole(case)} == {"200"}
    assert {outcomes[case] for case in outcomes if case.reply and case.reply.endless} <= {"too large"}
    refused = {case: case.make().status for case in outcomes if case.make is not None}
    assert all(outcomes[case] == str(status) for case, status in refused.items() if status is not None)
