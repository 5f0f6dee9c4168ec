"""The traveller's address, from their SSH client to the step that asks where they are; and IPv6 on the way."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from backend.pipeline import Context, Pipeline, Question, Step
from shared import events as ev
from shared.events import Column
from tests.own_network import own_network
from tests.served import events_of, running_server
from tests.ssh_door import FrontDoor, a_seat, front_door

pytestmark = [pytest.mark.needs("ssh"), pytest.mark.timeout(120)]

MONTREAL = "24.200.0.1"
"""An address that the atlas knows; here it is one of a network of our own."""
IPV6 = "2606:4700:4700::1111"
ASK = "somewhere hot tomorrow, under 5 hours"


@dataclass(frozen=True)
class Seen:
    address: str


async def look(question: Question, ctx: Context) -> Seen:
    ctx.say(f"asked from {question.address}.")
    return Seen(str(question.address))


WHO = Pipeline(
    name="who",
    title="Who asks?",
    columns=[Column(key="who", label="Who", kind="text")],
    steps=[Step("look", "Look who asks", look)],
    examples=["who am I"],
)


async def seen(door: FrontDoor, *flags: str) -> str:
    """Whom the server takes for the client of one who comes in so."""
    code, _, narration = await door.run("who am I", flags=flags)
    found = re.search(r"asked from (\S+)\.", narration)
    assert found, (code, narration)
    return found[1]


async def test_a_server_elsewhere_that_trusts_the_door_sees_the_travellers_address(tmp_path: Path) -> None:
    """Elsewhere on this machine: what counts is that the door's address is 127.0.0.1 and the travellers have others."""
    async with (
        running_server([WHO], trusted_proxies=("127.0.0.1",)) as url,
        front_door(tmp_path, "--url", url, "--workers", "1") as door,
    ):
        assert await seen(door, "-b", "127.0.0.2") == "127.0.0.2"
        assert await seen(door, "-b", "127.0.0.3") == "127.0.0.3"
        # Neither what SSH lets a client set nor a header of its own makes anybody somebody else.
        spoofed = ("-o", "SetEnv X_FORWARDED_FOR=9.9.9.9 HTTP_X_FORWARDED_FOR=9.9.9.9 SSH_CLIENT=9.9.9.9")
        assert await seen(door, "-b", "127.0.0.4", *spoofed) == "127.0.0.4"
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.5")
        async with httpx.AsyncClient(transport=transport, base_url=url) as other:
            answer = await other.post("/assist", json={"q": "who"}, headers={"X-Forwarded-For": "127.0.0.2"})
        said = [event.say for event in events_of(answer.content) if isinstance(event, ev.StepFinished)]
        assert said == ["asked from 127.0.0.5."]


async def test_a_server_that_does_not_trust_the_door_takes_it_for_the_traveller(tmp_path: Path) -> None:
    async with (
        running_server([WHO], trusted_proxies=("127.0.0.9",)) as url,
        front_door(tmp_path, "--url", url, "--workers", "1") as door,
    ):
        assert await seen(door, "-b", "127.0.0.2") == "127.0.0.1"


@pytest.mark.needs("network namespaces")
async def test_who_comes_from_montreal_leaves_from_montreal(tmp_path: Path) -> None:
    """The door with its own server, the whole way; by IPv4, by IPv4 into a listener of IPv6, and by IPv6."""
    async with (
        own_network(f"{MONTREAL}/32", f"{IPV6}/128") as within,
        front_door(tmp_path, "--host", "::", "--auth", "none", "--workers", "1", within=within) as door,
    ):
        code, _, narration = await door.run(ASK, flags=("-b", MONTREAL))
        assert code == 0, narration
        assert "Montr" in narration
        _, _, narration = await door.run(ASK)
        assert "Montr" not in narration, "this machine's own address is no place"
        door.host = "::1"
        _, _, narration = await door.run(ASK, flags=("-b", IPV6))
        assert "Montr" not in narration
        async with a_seat(door, flags=("-tt", "-b", IPV6)) as seat:
            await seat.has("Where can I escape to?")
            seat.type(b"\x11")
            assert await seat.ended() == 0


@pytest.mark.needs("network namespaces")
async def test_an_ipv6_peer_is_named_to_the_server_as_it_is_and_counted_with_its_network(tmp_path: Path) -> None:
    others = [f"2606:4700:4700::{number}" for number in (2, 3)]
    async with (
        own_network(f"{IPV6}/128", *(f"{one}/128" for one in others), "2606:4700:4701::1/128") as within,
        front_door(
            tmp_path, "--host", "::1", "--workers", "1", "--max-per-address", "2", "--audit", str(tmp_path / "audit"),
            within=within,
        ) as door,
    ):  # fmt: skip
        assert "on ::1 port" in door.welcome
        door.host = "::1"
        async with a_seat(door, flags=("-tt", "-b", IPV6)) as one, a_seat(door, flags=("-tt", "-b", others[0])) as two:
            await asyncio.gather(*(seat.has("Where can I escape to?") for seat in (one, two)))
            code, _, _ = await door.run("help", flags=("-b", others[1]))
            assert code == 255, "the third of one /64"
            code, _, complaint = await door.run(ASK, "--from", "Oslo", flags=("-b", "2606:4700:4701::1"))
            assert code == 0, complaint
    assert '"address":"2606:4700:4701::1"' in (tmp_path / "audit").read_text()
