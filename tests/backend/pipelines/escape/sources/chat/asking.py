"""The whole pipeline asked with a language model on loopback and everything else from the bundled data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from backend.config import Config
from backend.pipelines.escape.settings import EscapeSettings
from shared import events as ev
from shared.secret import Secret
from tests.escape_runs import Answer, Asker, opened

KEY = "gsk_canary-4711-never-to-be-seen"
EMBEDDED = ("embedded",)
QUESTION = "somewhere hot tomorrow, under 5 hours, from Madrid"


def config(url: str, **settings: Any) -> Config:
    """Any OpenAI-compatible service at ``url``, unless ``settings`` say otherwise."""
    given = {
        "where_sources": EMBEDDED, "route_sources": EMBEDDED, "weather_sources": EMBEDDED,
        "llm_base_url": url, "llm_model": "m", "llm_api_key": Secret(KEY), **settings,
    }  # fmt: skip
    return Config(data_dir=Path(":memory:"), pipelines=(EscapeSettings(**given),))


@asynccontextmanager
async def asking(url: str, **settings: Any) -> AsyncIterator[Asker]:
    async with opened(config(url, **settings)) as asker:
        yield asker


async def ask(url: str, question: str = QUESTION, *, options: dict[str, Any] | None = None, **settings: Any) -> Answer:
    async with asking(url, **settings) as asker:
        return await asker.ask(question, options)


def ends(answer: Answer, step: str = "intent") -> list[ev.StepFinished]:
    """How the attempts of a step ended."""
    return [one for one in answer.events if isinstance(one, ev.StepFinished) and one.step == step]


def tokens(answer: Answer, kind: str = "answer", attempt: int = 1) -> str:
    """What the model wrote, as the run tells it."""
    told = [one for one in answer.events if isinstance(one, ev.StepToken) and one.attempt == attempt]
    return "".join(one.text for one in told if one.kind == kind)


def calls(answer: Answer, step: str = "intent") -> list[ev.Evidence]:
    logs = [one for one in answer.events if isinstance(one, ev.StepLog) and one.step == step]
    return [one.evidence for one in logs if one.evidence is not None]


def notices(answer: Answer) -> list[str]:
    return [one.text for one in answer.events if isinstance(one, ev.RunNotice)]
