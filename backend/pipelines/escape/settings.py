"""What can be set about the escape pipeline: keys, addresses of services, who is asked in which order.

The table ``[escape]`` of the TOML file, ``WINDOWSEAT_<NAME>``, a flag; the variables of the original demo work as they
are (``AIRLABS_API_KEY``, ``GROQ_MODEL``, ``DEMO_LAT`` …).
"""

import dataclasses
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.secret import Secret
from shared.settings import SettingError, setting

AUTO = "auto"
EMBEDDED = "embedded"
SOURCE_IDS = {
    "where": ("ip-api", "ipwho.is", EMBEDDED),
    "wish": ("groq", "cerebras", "openai", "ollama", "llamacpp", "llm", EMBEDDED),
    "route": ("airlabs", EMBEDDED),
    "weather": ("openweather", "open-meteo", "met-norway", EMBEDDED),
}
"""By kind of fact, the sources there are. ``auto`` asks those that have a key or need none, in this order."""
_ORDER = "in which order {} asked: auto, or a list of "


@dataclass(frozen=True, slots=True)
class EscapeSettings:
    """Every setting of the escape pipeline. Raises SettingError for values that don't go together."""

    cold_max_c: float = setting(20.0, "a day's high up to this is cold (°C)")
    hot_min_c: float = setting(25.0, "a day's high from this on is hot (°C)")
    demo_lat: float | None = setting(
        None, "latitude of the traveller, if nothing else says it", minimum=-90, maximum=90, env=["DEMO_LAT"]
    )
    demo_lon: float | None = setting(None, "longitude of the traveller", minimum=-180, maximum=180, env=["DEMO_LON"])
    demo_city: str | None = setting(None, "name of that place", env=["DEMO_CITY"])

    where_sources: tuple[str, ...] = setting(
        (AUTO,), _ORDER.format("services that place an address are") + ", ".join(SOURCE_IDS["where"])
    )
    wish_sources: tuple[str, ...] = setting(
        (AUTO,), _ORDER.format("language models are") + ", ".join(SOURCE_IDS["wish"])
    )
    route_sources: tuple[str, ...] = setting(
        (AUTO,), _ORDER.format("sources of airports and routes are") + ", ".join(SOURCE_IDS["route"])
    )
    weather_sources: tuple[str, ...] = setting(
        (AUTO,), _ORDER.format("weather services are") + ", ".join(SOURCE_IDS["weather"])
    )

    airlabs_api_key: Secret | None = setting(None, "the key for AirLabs (airlabs.co)", env=["AIRLABS_API_KEY"])
    openweather_api_key: Secret | None = setting(
        None, "the key for OpenWeather (openweathermap.org)", env=["OPENWEATHER_API_KEY"]
    )
    groq_api_key: Secret | None = setting(None, "the key for Groq (console.groq.com)", env=["GROQ_API_KEY"])
    groq_model: str = setting("openai/gpt-oss-20b", "the model asked at Groq", env=["GROQ_MODEL"])
    cerebras_api_key: Secret | None = setting(
        None, "the key for Cerebras (cloud.cerebras.ai)", env=["CEREBRAS_API_KEY"]
    )
    cerebras_model: str = setting("gpt-oss-120b", "the model asked at Cerebras", env=["CEREBRAS_MODEL"])
    openai_api_key: Secret | None = setting(None, "the key for OpenAI (platform.openai.com)", env=["OPENAI_API_KEY"])
    openai_model: str = setting("gpt-5-mini", "the model asked at OpenAI", env=["OPENAI_MODEL"])
    ollama_model: str | None = setting(
        None, "the model asked of Ollama (default: the first it has)", env=["OLLAMA_MODEL"]
    )
    llamacpp_model: str | None = setting(None, "the model asked of llama.cpp (default: the one it has)")
    llm_provider: str | None = setting(
        None, "the language model asked first", choices=(AUTO, *SOURCE_IDS["wish"]), env=["LLM_PROVIDER"]
    )
    llm_base_url: str | None = setting(None, "any other OpenAI-compatible service, up to and with /v1", metavar="URL")
    llm_model: str | None = setting(None, "the model asked there (default: the first it lists)")
    llm_first_token_s: float = setting(
        8.0, "seconds until a language model must have begun to write", minimum=0.1, maximum=600
    )
    llm_timeout_s: float = setting(
        15.0,
        "seconds for all that is asked of language models, before the built-in reader reads",
        minimum=0.1,
        maximum=600,
    )
    llm_api_key: Secret | None = setting(None, "the key for it, if it wants one")

    airlabs_url: str = setting("https://airlabs.co/api/v9", "the base URL of AirLabs", metavar="URL")
    ip_api_url: str = setting("http://ip-api.com", "the base URL of ip-api (its free host has no HTTPS)", metavar="URL")
    ipwhois_url: str = setting("https://ipwho.is", "the base URL of ipwho.is", metavar="URL")
    groq_url: str = setting("https://api.groq.com/openai/v1", "the base URL of Groq", metavar="URL")
    cerebras_url: str = setting("https://api.cerebras.ai/v1", "the base URL of Cerebras", metavar="URL")
    openai_url: str = setting("https://api.openai.com/v1", "the base URL of OpenAI", metavar="URL")
    ollama_url: str = setting("http://localhost:11434/v1", "the base URL of Ollama", metavar="URL")
    llamacpp_url: str = setting("http://localhost:8080/v1", "the base URL of llama.cpp", metavar="URL")
    openweather_url: str = setting(
        "https://api.openweathermap.org/data/2.5", "the base URL of OpenWeather", metavar="URL"
    )
    open_meteo_url: str = setting("https://api.open-meteo.com/v1", "the base URL of Open-Meteo", metavar="URL")
    met_norway_url: str = setting(
        "https://api.met.no/weatherapi/locationforecast/2.0", "the base URL of MET Norway", metavar="URL"
    )
    airlabs_pages: int = setting(
        12,
        "pages of an airport's timetable that are read at AirLabs; each costs a call of the month",
        minimum=1,
        maximum=200,
    )
    contact: str | None = setting(
        None,
        "your e-mail address or web site, for the User-Agent that MET Norway requires (without it, it isn't asked)",
    )

    def __post_init__(self) -> None:
        if (self.demo_lat is None) != (self.demo_lon is None):
            alone, lacks = ("demo_lat", "demo_lon") if self.demo_lon is None else ("demo_lon", "demo_lat")
            raise SettingError(alone, getattr(self, alone), f"given together with {lacks}")
        if self.cold_max_c > self.hot_min_c:
            raise SettingError("cold_max_c", self.cold_max_c, "no more than hot_min_c")
        for kind, known in SOURCE_IDS.items():
            _check_order(f"{kind}_sources", getattr(self, f"{kind}_sources"), known)
        for field in dataclasses.fields(self):
            if field.name.endswith("_url") and (url := getattr(self, field.name)) is not None:
                _check_url(field.name, url)


def _check_order(name: str, order: tuple[str, ...], known: tuple[str, ...]) -> None:
    if order == (AUTO,):
        return
    if not order or len(set(order)) < len(order) or not set(order) <= set(known):
        raise SettingError(name, ", ".join(order), f"auto, or a list of {', '.join(known)}, each at most once")


def _check_url(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    plain = url.isascii() and url.isprintable() and " " not in url
    if not (fits and plain) or parts.username is not None or parts.query or parts.fragment:
        # Without the value: an address with a password in it isn't shown either.
        raise SettingError(name, "(hidden)", "like https://api.example.org/v1, with no user, query or fragment")
