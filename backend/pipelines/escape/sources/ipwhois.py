"""ipwho.is (https://ipwhois.io/documentation): where an address is. No key, HTTPS, about 10,000 calls a month."""

from typing import Any

from backend.pipeline import Call
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.ip_api import OURS, THEIRS
from backend.pipelines.escape.sources.spot import Spot, read_spot, spot_of
from backend.upstream import Spec, Upstream, UpstreamError, Upstreams

_SHAPE = {"lat": "latitude", "lon": "longitude", "city": "city", "country": "country_code", "tz": "timezone.id"}


def spec(settings: EscapeSettings) -> Spec:
    """How it is called."""
    return Spec(id="ipwho.is", name="ipwho.is", base_url=settings.ipwhois_url, read_s=2.0, max_bytes=64 << 10)


class IpWhois:
    """A ``WhereSource``."""

    id = "ipwho.is"

    def __init__(self, settings: EscapeSettings, upstreams: Upstreams) -> None:
        self.upstream: Upstream = upstreams.open(spec(settings))

    async def locate(self, address: str | None, *, deadline: float, call: Call | None = None) -> Spot | None:
        """See ``WhereSource.locate``."""
        reply = await self.upstream.get_json(
            f"/{address or ''}",
            deadline=deadline,
            lifetime=THEIRS if address else OURS,
            scrub=self._read,
            call=call,
        )
        return spot_of(reply.data)

    def _read(self, body: Any) -> dict[str, Any]:
        if isinstance(body, dict) and body.get("success") is False:  # with HTTP 200
            message = str(body.get("message"))
            if "limit" in message.lower():
                raise UpstreamError(self.upstream.name, "quota", f"The quota of ipwho.is is used up: {message}")
            if "range" in message.lower() or "invalid" in message.lower():
                return {}
            raise UpstreamError(self.upstream.name, "bad_payload", f"ipwho.is refuses: {message}", detail=body)
        return read_spot(self.upstream.name, body, _SHAPE)
