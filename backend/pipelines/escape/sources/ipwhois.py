"""ipwho.is (https://ipwhois.io/documentation): where an address is. No key, HTTPS, about 10,000 calls a month."""

from typing import Any

from backend.pipeline import Call
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.ip_api import OURS, THEIRS
from backend.pipelines.escape.sources.spot import Spot, read_spot, spot_of
from backend.upstream import Spec, Upstream, UpstreamError, Upstreams

NAME = "ipwho.is"
_SHAPE = {"lat": "latitude", "lon": "longitude", "city": "city", "country": "country_code", "tz": "timezone.id"}


def spec(settings: EscapeSettings) -> Spec:
    """How it is called."""
    return Spec(id=NAME, name=NAME, base_url=settings.ipwhois_url, read_s=2.0, max_bytes=64 << 10)


class IpWhois:
    """A ``WhereSource``."""

    id = NAME

    def __init__(self, settings: EscapeSettings, upstreams: Upstreams) -> None:
        self.upstream: Upstream = upstreams.open(spec(settings))

    async def locate(self, address: str | None, *, deadline: float, call: Call | None = None) -> Spot | None:
        """See ``WhereSource.locate``."""
        reply = await self.upstream.get_json(
            f"/{address or ''}",
            deadline=deadline,
            lifetime=THEIRS if address else OURS,
            scrub=read,
            call=call,
        )
        return spot_of(reply.data)


def read(body: Any) -> dict[str, Any]:
    """What ``spot_of`` takes, {} where it knows no place. Raises UpstreamError."""
    if isinstance(body, dict) and body.get("success") is False:  # with HTTP 200
        message = str(body.get("message"))
        if "limit" in message.lower():
            raise UpstreamError(NAME, "quota", f"The quota of {NAME} is used up: {message}")
        if "range" in message.lower() or "invalid" in message.lower():
            return {}
        raise UpstreamError(NAME, "bad_payload", f"{NAME} refuses: {message}", detail=body)
    return read_spot(NAME, body, _SHAPE)
