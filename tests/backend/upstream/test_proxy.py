"""Where a machine reaches the world through a proxy alone, so do we."""

import pytest

from backend.upstream import Upstreams
from backend.upstream.proxy import proxy_for
from tests.backend.upstream.service import Service, soon, spec_of

PROXY = "http://proxy.example.org:3128"


@pytest.mark.parametrize(
    ("env", "url", "proxy"),
    [
        ({}, "https://api.example.org", None),
        ({"HTTPS_PROXY": PROXY}, "https://api.example.org", PROXY),
        ({"https_proxy": PROXY}, "https://api.example.org", PROXY),
        ({"HTTPS_PROXY": PROXY}, "http://api.example.org", None),
        ({"HTTP_PROXY": PROXY}, "http://api.example.org", PROXY),
        ({"ALL_PROXY": PROXY}, "http://api.example.org", PROXY),
        ({"ALL_PROXY": "socks5://proxy.example.org"}, "http://api.example.org", None),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "example.org"}, "https://api.example.org", None),
        ({"HTTP_PROXY": PROXY}, "http://localhost:11434", None),
        ({"HTTP_PROXY": PROXY}, "http://192.168.1.9:8080", None),
    ],
)
def test_the_proxy_of_the_machine(
    env: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


async def test_a_call_goes_through_it(service: Service, upstreams: Upstreams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", service.origin.replace("http://", "http://me:pass@"))
    upstream = upstreams.open(spec_of(service, base_url="http://api.example.org/v1"))
    assert (await upstream.get_json("/x", deadline=soon())).data == {"good": True}
    [seen] = service.requests
    assert seen.target.startswith("http://api.example.org/v1/x?")
    assert seen.headers["proxy-authorization"].startswith("Basic ")
