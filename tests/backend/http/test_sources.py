"""``GET /sources``: who may have the sources asked, and how often."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from backend.checking import SourceReport
from backend.http.client_address import ClientAddresses
from backend.http.sources import Checks
from backend.pipeline import Context, Pipeline, Question, Step
from shared.events import Column
from tests.asked_runs import First
from tests.served import client, running_server


async def do_nothing(question: Question, ctx: Context) -> First:
    return First()


class Asked(list[float | None]):
    """The deadlines that the check was given; None: it must not ask."""


async def check(resources: Mapping[Any, Any], deadline: float | None) -> list[SourceReport]:
    resources[Asked].append(deadline)
    await asyncio.sleep(0.01)
    works = True if deadline is not None else None
    return [SourceReport(fact="weather", id="sky", name="Sky", used=True, key="given", works=works)]


def checked(asked: Asked) -> Pipeline:
    return Pipeline(
        name="checked", title="Checked", columns=[Column(key="x", label="X", kind="text")],
        steps=[Step("nothing", "Do nothing", do_nothing)], resources={Asked: lambda config: asked}, check=check,
    )  # fmt: skip


async def fetched(http: httpx.AsyncClient, path: str = "/sources", **headers: str) -> Any:
    response = await http.get(path, headers=headers)
    assert response.status_code == 200
    return response.json()


async def test_a_client_on_this_machine_has_the_sources_asked() -> None:
    asked = Asked()
    async with running_server([checked(asked)]) as url, client(url) as http:
        told = await fetched(http)
    assert told["asked"] is True
    [pipeline] = told["pipelines"]
    assert (pipeline["pipeline"], pipeline["title"]) == ("checked", "Checked")
    assert pipeline["sources"][0] | {"id": "sky", "works": True} == pipeline["sources"][0]
    assert asked != [None]


async def test_who_asks_again_at_once_or_meanwhile_hears_the_same() -> None:
    asked = Asked()
    async with running_server([checked(asked)]) as url, client(url) as http:
        told = await asyncio.gather(*(fetched(http) for _ in range(8)))
        told.append(await fetched(http))
    assert [one == told[0] for one in told] == [True] * 9
    assert len(asked) == 1


PASSED_ON = [{"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "10.0.0.1"}, {"Via": "1.1 x"}, {"Forwarded": "x"}]


@pytest.mark.parametrize("headers", PASSED_ON, ids=str)
async def test_who_comes_through_a_proxy_that_is_not_known_hears_what_is_known(headers: dict[str, str]) -> None:
    asked = Asked()
    async with running_server([checked(asked)]) as url, client(url) as http:
        told = await fetched(http, **headers)
    assert told["asked"] is False
    assert told["pipelines"][0]["sources"][0]["works"] is None
    assert asked == [None]


@pytest.mark.parametrize(("client_address", "may"), [("203.0.113.9", True), ("192.168.1.9", True), ("8.8.8.8", False)])
async def test_behind_a_known_proxy_it_is_the_client_that_counts(client_address: str, may: bool) -> None:
    # 203.0.113.0/24 is for documentation: no global address.
    async with running_server([checked(Asked())], trusted_proxies=("127.0.0.1",)) as url, client(url) as http:
        told = await fetched(http, **{"X-Forwarded-For": client_address})
    assert told["asked"] is may


async def test_one_may_ask_for_what_is_known_alone() -> None:
    asked = Asked()
    async with running_server([checked(asked)]) as url, client(url) as http:
        assert (await fetched(http, "/sources?ask=0"))["asked"] is False
    assert asked == [None]


async def test_a_page_of_another_site_cannot_have_them_asked() -> None:
    asked = Asked()
    async with running_server([checked(asked)]) as url, client(url) as http:
        response = await http.get("/sources", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert asked == []


async def test_a_pipeline_without_sources_to_check_is_left_out() -> None:
    assert await Checks([], {}).asked() == []


@pytest.mark.parametrize(
    ("peer", "near"), [("127.0.0.1", True), ("::1", True), ("10.1.1.1", True), ("8.8.8.8", False), (None, False)]
)
def test_who_is_near(peer: str | None, near: bool) -> None:
    scope: dict[str, Any] = {"client": (peer, 1) if peer else None, "headers": []}
    assert ClientAddresses().is_near(scope) is near
