"""The run as a document for browsers without JavaScript, and which of page and JSON an address gives."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import escape

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
    nowhere = await http.get("/plain/nosuchrun")
    assert nowhere.status_code == 404
    check_page(nowhere)


@pytest.mark.parametrize(
    ("form", "status"), [({}, 422), ({"q": " "}, 422), ({"q": "a", "pipeline": "none"}, 404), ({"q": "a" * 3000}, 422)]
)
async def test_what_is_no_question_is_a_page_that_says_so(
    http: httpx.AsyncClient, form: dict[str, str], status: int
) -> None:
    answer = await http.post("/plain", data=form)
    assert answer.status_code == status
    check_page(answer)
    problem = (await http.post("/assist", json=form or {"q": ""})).json()
    if form:
        assert f'<p class="trouble" dir="auto">{escape(problem["detail"])}</p>' in answer.text
        assert f'<p class="hint" dir="auto">{escape(problem["hint"])}</p>' in answer.text


def check_page(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.text.startswith("<!doctype html>")
    assert answer.text.rstrip().endswith("</html>")
    assert '<a href="/">Ask something else</a>' in answer.text


async def test_hostile_words_in_an_error_are_text(http: httpx.AsyncClient) -> None:
    answer = await http.post("/plain", data={"q": "a", "pipeline": "<img src=x>"})
    check_page(answer)
    assert "<img" not in answer.text
    assert "&lt;img src=x&gt;" in answer.text


async def test_a_server_that_is_full_says_so_on_a_page_and_when_to_come_back() -> None:
    async with running_server([tiny_pipeline()], max_runs=0) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/plain", data={"q": "one"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    check_page(answer)


KEY = "Idempotency-Key"


async def runs_of(http: httpx.AsyncClient) -> list[str]:
    return [one["run"] for one in (await http.get("/runs")).json()["runs"]]


async def test_the_page_s_form_sent_twice_is_one_run(http: httpx.AsyncClient) -> None:
    found = re.search(rf'name="{KEY}" value="([^"]+)"', (await http.get("/", headers=BROWSER)).text)
    assert found is not None
    form = {"q": "one two", KEY: found[1]}
    first, second = await asyncio.gather(http.post("/plain", data=form), http.post("/plain", data=form))
    assert first.text == second.text
    assert len(await runs_of(http)) == 1
    assert (await http.post("/plain", data=form)).text == first.text  # a reload, when the run is over
    await http.post("/plain", data={**form, "q": "three"})  # back, and another question in the same form
    await http.post("/plain", data={"q": "one two"})
    assert len(await runs_of(http)) == 3


@pytest.mark.parametrize("key", ["", "two words", "é", "k" * 201])
async def test_a_key_that_is_none_is_refused_on_a_page(http: httpx.AsyncClient, key: str) -> None:
    answer = await http.post("/plain", data={"q": "one", KEY: key})
    assert answer.status_code == 400
    check_page(answer)


async def test_a_key_of_a_form_is_not_one_of_the_api(http: httpx.AsyncClient) -> None:
    await http.post("/plain", data={"q": "one", KEY: "k"})
    await http.post("/assist", json={"q": "one"}, headers={KEY: "k"})
    assert len(await runs_of(http)) == 2


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
