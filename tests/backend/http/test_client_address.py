"""Whose address counts: trusted and untrusted peers, and every header that somebody may have made up."""

from typing import Any

import pytest

from backend.http.client_address import ClientAddresses, parse
from backend.pipeline import Context, Pipeline, Question, Step
from shared import events as ev
from shared.events import Column
from tests.asked_runs import First
from tests.served import client, events_of, running_server

PEER, PROXY, INNER = "198.51.100.7", "10.0.0.1", "10.0.0.2"
CLIENT, SPOOFED = "203.0.113.9", "8.8.8.8"
TRUSTED = ("10.0.0.0/8", "::1", "fd00::/8")
JUNK = ["", "unknown", "_hidden", "junk", "127.0.0.1.example.org", "999.1.1.1", "1.2.3", "[::1", ",", "\xff", "0x7f.1"]


def of(
    peer: Any, headers: list[tuple[str, str]], trusted: tuple[str, ...] = TRUSTED, header: str = "x-forwarded-for"
) -> str | None:
    scope = {
        "client": (peer, 4711) if isinstance(peer, str) else peer,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }
    return ClientAddresses(trusted, header).of(scope)


SPOOFS = [
    [("X-Forwarded-For", SPOOFED)],
    [("Forwarded", f"for={SPOOFED}")],
    [("Remote-Addr", SPOOFED)],
    [("X-Real-IP", SPOOFED)],
    [("CF-Connecting-IP", SPOOFED), ("True-Client-IP", SPOOFED), ("X-Client-IP", SPOOFED)],
    [("X-Forwarded-For", f"{SPOOFED}, {INNER}"), ("Forwarded", f"for={SPOOFED}"), ("Remote-Addr", SPOOFED)],
]


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
@pytest.mark.parametrize("headers", SPOOFS, ids=str)
def test_headers_of_a_peer_that_is_no_trusted_proxy_change_nothing(headers: Any, header: str) -> None:
    assert of(PEER, headers, header=header) == PEER
    assert of(PROXY, headers, trusted=(), header=header) == PROXY


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (CLIENT, CLIENT),
        (f"{SPOOFED}, {CLIENT}", CLIENT),
        (f"{SPOOFED}, {CLIENT}, {INNER}", CLIENT),
        (f"{SPOOFED},{CLIENT},{INNER},{PROXY}", CLIENT),
        (f"junk, {CLIENT}, {INNER}", CLIENT),
        (f" {CLIENT} ", CLIENT),
        (f"{CLIENT}:5555", CLIENT),
        (f'"{CLIENT}"', CLIENT),
        (f"{SPOOFED}, 2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:DB8:0::1]:443", "2001:db8::1"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("fe80::1%eth0", "fe80::1"),
        (INNER, INNER),  # everybody on the way is trusted: it began at the first of them
        (f"{INNER}, {PROXY}", INNER),
        *[(f"{SPOOFED}, {junk}", None) for junk in JUNK],
        *[(f"{CLIENT}, {junk}, {INNER}", None) for junk in JUNK],
    ],
)
def test_behind_a_trusted_proxy_the_rightmost_untrusted_hop_counts(value: str, address: str | None) -> None:
    assert of(PROXY, [("X-Forwarded-For", value)]) == address
    assert of(f"::ffff:{PROXY}", [("X-Forwarded-For", value)]) == address
    if ":" not in value:
        hops = ", ".join(f"for={hop.strip()};proto=https" for hop in value.split(","))
        assert of(PROXY, [("Forwarded", hops)], header="forwarded") == address


def test_several_header_lines_are_one_list() -> None:
    headers = [("X-Forwarded-For", SPOOFED), ("X-Forwarded-For", CLIENT), ("X-Forwarded-For", INNER)]
    assert of(PROXY, headers) == CLIENT


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (f"for={CLIENT}", CLIENT),
        (f"For={CLIENT};proto=http;by=203.0.113.43", CLIENT),
        (f"proto=http; for={CLIENT}", CLIENT),
        ('for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        (f'for="{CLIENT}:80"', CLIENT),
        (f"for={SPOOFED}, for={CLIENT}, for={INNER}", CLIENT),
        (f"by={SPOOFED}", None),
        ("for=unknown", None),
        ("for=_secret", None),
        (f"before={SPOOFED}", None),
    ],
)
def test_forwarded_is_read_as_its_standard_says(value: str, address: str | None) -> None:
    assert of(PROXY, [("Forwarded", value)], header="forwarded") == address


def test_only_the_header_that_is_set_counts() -> None:
    both = [("X-Forwarded-For", CLIENT), ("Forwarded", f"for={SPOOFED}")]
    assert of(PROXY, both) == CLIENT
    assert of(PROXY, both, header="forwarded") == SPOOFED
    assert of(PROXY, [("Forwarded", f"for={SPOOFED}"), ("X-Real-IP", SPOOFED)]) == PROXY


def test_a_list_without_end_is_not_read_to_its_end() -> None:
    assert of(PROXY, [("X-Forwarded-For", ", ".join([SPOOFED] + [INNER] * 10_000))]) == INNER


@pytest.mark.parametrize(("peer", "address"), [(None, None), ("::1", "::1"), ("/run/socket", None), (PEER, PEER)])
def test_without_headers_it_is_the_peer(peer: Any, address: str | None) -> None:
    assert of(peer, []) == address


@pytest.mark.parametrize("text", JUNK)
def test_what_is_no_address_is_none(text: str) -> None:
    assert parse(text) is None


class Seen(list[str | None]):
    pass


async def note(question: Question, seen: Seen, ctx: Context) -> First:
    seen.append(question.address)
    return First()


@pytest.mark.parametrize(
    ("trusted", "address"), [((), "127.0.0.1"), (("127.0.0.0/8",), CLIENT), (("10.0.0.0/8",), "127.0.0.1")]
)
async def test_over_a_real_server(trusted: tuple[str, ...], address: str) -> None:
    seen = Seen()
    pipeline = Pipeline(
        name="noting", title="Who?", columns=[Column(key="x", label="X", kind="text")],
        steps=[Step("note", "Note it", note)], resources={Seen: lambda config: seen},
    )  # fmt: skip
    spoofs = {"Remote-Addr": SPOOFED, "X-Forwarded-For": f"{SPOOFED}, {CLIENT}", "Forwarded": f"for={SPOOFED}"}
    async with running_server([pipeline], trusted_proxies=trusted) as url, client(url) as http:
        response = await http.post("/assist", json={"q": "who am I"}, headers=spoofs)
    assert isinstance(events_of(response.content)[-1], ev.RunFinished)
    assert seen == [address]
