"""How every source fares, for ``windowseat doctor``: the cheapest call that shows whether it answers."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from backend.checking import Key, SourceReport
from backend.pipelines.escape.settings import EMBEDDED, SOURCE_IDS, EscapeSettings
from backend.pipelines.escape.sources import (
    airlabs,
    airlabs_replies,
    ip_api,
    ipwhois,
    met_norway,
    open_meteo,
    openweather,
)
from backend.pipelines.escape.sources.chat.models import spec as chat_spec
from backend.pipelines.escape.sources.chat.presets import PRESETS
from backend.pipelines.escape.sources.order import Chosen, Fact, chosen
from backend.pipelines.escape.sources.sources import Sources
from backend.upstream import Lifetime, Spec, Upstream, UpstreamError, UpstreamState

FACTS: Mapping[Fact, str] = {
    "where": "where you are", "wish": "what you wish", "route": "airports and routes", "weather": "weather",
}  # fmt: skip
BUNDLED: Mapping[Fact, tuple[str, str]] = {
    "where": ("bundled table", "the bundled table of addresses, then the time zone"),
    "wish": ("built-in reader", "reads English, Spanish, German and French by itself"),
    "route": ("bundled network", "the route network of August 2026, with few times"),
    "weather": ("typical weather", "what is usual on the day, which is no forecast"),
}
KEYS: Mapping[str, tuple[str, str]] = {
    "groq": ("GROQ_API_KEY", "https://console.groq.com/keys"),
    "cerebras": ("CEREBRAS_API_KEY", "https://cloud.cerebras.ai"),
    "openai": ("OPENAI_API_KEY", "https://platform.openai.com/api-keys"),
    "airlabs": ("AIRLABS_API_KEY", "https://airlabs.co/account"),
    "openweather": ("OPENWEATHER_API_KEY", "https://home.openweathermap.org/api_keys"),
    "met-norway": ("WINDOWSEAT_CONTACT", "your e-mail address or web site"),
    "llm": ("WINDOWSEAT_LLM_BASE_URL and WINDOWSEAT_LLM_MODEL", "any OpenAI-compatible service"),
    "ollama": ("WINDOWSEAT_WISH_SOURCES or LLM_PROVIDER", "with ollama in it"),
    "llamacpp": ("WINDOWSEAT_WISH_SOURCES or LLM_PROVIDER", "with llamacpp in it"),
}
"""What to set so that a source can be asked, and where to get it."""
KEPT_S = 600.0


class Probe(NamedTuple):
    """A call that shows whether a service answers; ``costs`` says what of the plan it uses up."""

    path: str
    params: Sequence[tuple[str, str | int | float]] = ()
    classify: Callable[[int, Any], UpstreamError | None] | None = None
    costs: str | None = None


_MODELS = Probe("/models")
_EQUATOR = (("latitude", 0), ("longitude", 0), ("daily", "temperature_2m_max"), ("timezone", "GMT"))
PROBES: Mapping[str, Probe] = {
    "ip-api": Probe("/json/", (("fields", "status,message"),)),
    "ipwho.is": Probe("/"),
    "groq": _MODELS,
    "cerebras": _MODELS,
    "openai": _MODELS,
    "ollama": _MODELS,
    "llamacpp": _MODELS,
    "llm": _MODELS,
    "airlabs": Probe("/ping", (), airlabs_replies.classify, "a call of the month"),
    "openweather": Probe("/forecast", (("lat", 0), ("lon", 0), ("cnt", 1)), None, "a call of the minute"),
    "open-meteo": Probe("/forecast", (*_EQUATOR, ("forecast_days", 1)), None, "a call of the day"),
    "met-norway": Probe("/compact", (("lat", 60.1), ("lon", 9.58))),
}


async def check_sources(resources: Mapping[Any, Any], deadline: float | None) -> list[SourceReport]:
    """A report for each source of each fact: those that a question would ask first, in their order."""
    sources: Sources = resources[Sources]
    checks = []
    for fact in FACTS:
        order = chosen(fact, sources.settings, offline=sources.offline)
        checks += [_check(fact, one, sources, deadline) for one in order]
        asked = {one.id for one in order}
        checks += [_unused(fact, one, sources) for one in SOURCE_IDS[fact] if one not in asked]
    return list(await asyncio.gather(*checks))


async def _check(fact: Fact, one: Chosen, sources: Sources, deadline: float | None) -> SourceReport:
    if one.id == EMBEDDED:
        return _bundled(fact, used=True)
    spec = spec_of(one.id, sources.settings)
    upstream = sources.upstreams.open(spec)
    key: Key = "none needed" if spec.key is None else "given"
    if not upstream.configured:
        return _report(fact, spec, upstream, key="missing" if spec.needs_key else key, works=False, says="isn't set up")
    if deadline is None:
        return _report(fact, spec, upstream, key=key, says=_last_known(upstream.state()))
    began = time.monotonic()
    try:
        age_s = await _ask(PROBES[one.id], upstream, deadline)
    except UpstreamError as error:
        refused = error.kind == "refused_key" and spec.key is not None
        return _report(
            fact, spec, upstream, key="refused" if refused else key, works=False, says=str(error), hint=error.hint
        )
    ago = f"answered {age_s:.0f} s ago" if age_s >= 1 else "answers"
    accepted: Key = "accepted" if spec.key is not None else key
    ms = round((time.monotonic() - began) * 1000) if age_s < 1 else None
    costs = PROBES[one.id].costs if age_s < 1 else None
    return _report(fact, spec, upstream, key=accepted, works=True, says=ago, costs=costs, ms=ms)


async def _ask(probe: Probe, upstream: Upstream, deadline: float) -> float:
    """The age of the answer in seconds: one that costs is asked for now and then only."""
    reply = await upstream.get_json(
        probe.path,
        params=probe.params,
        deadline=deadline,
        lifetime=Lifetime(KEPT_S, ours=True, private=True) if probe.costs else None,
        classify=probe.classify,
        scrub=lambda body: None,
    )
    return reply.age_s


async def _unused(fact: Fact, source: str, sources: Sources) -> SourceReport:
    if source == EMBEDDED:
        return _bundled(fact, used=False)
    spec = spec_of(source, sources.settings)
    is_missing = (spec.needs_key and spec.key is None) or not spec.base_url
    key: Key = "missing" if spec.needs_key and spec.key is None else "none needed" if spec.key is None else "given"
    if sources.offline:
        says, hint = "not asked: Windowseat is set to stay offline", None
    elif source in KEYS and (is_missing or source in ("ollama", "llamacpp")):
        says, (setting, where) = "not set up", KEYS[source]
        hint = f"Set {setting}: {where}."
    else:
        says, hint = f"not among {fact}_sources", None
    return SourceReport(fact=FACTS[fact], id=source, name=spec.name, used=False, key=key, says=says, hint=hint)


def _bundled(fact: Fact, *, used: bool) -> SourceReport:
    name, says = BUNDLED[fact]
    return SourceReport(fact=FACTS[fact], id=EMBEDDED, name=name, used=used, key="none needed", works=True, says=says)


def _report(fact: Fact, spec: Spec, upstream: Upstream, *, key: Key, **more: Any) -> SourceReport:
    quota = quota_in_words(upstream.state())
    return SourceReport(fact=FACTS[fact], id=spec.id, name=spec.name, used=True, key=key, quota=quota, **more)


def spec_of(source: str, settings: EscapeSettings) -> Spec:
    """How a source is called, whether it has what it needs or not."""
    for preset in PRESETS:
        if preset.id == source:
            return chat_spec(preset, settings)
    makers = (ip_api.spec, ipwhois.spec, airlabs.spec, openweather.spec, open_meteo.spec, met_norway.spec)
    return next(spec for maker in makers if (spec := maker(settings)).id == source)


def quota_in_words(state: UpstreamState) -> str | None:
    """ "871 of 1,000 calls left this month", or how many calls were made where nobody tells."""
    if state.quota is not None:
        of = f" of {state.quota.limit:,.0f}" if state.quota.limit is not None else ""
        per = {"": "", "day": " today"}.get(state.quota.per, f" this {state.quota.per}")
        return f"{state.quota.left:,.0f}{of} calls left{per}"
    month = state.calls.get("this month", 0)
    return f"{month:,.0f} calls made this month" if month else None


def _last_known(state: UpstreamState) -> str:
    if state.last_error is not None:
        return f"when last asked: {state.last_error}"
    return "answered when last asked" if state.last_ok_at is not None else "not asked yet"
