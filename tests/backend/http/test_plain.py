"""The run as a document for browsers without JavaScript, and which of page and JSON an address gives."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.served import running_server
from tests.tiny import tiny_pipeline

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with running_server([tiny_pipeline()]) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def asked(http: httpx.AsyncClient, q: str) -> str:
    return (await http.post("/assist", json={"q": q})).headers["windowseat-run"]


async def test_a_form_is_answered_by_a_whole_document(http: httpx.AsyncClient) -> None:
    answer = await http.post("/plain", data={"q": "one <b>two</b> & degrade"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    text = answer.text
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")
    assert "one &lt;b&gt;two&lt;/b&gt; &amp; degrade" in text
    assert "<b>" not in text
    assert "(degraded)" in text
    assert text.count("<tr>") == 1 + 2
    assert "2 left out, and why" in text


async def test_a_failure_says_what_to_try(http: httpx.AsyncClient) -> None:
    text = (await http.post("/plain", data={"q": "please fail"})).text
    assert "A word is forbidden" in text
    assert "Leave out “fail”." in text


async def test_a_run_that_exists_is_shown_plainly(http: httpx.AsyncClient) -> None:
    run = await asked(http, "one two")
    text = (await http.get(f"/plain/{run}")).text
    assert f'href="/runs/{run}"' in text
    assert text.count("<tr>") == 3
    assert (await http.get("/plain/nosuchrun")).status_code == 404


@pytest.mark.parametrize(
    ("form", "status"), [({}, 422), ({"q": " "}, 422), ({"q": "a", "pipeline": "none"}, 404), ({"q": "a" * 3000}, 422)]
)
async def test_what_is_no_question_is_a_problem(http: httpx.AsyncClient, form: dict[str, str], status: int) -> None:
    assert (await http.post("/plain", data=form)).status_code == status


async def test_another_sites_form_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/plain", data={"q": "a"}, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER["Accept"], "text/html"),
        ("text/html", "text/html"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("", "application/json"),
    ],
)
async def test_the_address_of_a_run_is_a_page_for_browsers_and_json_for_programs(
    http: httpx.AsyncClient, accept: str, kind: str
) -> None:
    run = await asked(http, "one two")
    answer = await http.get(f"/runs/{run}", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["vary"] == "Accept"


async def test_a_run_that_is_not_there_is_a_404_for_both(http: httpx.AsyncClient) -> None:
    page = await http.get("/runs/nosuchrun", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    problem = await http.get("/runs/nosuchrun")
    assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")


async def test_an_example_is_a_question_by_itself(http: httpx.AsyncClient) -> None:
    answer = await http.post("/plain", data={"q": "", "pipeline": "tiny", "example": "one two"})
    assert "<title>one two" in answer.text


async def test_the_page_of_a_run_leads_to_its_plain_document(http: httpx.AsyncClient) -> None:
    run = await asked(http, "one two")
    text = (await http.get(f"/runs/{run}", headers=BROWSER)).text
    assert f'<a href="/plain/{run}">' in text
    assert 'data-phase="asked"' in text
