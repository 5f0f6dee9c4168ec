"""Where an internet address is: what the services that know it have in common, and who is asked about which address."""

import ipaddress
import time
from collections.abc import Sequence
from typing import Protocol

import msgspec

from backend.pipeline import Call, Context
from backend.pipelines.escape.settings import EMBEDDED, EscapeSettings
from backend.pipelines.escape.sources.chain import Answer, Attempt, first_answer
from backend.pipelines.escape.sources.order import chosen
from backend.pipelines.escape.sources.spot import Spot
from backend.upstream import Upstream, Upstreams

TIME_LIMIT_S = 3.0
"""For all of them together: a rough place isn't worth more of somebody's time."""


class WhereSource(Protocol):
    """A service that places addresses."""

    id: str
    upstream: Upstream

    async def locate(self, address: str | None, *, deadline: float, call: Call | None = None) -> Spot | None:
        """Where a public address is; None asks for that of this very server. None where it isn't known.

        Raises UpstreamError.
        """


class ChosenSource(msgspec.Struct, frozen=True):
    """A source, and whether somebody asked for it (see ``order.Chosen``)."""

    source: WhereSource
    configured: bool


def where_sources(settings: EscapeSettings, upstreams: Upstreams, *, offline: bool = False) -> tuple[ChosenSource, ...]:
    """The live services in the order of the settings."""
    order = chosen("where", settings, offline=offline)
    return tuple(
        ChosenSource(_source(one.id, settings, upstreams), one.configured) for one in order if one.id != EMBEDDED
    )


def _source(source: str, settings: EscapeSettings, upstreams: Upstreams) -> WhereSource:
    if source == "ip-api":
        from backend.pipelines.escape.sources.ip_api import IpApi

        return IpApi(settings, upstreams)
    from backend.pipelines.escape.sources.ipwhois import IpWhois

    return IpWhois(settings, upstreams)


async def place_address(address: str | None, sources: Sequence[ChosenSource], ctx: Context) -> Answer[Spot] | None:
    """Where the traveller's ``address`` is, by the first source that knows.

    A public address is asked about. A private one is never sent: then the traveller is near this server, and it is
    asked where the server is. Without an address nothing is known and nobody is asked.
    """
    asked = ask_about(address)
    if asked is None:
        return None
    deadline = min(ctx.deadline, time.monotonic() + TIME_LIMIT_S)
    whose = "this server" if asked == "" else "the traveller"

    def attempt(one: ChosenSource) -> Attempt[Spot]:
        async def ask(call: Call) -> Spot | None:
            spot = await one.source.locate(asked or None, deadline=deadline, call=call)
            call.text = f"{one.source.upstream.name} doesn't know where the address is"
            if spot is not None:
                call.text = f"{one.source.upstream.name} places the address near {spot.city or 'an unnamed place'}"
            return spot

        return Attempt(one.source.upstream.name, "place address", ask, {"of": whose}, one.configured)

    return await first_answer(ctx, [attempt(one) for one in sources], required=False)


def ask_about(address: str | None) -> str | None:
    """The address to ask about in its plain form, "" for that of this server, None for no question."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_multicast or parsed.is_unspecified:
        return None
    return str(parsed) if parsed.is_global else ""
