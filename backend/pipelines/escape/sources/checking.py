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
    fields,
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
from backend.upstream import Lifetime, Spec, Upstream, UpstreamError, UpstreamState, in_words

FACTS: Mapping[Fact, str] = {
    "where": "where you are", "wish": "what you wish", "route": "airports and routes", "weather": "weather",
}  # fmt: skip
BUNDLED: Mapping[Fact, tuple[str, str]] = {
    "where": ("bundled table", "the bundled table of addresses, then the time zone"),
    "wish": ("built-in reader", "reads English, Spanish, German and French by itself"),
    "route": ("bundled network", "the route network of August 2026, with few times"),
    "weather": ("typical weather", "what is usual on the day, which is no forecast"),
}
SETTINGS: Mapping[str, tuple[str, str]] = {
    "groq": ("GROQ_API_KEY", "https://console.groq.com/keys has keys"),
    "cerebras": ("CEREBRAS_API_KEY", "https://cloud.cerebras.ai has keys"),
    "openai": ("OPENAI_API_KEY", "https://platform.openai.com/api-keys has keys"),
    "airlabs": ("AIRLABS_API_KEY", "https://airlabs.co/account has keys"),
    "openweather": ("OPENWEATHER_API_KEY", "https://home.openweathermap.org/api_keys has keys"),
    "met-norway": ("WINDOWSEAT_CONTACT", "its terms want an e-mail address or a web site of yours"),
    "llm": ("WINDOWSEAT_LLM_BASE_URL", "with WINDOWSEAT_LLM_MODEL it names any OpenAI-compatible service"),
    "ollama": ("LLM_PROVIDER=ollama", "it is asked when named"),
    "llamacpp": ("LLM_PROVIDER=llamacpp", "it is asked when named"),
}
"""What to set so that a source can be asked, and why or where to get it."""
KEPT_S = 600.0
UNCOUNTED = ("ollama", "llamacpp", "llm")
"""Nothing is known of a plan that would count their calls."""


class Probe(NamedTuple):
    """A call that shows whether a service answers; ``costs`` says what of the plan it uses up. ``read`` raises
    UpstreamError for a body that isn't what the service answers when all is well."""

    path: str
    params: Sequence[tuple[str, str | int | float]] = ()
    classify: Callable[[int, Any], UpstreamError | None] | None = None
    costs: str | None = None
    read: Callable[[Any], Any] | None = None


def _read_daily(body: Any) -> None:
    if not fields.mapping(fields.mapping(body).get("daily")):
        raise UpstreamError(open_meteo.NAME, "bad_payload", f"{open_meteo.NAME}'s answer holds no forecast", status=200)


_MODELS = Probe("/models")
_EQUATOR = (("latitude", 0), ("longitude", 0), ("daily", "temperature_2m_max"), ("timezone", "GMT"))
PROBES: Mapping[str, Probe] = {
    "ip-api": Probe("/json/", (("fields", ip_api.FIELDS),), read=ip_api.read),
    "ipwho.is": Probe("/", read=ipwhois.read),
    "groq": _MODELS,
    "cerebras": _MODELS,
    "openai": _MODELS,
    "ollama": _MODELS,
    "llamacpp": _MODELS,
    "llm": _MODELS,
    "airlabs": Probe("/ping", (), airlabs_replies.classify, "a call of the month"),
    "openweather": Probe(
        "/forecast",
        (("lat", 0), ("lon", 0), ("cnt", 1), ("units", "metric")),
        costs="a call of the minute",
        read=openweather.scrub,
    ),
    "open-meteo": Probe(
        "/forecast", (*_EQUATOR, ("forecast_days", 1)), open_meteo.classify, "a call of the day", _read_daily
    ),
    "met-norway": Probe("/compact", (("lat", 60.1), ("lon", 9.58)), read=met_norway.scrub),
}


async def check_sources(resources: Mapping[Any, Any], deadline: float | None) -> list[SourceReport]:
    """A report for each source of each fact: those that a question would ask first, in their order."""
    sources: Sources = resources[Sources]
    if deadline is not None:
        sources.upstreams.look_again()
    reports: list[SourceReport] = []
    checks = []
    for fact in FACTS:
        if fact == "where" and (place := _place_set(sources.settings)) is not None:
            reports.append(place)
            checks += [_unused(fact, one, sources, instead="a place is set") for one in SOURCE_IDS[fact]]
            continue
        order = chosen(fact, sources.settings, offline=sources.offline)
        checks += [_check(fact, one, sources, deadline) for one in order]
        asked = {one.id for one in order}
        checks += [_unused(fact, one, sources) for one in SOURCE_IDS[fact] if one not in asked]
    return reports + list(await asyncio.gather(*checks))


def _place_set(settings: EscapeSettings) -> SourceReport | None:
    """The place that is taken before anybody is asked, if one is set."""
    if settings.demo_lat is None or settings.demo_lon is None:
        return None
    place = settings.demo_city or f"{settings.demo_lat:g}, {settings.demo_lon:g}"
    return SourceReport(
        fact=FACTS["where"], id="setting", name="place you set", used=True, wanted=True, key="none needed", works=True,
        says=f"{place}, by DEMO_LAT and DEMO_LON",
    )  # fmt: skip


async def _check(fact: Fact, one: Chosen, sources: Sources, deadline: float | None) -> SourceReport:
    if one.id == EMBEDDED:
        return _bundled(fact, used=True)
    upstream = sources.upstreams.open(spec_of(one.id, sources.settings))
    probe, has_key = PROBES[one.id], upstream.spec.key is not None

    def report(key: Key, **more: Any) -> SourceReport:
        counted = one.id not in UNCOUNTED and more.get("works") is not False
        return SourceReport(
            fact=FACTS[fact], id=one.id, name=upstream.name, used=True, wanted=one.configured, key=key,
            quota=quota_in_words(upstream.state(), counted=counted), **more,
        )  # fmt: skip

    if not upstream.configured:
        setting, why = SETTINGS[one.id]
        return report("missing", works=False, says="not set up", hint=f"Set {setting}: {why}.", setting=setting)
    if deadline is None:
        return report("given" if has_key else "none needed", says=_last_known(upstream.state()))
    began = time.monotonic()
    try:
        age_s = await _ask(probe, upstream, deadline)
    except UpstreamError as error:
        key: Key = "refused" if error.kind == "refused_key" else "given"
        return report(key if has_key else "none needed", works=False, says=str(error), hint=error.hint or _when(error))
    ms = round((time.monotonic() - began) * 1000)
    key = "accepted" if has_key else "none needed"
    if (quota := upstream.state().quota) is not None and quota.left <= 0:
        return report(key, works=False, says="answers, but has no calls left", costs=probe.costs)
    if age_s >= 1:
        return report(key, works=True, says=f"answered {age_s:.0f} s ago")
    return report(key, works=True, says="answers", ms=ms, costs=probe.costs)


def _when(error: UpstreamError) -> str | None:
    """When it can be asked again, where it says so."""
    told = error.retry_after_s is not None and not error.unasked and error.kind in ("rate_limited", "quota")
    return f"It can be asked again in {in_words(error.retry_after_s or 0)}." if told else None


async def _ask(probe: Probe, upstream: Upstream, deadline: float) -> float:
    """The age of the answer in seconds: one that costs is asked for now and then only."""

    def read(body: Any) -> None:
        if probe.read is not None:
            probe.read(body)  # nothing of it is kept

    reply = await upstream.get_json(
        probe.path,
        params=probe.params,
        deadline=deadline,
        lifetime=Lifetime(KEPT_S, ours=True, private=True) if probe.costs else None,
        classify=probe.classify,
        scrub=read,
    )
    return reply.age_s


async def _unused(fact: Fact, source: str, sources: Sources, instead: str | None = None) -> SourceReport:
    """A source that isn't asked, and why: what is used ``instead`` of it, or what it lacks."""
    if source == EMBEDDED:
        return _bundled(fact, used=False, says=instead)
    spec = spec_of(source, sources.settings)
    lacks_key = spec.needs_key and spec.key is None
    key: Key = "missing" if lacks_key else "none needed" if spec.key is None else "given"
    says, hint, setting = f"not among {fact}_sources", None, None
    if instead is not None:
        says = instead
    elif sources.offline:
        says = "offline"
    elif lacks_key or not spec.base_url or source in ("ollama", "llamacpp"):
        setting, why = SETTINGS[source]
        says, hint = "not set up", f"Set {setting}: {why}."
    name = spec.name if spec.base_url or source != "llm" else "another model"
    return SourceReport(
        fact=FACTS[fact], id=source, name=name, used=False, key=key, says=says, hint=hint, setting=setting
    )


def _bundled(fact: Fact, *, used: bool, says: str | None = None) -> SourceReport:
    name, what = BUNDLED[fact]
    return SourceReport(
        fact=FACTS[fact], id=EMBEDDED, name=name, used=used, key="none needed", works=True, says=says or what
    )


def spec_of(source: str, settings: EscapeSettings) -> Spec:
    """How a source is called, whether it has what it needs or not."""
    for preset in PRESETS:
        if preset.id == source:
            return chat_spec(preset, settings)
    makers = (ip_api.spec, ipwhois.spec, airlabs.spec, openweather.spec, open_meteo.spec, met_norway.spec)
    return next(spec for maker in makers if (spec := maker(settings)).id == source)


def quota_in_words(state: UpstreamState, *, counted: bool = True) -> str | None:
    """ "871 of 1,000 calls left this month", or how many calls were ``counted`` here where nobody tells."""
    if state.quota is not None:
        of = f" of {state.quota.limit:,.0f}" if state.quota.limit is not None else ""
        per = {"": "", "day": " today"}.get(state.quota.per, f" this {state.quota.per}")
        return f"{state.quota.left:,.0f}{of} calls left{per}"
    month = round(state.calls.get("this month", 0)) if counted else 0
    return f"{month:,} {'call' if month == 1 else 'calls'} this month" if month else None


def _last_known(state: UpstreamState) -> str:
    if state.last_error is not None:
        return f"when last asked: {state.last_error}"
    return "answered when last asked" if state.last_ok_at is not None else "not asked yet"
