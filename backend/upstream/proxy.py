"""The proxy that the machine is set to use (``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``), where one is needed to get
out at all."""

import urllib.request
from urllib.parse import urlsplit

from backend.upstream.resolver import is_near


def proxy_for(url: str) -> str | None:
    """The URL of the HTTP proxy for ``url``; None for none, for one of another kind, and for what is near."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_near(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    return proxy if urlsplit(proxy).scheme in ("http", "https") else None
