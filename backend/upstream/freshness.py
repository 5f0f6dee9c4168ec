"""For how long a reply may be used again: ``Cache-Control`` and ``Expires`` (RFC 9111, 4.2) over our own lifetimes."""

import re
from collections.abc import Mapping

from backend.upstream.http_date import read_http_date
from backend.upstream.values import Lifetime

MAX_FRESH_S = 30 * 86400.0
_DIRECTIVE = re.compile(r'([a-z-]+)(?:\s*=\s*"?(\d+)"?)?')


def fresh_for(headers: Mapping[str, str], lifetime: Lifetime, now: float) -> float | None:
    """Seconds that a reply with ``headers`` is fresh, at least 0; None when it must not be kept at all.

    ``now``: seconds since the epoch, for a server that doesn't date its reply.
    """
    if lifetime.ours:
        return lifetime.fresh_s
    directives = dict(_DIRECTIVE.findall(headers.get("cache-control", "").lower()))
    if "no-store" in directives:
        return None
    if "no-cache" in directives:
        return 0.0
    if directives.get("max-age"):
        return min(MAX_FRESH_S, max(0.0, float(directives["max-age"]) - _seconds(headers.get("age"))))
    if (expires := headers.get("expires")) is not None:
        ends, begins = read_http_date(expires), read_http_date(headers.get("date"))
        # What can't be read ("0", "-1") means "already expired" (RFC 9111, 5.3).
        return 0.0 if ends is None else min(MAX_FRESH_S, max(0.0, ends - (now if begins is None else begins)))
    return lifetime.fresh_s


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else 0.0
