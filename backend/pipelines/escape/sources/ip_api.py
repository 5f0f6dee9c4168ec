"""ip-api (https://ip-api.com/docs/api:json): where an address is. No key, plain HTTP only, non-commercial use only."""

from collections.abc import Mapping
from typing import Any

from backend.pipeline import Call
from backend.pipelines.escape.settings import EscapeSettings
from backend.pipelines.escape.sources.spot import Spot, read_spot, spot_of
from backend.upstream import Lifetime, Quota, Spec, Upstream, UpstreamError, Upstreams, Window

NAME = "ip-api"
PER_MINUTE = 45
# ``status`` and ``message`` obey the projection too; the address itself (``query``) need not come back.
FIELDS = "status,message,countryCode,city,lat,lon,timezone"
THEIRS = Lifetime(3600.0, private=True)
OURS = Lifetime(600.0, private=True)  # a laptop travels
_SHAPE = {"lat": "lat", "lon": "lon", "city": "city", "country": "countryCode", "tz": "timezone"}
_UNKNOWN = ("private range", "reserved range", "invalid query")


def spec(settings: EscapeSettings) -> Spec:
    """How it is called."""
    return Spec(
        id=NAME,
        name=NAME,
        base_url=settings.ip_api_url,
        read_s=2.0,
        max_bytes=64 << 10,
        windows=(Window(PER_MINUTE, 60.0),),
        read_quota=_read_quota,
    )


class IpApi:
    """A ``WhereSource``."""

    id = NAME

    def __init__(self, settings: EscapeSettings, upstreams: Upstreams) -> None:
        self.upstream: Upstream = upstreams.open(spec(settings))

    async def locate(self, address: str | None, *, deadline: float, call: Call | None = None) -> Spot | None:
        """See ``WhereSource.locate``."""
        reply = await self.upstream.get_json(
            f"/json/{address or ''}",
            params=[("fields", FIELDS)],
            deadline=deadline,
            lifetime=THEIRS if address else OURS,
            scrub=read,
            call=call,
        )
        return spot_of(reply.data)


def read(body: Any) -> dict[str, Any]:
    """What ``spot_of`` takes, {} where it knows no place. Raises UpstreamError."""
    if isinstance(body, dict) and body.get("status") == "fail":  # with HTTP 200
        message = str(body.get("message"))
        if message in _UNKNOWN:
            return {}
        raise UpstreamError(NAME, "bad_payload", f"{NAME} refuses: {message}", detail=body)
    return read_spot(NAME, body, _SHAPE)


def _read_quota(status: int, headers: Mapping[str, str], body: Any) -> Quota | None:
    """``X-Rl`` calls are left for the next ``X-Ttl`` seconds; at 0 one must not call again before."""
    left, resets = headers.get("x-rl", ""), headers.get("x-ttl", "")
    if not (left.isascii() and left.isdigit() and resets.isascii() and resets.isdigit()):
        return None
    return Quota(left=int(left[:6]), limit=PER_MINUTE, resets_in_s=min(3600.0, float(resets[:6])), per="minute")
