"""Who is asked for a kind of fact, and in which order: ``auto``, or as the settings say."""

from typing import Literal, NamedTuple

from backend.pipelines.escape.settings import AUTO, EMBEDDED, SOURCE_IDS, EscapeSettings

Fact = Literal["where", "wish", "route", "weather"]
# These need no key and run on a machine of one's own: they are asked when named, not because they might be there.
_WHEN_NAMED = ("ollama", "llamacpp")


class Chosen(NamedTuple):
    """A source to be asked. ``configured``: somebody gave it a key or named it, so that its failure is news."""

    id: str
    configured: bool


def chosen(fact: Fact, settings: EscapeSettings, *, offline: bool = False) -> tuple[Chosen, ...]:
    """The sources for ``fact``, in order; the embedded one alone when ``offline``."""
    order: tuple[str, ...] = getattr(settings, f"{fact}_sources")
    if offline:
        return (Chosen(EMBEDDED, configured=True),)
    if order != (AUTO,):
        return tuple(Chosen(one, configured=True) for one in order)
    found = [one for one in SOURCE_IDS[fact] if _is_ready(one, settings)]
    first = settings.llm_provider if fact == "wish" else None
    if first is not None and first != AUTO:
        found = [first, *(one for one in found if one != first)]
    return tuple(Chosen(one, configured=one != EMBEDDED and not _is_keyless(one, settings)) for one in found)


def _is_ready(source: str, settings: EscapeSettings) -> bool:
    match source:
        case "airlabs" | "openweather" | "groq" | "cerebras" | "openai":
            return getattr(settings, f"{source}_api_key") is not None
        case "llm":
            return settings.llm_base_url is not None
        case "met-norway":
            return settings.contact is not None
    return source not in _WHEN_NAMED


def _is_keyless(source: str, settings: EscapeSettings) -> bool:
    """Whether ``auto`` took it without anybody having asked for it."""
    return source in ("ip-api", "ipwho.is", "open-meteo")
