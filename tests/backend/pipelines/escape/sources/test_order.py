"""Who is asked, in which order, and whose failure is news."""

from typing import Any

import pytest

from backend.pipelines.escape.settings import SOURCE_IDS, EscapeSettings
from backend.pipelines.escape.sources.order import Fact, chosen
from shared.secret import Secret

KEY = Secret("some-key-or-other")
LLM: dict[str, Any] = {"llm_base_url": "http://127.0.0.1:1/v1", "llm_model": "m"}


def ids(fact: Fact, *, offline: bool = False, **settings: Any) -> list[str]:
    """The ids chosen; those whose failure is news with a star."""
    found = chosen(fact, EscapeSettings(**settings), offline=offline)
    return [one.id + ("*" if one.configured and one.id != "embedded" else "") for one in found]


@pytest.mark.parametrize(
    ("fact", "settings", "order"),
    [
        ("where", {}, ["ip-api", "ipwho.is", "embedded"]),
        ("where", {"where_sources": ("embedded",)}, ["embedded"]),
        ("where", {"where_sources": ("ipwho.is", "ip-api")}, ["ipwho.is*", "ip-api*"]),
        ("wish", {}, ["embedded"]),
        ("wish", {"groq_api_key": KEY, "openai_api_key": KEY}, ["groq*", "openai*", "embedded"]),
        ("wish", {"groq_api_key": KEY, "cerebras_api_key": KEY, "llm_provider": "cerebras"},
         ["cerebras*", "groq*", "embedded"]),
        ("wish", {"groq_api_key": KEY, "llm_provider": "auto"}, ["groq*", "embedded"]),
        ("wish", {"llm_provider": "ollama"}, ["ollama*", "embedded"]),
        ("wish", {"groq_api_key": KEY, "llm_provider": "llamacpp"}, ["llamacpp*", "groq*", "embedded"]),
        ("wish", {"llm_provider": "embedded", "groq_api_key": KEY}, ["embedded", "groq*"]),
        ("wish", {"llm_model": "m"}, ["embedded"]),
        ("wish", LLM, ["llm*", "embedded"]),
        ("wish", {"wish_sources": ("ollama", "embedded"), "groq_api_key": KEY}, ["ollama*", "embedded"]),
        ("route", {}, ["embedded"]),
        ("route", {"airlabs_api_key": KEY}, ["airlabs*", "embedded"]),
        ("weather", {}, ["open-meteo", "embedded"]),
        ("weather", {"contact": "me@example.org"}, ["open-meteo", "met-norway*", "embedded"]),
        ("weather", {"openweather_api_key": KEY, "contact": "me@example.org"},
         ["openweather*", "open-meteo", "met-norway*", "embedded"]),
        ("weather", {"weather_sources": ("met-norway", "open-meteo")}, ["met-norway*", "open-meteo*"]),
    ],
    ids=str,
)  # fmt: skip
def test_the_order(fact: Fact, settings: dict[str, Any], order: list[str]) -> None:
    assert ids(fact, **settings) == order
    assert ids(fact, offline=True, **settings) == ["embedded"]


@pytest.mark.parametrize("fact", SOURCE_IDS)
def test_auto_always_ends_with_what_is_always_there(fact: Fact) -> None:
    everything: dict[str, Any] = {
        f"{name}_api_key": KEY for name in ("airlabs", "openweather", "groq", "cerebras", "openai")
    }
    order = ids(fact, contact="x", **LLM, **everything)
    assert order[-1] == "embedded"
    assert len(set(order)) == len(order)
    assert {one.rstrip("*") for one in order} <= set(SOURCE_IDS[fact])
