"""The corpora of hostile answers are large, arrive as they are meant, and can be met within bounds."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.simulators.clock import MONDAY_MORNING
from tests.simulators.corpus import GIGABYTE, Hostile, corpus_for
from tests.simulators.corpus_errors import documented_errors
from tests.simulators.corpus_fields import POISON, all_texts, paths
from tests.simulators.ip_api import IpApiSimulator
from tests.simulators.met_norway import times
from tests.simulators.samples import CALLS, sample
from tests.simulators.world import World

CAP = 1 << 20


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=30)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=httpx.Timeout(1, read=0.25), trust_env=False) as client:
        yield client


@pytest.mark.parametrize("name", CALLS)
def test_each_call_has_at_least_sixty_cases_beside_its_fields(name: str) -> None:
    assert len(corpus_for(name, fields=False)) >= 130
    assert len(corpus_for(name)) >= 300
    forms = {case.name.partition(":")[0] for case in corpus_for(name)}
    assert forms == {
        "body", "type", "truncated", "length", "gzip", "encoding", "big", "slow", "pieces", "header", "status", "error",
        "field",
    }  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_samples_are_healthy_and_errors_are_json(name: str) -> None:
    assert sample(name)
    assert len(list(paths(sample(name)))) > 5
    for _, status, body in documented_errors(name):
        assert 200 <= status < 600
        json.loads(body)


def test_poison_reaches_every_text() -> None:
    poisoned = json.dumps(all_texts(sample("airlabs.routes"), POISON["url"]))
    assert poisoned.count("evil.example") > 50


async def read(client: httpx.AsyncClient, url: str, most: int = CAP) -> tuple[str, int]:
    """What a careful client makes of an answer: (its outcome, bytes read), never more than ``most`` and a little."""
    got = 0
    try:
        async with client.stream("GET", url) as answer:
            async for piece in answer.aiter_bytes():
                got += len(piece)
                if got > most:
                    return "too large", got
            return str(answer.status_code), got
    except httpx.HTTPError as error:
        return type(error).__name__, got
    except (ValueError, LookupError) as error:  # what httpx lets through of a broken encoding
        return type(error).__name__, got


async def test_every_case_can_be_met(client: httpx.AsyncClient, world: World) -> None:
    outcomes: dict[str, str] = {}
    async with IpApiSimulator(world) as sim:
        for case in corpus_for("ip_api"):
            sim.faults.always(case.fault())
            sim.single.limit = 10_000
            outcomes[case.name], got = await read(client, f"{sim.url}/json/8.8.8.8")
            assert got < 40 * CAP, case
    kinds = set(outcomes.values())
    assert {"200", "204", "301", "429", "599", "too large", "ReadTimeout", "RemoteProtocolError", "ReadError"} <= kinds
    assert outcomes["gzip: honest"] == outcomes["body: empty"] == outcomes["pieces: of one byte"] == "200"
    assert outcomes["truncated: closed at 50 %"] == "RemoteProtocolError"
    assert outcomes["gzip: it isn't"] == "DecodingError"
    assert outcomes["slow: never"] == "ReadTimeout"


async def test_a_bomb_costs_little_to_send(client: httpx.AsyncClient, world: World) -> None:
    bomb = next(case for case in corpus_for("ip_api") if case.name == "gzip: a bomb of 1 GB")
    async with IpApiSimulator(world) as sim:
        sim.faults.next(bomb.fault())
        outcome, _ = await read(client, f"{sim.url}/json/8.8.8.8", most=64 * CAP)
        await sim.requests[0].over.wait()
        assert outcome == "too large"
        assert sim.requests[0].sent < GIGABYTE // 500


def test_cases_are_made_anew() -> None:
    big: Hostile = next(case for case in corpus_for("ip_api") if case.heavy)
    assert big.fault() is not big.fault()
    assert str(big) == big.name


def test_times_of_met_end() -> None:
    assert len(times(MONDAY_MORNING)) < 120
