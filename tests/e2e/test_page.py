"""The page of the real server, as a visitor sees it: `python -m backend` on the bundled data, Chromium in front."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.backend.web.browser import Browser, fresh_page, running_chromium

pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def chromium_session() -> Iterator[tuple[str, str]]:
    with running_chromium() as session:
        yield session


@pytest.fixture
async def browser(chromium_session: tuple[str, str]) -> AsyncIterator[Browser]:
    async with fresh_page(*chromium_session) as page:
        yield page


@asynccontextmanager
async def backend() -> AsyncIterator[str]:
    """The address of a server of its own, which ends with the block."""
    command = [sys.executable, "-m", "backend", "--port", "0", "--offline", "--data-dir", ":memory:"]
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        *command, "--until-stdin-closes", stdin=pipe, stdout=pipe, env=os.environ
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        line = (await server.stdout.readline()).decode()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield found[0]
    finally:
        server.stdin.close()
        async with asyncio.timeout(15):
            await server.wait()


async def test_a_question_is_answered_step_by_step_and_row_by_row(browser: Browser) -> None:
    async with backend() as url:
        await browser.look(width=1280)
        await browser.open(url + "/")
        await browser.until("return document.querySelectorAll('.chip').length > 0")
        waiting = "return document.querySelectorAll('.step[data-state=waiting]').length"
        steps = await browser.run(waiting)
        assert steps >= 7
        await browser.type("#q", "anywhere tomorrow, under 3 hours, from Valencia")  # fits whatever the season
        await browser.click("#ask button[type=submit]")
        await browser.until("return ['ok', 'partial'].includes(document.body.dataset.run)", seconds=30)
        assert await browser.run("return document.querySelectorAll('.step[data-state=ok]').length") == steps
        assert "Valencia" in await browser.text("#steps")
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            run = (await http.get("/runs")).json()["runs"][0]["run"]
            view = (await http.get(f"/runs/{run}")).json()
        shown = await browser.run(
            "return [...document.querySelectorAll('tbody tr')].map((tr) => tr.cells[1].innerText)"
        )
        airport = {row["id"]: row["cells"]["airport"] for row in view["rows"]}
        assert len(shown) > 5
        assert shown == [airport[row] for row in view["order"]]
        assert await browser.console() == []


async def test_a_question_that_fails_says_what_to_try(browser: Browser) -> None:
    async with backend() as url:
        await browser.open(url + "/")
        await browser.until("return document.querySelectorAll('.chip').length > 0")
        await browser.devtools("Emulation.setTimezoneOverride", timezoneId="UTC")
        await browser.type("#q", "somewhere hot")
        await browser.click("#ask button[type=submit]")
        await browser.until("return document.body.dataset.run === 'failed'", seconds=30)
        await browser.devtools("Emulation.setTimezoneOverride", timezoneId="")
        assert await browser.text("#status-hint") != ""
        assert await browser.run("return document.querySelector('.step[data-state=failed] details').open")
        assert await browser.console() == []
