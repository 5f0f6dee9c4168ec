"""Each service as it is known to be: asked over real HTTP, without breaking any rule of its own."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from backend.pipelines.escape.sources.chat import trouble as chat_trouble
from shared import events as ev
from shared.secret import Secret
from tests.backend.pipelines.escape.sources.chat.asking import KEY, asking, calls, ends, notices, tokens
from tests.escape_runs import Answer, Asker
from tests.simulators import cerebras, groq, openai
from tests.simulators.cerebras import CerebrasSimulator
from tests.simulators.chat import ChatSimulator
from tests.simulators.groq import GroqSimulator
from tests.simulators.llamacpp import LlamaCppSimulator
from tests.simulators.ollama import OllamaSimulator
from tests.simulators.openai import OpenAISimulator
from tests.simulators.replies import Reply

QUESTION = "somewhere hot tomorrow, under 4 hours, from New York"
SAID = "Hot (25 °C or more) tomorrow, Monday 23 November, at most 4 h of flight, from New York"
WISH = {"days_ahead": 1, "weather": "hot", "max_hours": 4, "origin": "New York"}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_trouble, "SHORT_S", 0.001)
    monkeypatch.setattr(chat_trouble, "LOADING_S", 0.001)


def keyed(name: str, key: str) -> Callable[[ChatSimulator], dict[str, Any]]:
    return lambda sim: {f"{name}_url": sim.url, f"{name}_api_key": Secret(key), "llm_base_url": None}


SERVICES: dict[str, tuple[type[ChatSimulator], Callable[[ChatSimulator], dict[str, Any]]]] = {
    "Groq": (GroqSimulator, keyed("groq", groq.KEY)),
    "Cerebras": (CerebrasSimulator, keyed("cerebras", cerebras.KEY)),
    "OpenAI": (OpenAISimulator, keyed("openai", openai.KEY)),
    "Ollama": (OllamaSimulator, lambda sim: {"ollama_url": sim.url, "llm_provider": "ollama", "llm_base_url": None}),
    "llama.cpp": (
        LlamaCppSimulator,
        lambda sim: {"llamacpp_url": sim.url, "llm_provider": "llamacpp", "llm_base_url": None},
    ),
    "another": (OpenAISimulator.compatible, lambda sim: {"llm_base_url": sim.url, "llm_model": "small"}),  # type: ignore[dict-item]
}


class Service:
    """A simulator, and settings that lead to it."""

    def __init__(self, name: str, sim: ChatSimulator, settings: dict[str, Any]) -> None:
        self.name, self.sim, self.settings = name, sim, settings

    async def ask(self, **settings: Any) -> Answer:
        async with self.asking(**settings) as asker:
            answer: Answer = await asker.ask(QUESTION)
        return answer

    def asking(self, **settings: Any) -> AbstractAsyncContextManager[Asker]:
        return asking("", **{**self.settings, **settings})


@pytest.fixture(params=SERVICES)
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    make, settings = SERVICES[request.param]
    async with make() as sim:
        yield Service(request.param, sim, settings(sim))


async def opened(name: str, **switches: Any) -> AsyncIterator[Service]:
    make, settings = SERVICES[name]
    async with make(**switches) as sim:
        yield Service(name, sim, settings(sim))


def error(answer: Answer) -> ev.ErrorInfo:
    """How the first attempt failed, after which the built-in reader read."""
    first, second = ends(answer)
    assert (first.status, second.status, second.say) == ("failed", "degraded", SAID)
    assert answer.end.status == "partial"
    assert first.error is not None
    assert notices(answer) == [f"{first.error.message}; the built-in reader read the wish instead."]
    return first.error


def assert_by_model(answer: Answer) -> None:
    assert [(one.status, one.say) for one in ends(answer)] == [("ok", SAID)]
    assert answer.end.status == "ok"


async def test_the_wish_is_read_in_one_request_that_breaks_no_rule(service: Service) -> None:
    service.sim.say(Reply(json.dumps(WISH), reasoning="They want the sun tomorrow."))
    answer = await service.ask()
    assert_by_model(answer)
    assert service.sim.refusals == []
    assert len(service.sim.prompts) == 1
    assert json.loads(tokens(answer)) == WISH
    assert tokens(answer, "reasoning") == "They want the sun tomorrow."
    body = service.sim.prompts[0]
    assert body["stream"] is True
    assert 0 < (body.get("max_completion_tokens") or body["max_tokens"]) <= 1000
    assert service.sim.requests[-1].bearer == (KEY if service.name == "another" else service.sim.key)


@pytest.mark.parametrize("model", ["openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b"])
async def test_every_model_of_groq_s_is_asked_as_it_likes(model: str) -> None:
    async for service in opened("Groq"):
        assert_by_model(await service.ask(groq_model=model))
        assert (service.sim.prompts[0]["model"], service.sim.refusals) == (model, [])


@pytest.mark.parametrize("model", openai.MODELS)
async def test_every_model_of_openai_s_is_asked_as_it_likes(model: str) -> None:
    async for service in opened("OpenAI"):
        assert_by_model(await service.ask(openai_model=model))
        assert (service.sim.prompts[0]["model"], service.sim.refusals) == (model, [])


@pytest.mark.parametrize("model", cerebras.MODELS)
async def test_every_model_of_cerebras_is_asked_as_it_likes(model: str) -> None:
    async for service in opened("Cerebras"):
        assert_by_model(await service.ask(cerebras_model=model))
        assert (service.sim.prompts[0]["model"], service.sim.refusals) == (model, [])


@pytest.mark.parametrize(
    ("name", "model", "instead"),
    [
        ("Groq", "llama-3.3-70b-versatile", "openai/gpt-oss-20b"),
        ("Groq", "no-such-model", "openai/gpt-oss-20b"),
        ("Cerebras", "llama-3.3-70b", "gpt-oss-120b"),
        ("Cerebras", "no-such-model", "gpt-oss-120b"),
        ("OpenAI", "gpt-2", "gpt-5-mini"),
        ("Ollama", "not-pulled", "llama3.2:latest"),
        ("another", "gone", "small"),
    ],
)
async def test_a_model_that_is_gone_is_said_and_another_is_asked(name: str, model: str, instead: str) -> None:
    setting = {"another": "llm"}.get(name, name.lower())
    async for service in opened(name):
        async with service.asking(**{f"{setting}_model": model}) as asker:
            first, second = await asker.ask(QUESTION), await asker.ask(QUESTION)
        assert_by_model(first)
        assert_by_model(second)
        assert [body["model"] for body in service.sim.prompts] == [model, instead, instead]
        assert [line for line in first.lines("intent") if f"has no model “{model}” (any more). Choose another" in line]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Groq", "Check GROQ_API_KEY, or what its plan allows."),
        ("Cerebras", "Check CEREBRAS_API_KEY, or what its plan allows."),
        ("OpenAI", "Check OPENAI_API_KEY, or what its plan allows."),
    ],
)
async def test_a_wrong_key(name: str, hint: str) -> None:
    async for service in opened(name):
        wrong = {f"{name.lower()}_api_key": Secret("not-the-key-at-all")}
        found = error(await service.ask(**wrong))
        assert (found.code, found.hint) == ("401", hint)
        assert found.message == f"{name} refuses access (401)"
        assert len(service.sim.requests) == 1


# ---- what is peculiar to one of them


async def test_groq_s_tokens_of_a_minute_are_used_up() -> None:
    async for service in opened("Groq", tokens_a_minute=2500):
        answers: list[Answer] = []
        async with service.asking() as asker:
            while len(answers) < 9 and (not answers or answers[-1].end.status == "ok"):
                answers.append(await asker.ask(QUESTION))
            found = error(answers[-1])
            sent = len(service.sim.requests)
            after = await asker.ask(QUESTION)
        assert found.code == "429"
        assert found.hint is not None
        assert found.hint.startswith("Ask again in ")
        assert len(service.sim.requests) == sent, "it is left alone for as long as it said"
        assert error(after).code == "429"


async def test_groq_finds_a_request_too_large() -> None:
    async for service in opened("Groq", tokens_a_minute=500):
        assert error(await service.ask()).code == "413"
        assert len(service.sim.requests) == 1


@pytest.mark.parametrize("shown", [True, False])
async def test_groq_could_not_validate_the_json(shown: bool) -> None:
    async for service in opened("Groq", shows_failed=shown):
        service.sim.say("I would love to.", json.dumps(WISH))
        answer = await service.ask()
        assert_by_model(answer)
        assert [call.status for call in calls(answer)] == ["http_4xx", 200]
        assert [call.retries for call in calls(answer)] == [0, 1]


async def test_groq_ran_out_of_tokens() -> None:
    async for service in opened("Groq"):
        service.sim.say(Reply(json.dumps(WISH), reasoning="Hm. " * 900), json.dumps(WISH))
        assert_by_model(await service.ask())
        first, second = service.sim.prompts
        assert second["max_completion_tokens"] == 2 * first["max_completion_tokens"]


async def test_cerebras_refuses_json_mode_in_a_stream_once() -> None:
    async for service in opened("Cerebras", json_streams=False):
        async with service.asking() as asker:
            assert_by_model(await asker.ask(QUESTION))
            assert_by_model(await asker.ask(QUESTION))
        assert ["response_format" in body for body in service.sim.prompts] == [True, False, False]


async def test_cerebras_allows_five_requests_a_minute() -> None:
    async for service in opened("Cerebras"):
        async with service.asking() as asker:
            for _ in range(5):
                assert_by_model(await asker.ask(QUESTION))
            found = error(await asker.ask(QUESTION))
            error(await asker.ask(QUESTION))
        assert (found.code, found.hint) == ("429", "Ask again in 60 s.")
        assert len(service.sim.requests) == 6


async def test_openai_has_no_credit_left() -> None:
    async for service in opened("OpenAI", credit=False):
        found = error(await service.ask())
        assert found.code == "429"
        assert "check your plan and billing details" in found.message
        assert len(service.sim.requests) == 1


async def test_ollama_loads_its_model_slowly() -> None:
    async for service in opened("Ollama", load_s=5):
        found = error(await service.ask(llm_first_token_s=0.2))
        assert found.code == "timeout"


async def test_llama_cpp_is_still_loading() -> None:
    async for service in opened("llama.cpp", loading=1):
        answer = await service.ask()
        assert_by_model(answer)
        assert [call.status for call in calls(answer)] == [503, 200]
    async for service in opened("llama.cpp", loading=9):
        assert "Loading model" in error(await service.ask()).message
        assert len(service.sim.requests) == 2


async def test_llama_cpp_s_context_is_too_small() -> None:
    async for service in opened("llama.cpp", context=100):
        assert "exceeds the available context size" in error(await service.ask()).message


async def test_the_order_is_the_settings() -> None:
    async with GroqSimulator() as one, CerebrasSimulator() as other:
        both = {**keyed("groq", groq.KEY)(one), **keyed("cerebras", cerebras.KEY)(other)}

        async def asked(**settings: Any) -> tuple[int, int]:
            before = len(one.requests), len(other.requests)
            async with asking("", **both, **settings) as asker:
                assert (await asker.ask(QUESTION)).end.status == "ok"
            return len(one.requests) - before[0], len(other.requests) - before[1]

        assert await asked() == (1, 0)
        assert await asked(llm_provider="cerebras") == (0, 1)
        assert await asked(wish_sources=("cerebras", "groq", "embedded")) == (0, 1)
        assert await asked(wish_sources=("groq",)) == (1, 0)
        assert await asked(llm_provider="embedded") == (0, 0)
