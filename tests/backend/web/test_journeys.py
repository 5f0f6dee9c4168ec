"""What visitors do on the page, in Chromium against the real server: asking, leaving, coming back, sharing, reading."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from backend.registry import PIPELINES
from tests.backend.web.journeys import OVER, Visitor, ask, chromium, violations, visitor
from tests.served import running_server
from tests.tiny import Gate, tiny_pipeline

pytestmark = [
    pytest.mark.needs("chromium", "npm:axe-core"),
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="module"),
]

QUESTION = "somewhere hot tomorrow, under 5 hours, from New York"


class Gates(Gate):
    """A gate that every test finds shut."""

    def shut(self) -> Gate:
        self.reached, self.opened, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        return self


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all: each visitor has a profile of its own."""
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[tuple[str, Gates]]:
    """One server for all: what a test leaves behind there is only its runs, each under its own id."""
    gates = Gates()
    async with running_server([*PIPELINES, tiny_pipeline(gates)], offline=True, grace_s=30.0) as running:
        yield running, gates


@pytest.fixture
def url(site: tuple[str, Gates]) -> str:
    return site[0]


@pytest.fixture
def gate(site: tuple[str, Gates]) -> Gate:
    """Shut anew for each test."""
    return site[1].shut()


@pytest_asyncio.fixture(loop_scope="module")
async def somebody(browser: Browser, url: str) -> AsyncIterator[Visitor]:
    async with visitor(browser, url) as one:
        yield one


async def choose_tiny(page: Page) -> None:
    await page.select_option("#pipeline", "tiny")


async def rows(page: Page) -> list[str]:
    return [text.strip() for text in await page.locator("tbody tr:not(.more) > th").all_inner_texts()]


async def test_a_question_becomes_a_page_with_steps_rows_a_map_and_an_address(somebody: Visitor) -> None:
    page = await somebody.page()
    await ask(page, QUESTION)
    await page.wait_for_selector("body[data-run=ok]")
    states = await page.locator(".step").evaluate_all("(steps) => steps.map((step) => step.dataset.state)")
    assert states == ["ok"] * 8
    names = await rows(page)
    assert len(names) > 10
    await expect(page.locator("#map > svg .place")).to_have_count(len(names))
    await expect(page.locator("#map .home")).to_have_count(2)  # on the map, and in its key
    await page.wait_for_selector("#map .land path")
    assert "/runs/" in page.url
    assert QUESTION in await page.title()


async def test_the_page_of_a_run_shows_it_again_to_anybody_years_later(somebody: Visitor, browser: Browser) -> None:
    page = await somebody.page()
    await ask(page, QUESTION)
    await page.wait_for_selector("body[data-run=ok]")
    seen, address = await rows(page), page.url
    async with visitor(browser, somebody.url) as other:
        shared = await other.page(address.removeprefix(somebody.url))
        await shared.wait_for_selector("body[data-run=ok]")
        assert await rows(shared) == seen
        assert await shared.input_value("#q") == QUESTION
        await expect(shared.locator("#runs")).to_be_visible()


async def test_reloading_in_the_middle_of_a_run_goes_on_with_that_run(somebody: Visitor, gate: Gate) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    await ask(page, "wait a little while")
    await gate.reached.wait()
    await page.wait_for_url("**/runs/*")
    address = page.url
    await page.reload()
    await page.wait_for_selector("body[data-run=running]")
    gate.opened.set()
    await page.wait_for_selector("body[data-run=ok]")
    assert page.url == address
    assert sorted(await rows(page)) == ["little", "wait", "while"]


async def test_two_tabs_watch_one_run_and_either_stops_it(somebody: Visitor, gate: Gate) -> None:
    first = await somebody.page()
    await choose_tiny(first)
    await ask(first, "wait for ever")
    await gate.reached.wait()
    await first.wait_for_url("**/runs/*")
    second = await somebody.page(first.url.removeprefix(somebody.url))
    await second.wait_for_selector("body[data-run=running]")
    await second.click("#stop")
    for page in (first, second):
        await page.wait_for_selector("body[data-run=ended]")
        assert (await page.inner_text("#status-text")).startswith("Cancelled")


async def test_asking_anew_does_not_end_a_run_that_somebody_else_began(somebody: Visitor, gate: Gate) -> None:
    first = await somebody.page()
    await choose_tiny(first)
    await ask(first, "wait for ever")
    await gate.reached.wait()
    await first.wait_for_url("**/runs/*")
    second = await somebody.page(first.url.removeprefix(somebody.url))
    await second.wait_for_selector("body[data-run=running]")
    await choose_tiny(second)
    await ask(second, "another question")
    await second.wait_for_selector("body[data-run=ok]")
    assert not gate.cancelled.is_set()
    await expect(first.locator("body")).to_have_attribute("data-run", "running")


async def test_back_and_forward_go_between_runs_and_the_empty_page(somebody: Visitor) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    await ask(page, "one two")
    await page.wait_for_selector("body[data-run=ok]")
    await ask(page, "three four five")
    await expect(page.locator("tbody tr")).to_have_count(3)
    await page.go_back()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.go_back()
    await page.wait_for_selector("body[data-phase=idle]")
    await expect(page.locator("tbody tr")).to_have_count(0)
    await page.go_forward()
    await expect(page.locator("tbody tr")).to_have_count(2)


async def test_a_link_to_a_run_that_is_not_there_says_so(browser: Browser, url: str) -> None:
    async with visitor(browser, url) as one:
        page = await one.page("/runs/nosuchrun")
        await page.wait_for_selector("body[data-run=failed]")
        assert "no run" in await page.inner_text("#status-text")
        assert one.trouble  # the browser tells the 404s of the page and of its run
        one.trouble.clear()


async def test_the_table_is_sorted_filtered_and_opened_by_its_reader(somebody: Visitor) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    await ask(page, "a bbb cccc ddddd eeeee")
    await page.wait_for_selector("body[data-run=ok]")
    assert await rows(page) == ["ddddd", "eeeee", "cccc", "bbb"]
    letters = page.get_by_role("columnheader", name="Letters")
    await letters.get_by_role("button").click()
    assert await rows(page) == ["bbb", "cccc", "ddddd", "eeeee"]
    await expect(letters).to_have_attribute("aria-sort", "ascending")
    await letters.get_by_role("button").click()
    assert await rows(page) == ["ddddd", "eeeee", "cccc", "bbb"]
    await page.fill("#filter", "!c")
    assert await rows(page) == ["ddddd", "eeeee", "bbb"]
    await page.fill("#filter", "nothing has this")
    await expect(page.locator("#rows-nothing")).to_be_visible()
    await page.fill("#filter", "")
    await page.get_by_role("button", name="bbb").click()
    await expect(page.locator("tr.more dl")).to_contain_text("Letters")
    await page.get_by_role("button", name="bbb").click()
    await expect(page.locator("tr.more")).to_have_count(0)


async def test_an_opened_row_names_the_source_and_the_age_of_its_facts(somebody: Visitor) -> None:
    page = await somebody.page()
    await ask(page, QUESTION)
    await page.wait_for_selector("body[data-run=ok]")
    await page.locator("tbody th button").first.click()
    facts = page.locator("tr.more .facts")
    await expect(facts).to_contain_text("Where this comes from")
    await expect(facts.locator("li").first).to_contain_text("as of")


async def test_rows_and_marks_on_the_map_name_each_other(somebody: Visitor) -> None:
    page = await somebody.page()
    await ask(page, QUESTION)
    await page.wait_for_selector("body[data-run=ok]")
    await page.locator("tbody tr").nth(2).hover()
    meant = page.locator("#map .place.meant")
    await expect(meant).to_have_count(1)
    name = (await rows(page))[2]
    assert (await meant.get_attribute("aria-label") or "").startswith(name)
    await page.locator("#map .place[tabindex='0']").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("tbody tr.meant > th")).to_contain_text((await rows(page))[1])
    await page.keyboard.press("Enter")
    await expect(page.locator("tr.more")).to_have_count(1)


async def test_units_are_the_readers_and_are_remembered(somebody: Visitor) -> None:
    page = await somebody.page()
    await ask(page, QUESTION)
    await page.wait_for_selector("body[data-run=ok]")
    cell = page.locator("tbody tr:first-child td").nth(2)
    celsius = int(await cell.inner_text())
    await page.locator("#units").get_by_text("°F").click()
    fahrenheit = int(await cell.inner_text())
    assert abs(fahrenheit - (celsius * 9 / 5 + 32)) < 1.5
    await page.reload()
    await page.wait_for_selector("body[data-run=ok]")
    assert int(await cell.inner_text()) == fahrenheit


async def test_the_result_is_saved_as_csv_and_json(somebody: Visitor) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    await ask(page, "=cmd two, three")
    await page.wait_for_selector("body[data-run=ok]")
    saved: dict[str, Any] = {}
    for kind in ("csv", "json"):
        async with page.expect_download() as download:
            await page.click(f"#{kind}")
        path = await (await download.value).path()
        saved[kind] = path.read_text("utf-8")
    assert next(csv.reader(io.StringIO(saved["csv"]))) == ["word", "letters"]
    assert "'=cmd,4" in saved["csv"]
    assert {one["word"] for one in json.loads(saved["json"])} == {"=cmd", "two,", "three"}


async def test_the_link_is_copied(browser: Browser, url: str) -> None:
    async with visitor(browser, url, permissions=["clipboard-read", "clipboard-write"]) as one:
        page = await one.page()
        await choose_tiny(page)
        await ask(page, "one")
        await page.wait_for_selector("body[data-run=ok]")
        await page.click("#copy")
        await expect(page.locator("#copy")).to_have_text("Copied")
        assert await page.evaluate("() => navigator.clipboard.readText()") == page.url


async def test_the_wire_shows_the_frames_as_they_came(somebody: Visitor) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    await page.locator("#wire summary").click()
    await ask(page, "one two")
    await page.wait_for_selector("body[data-run=ok]")
    last = page.locator("#wire-list li").last
    await expect(last).to_contain_text('"type":"run.finished"')
    assert "frames" in await page.inner_text("#wire-line")


async def test_a_second_domain_has_no_map_and_none_of_the_first_ones_words(somebody: Visitor) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    await expect(page.locator("h1")).to_have_text("How many letters?")
    await ask(page, "one two")
    await page.wait_for_selector("body[data-run=ok]")
    await expect(page.locator("#map")).to_be_hidden()


async def test_a_line_that_is_cut_is_said_and_comes_back(somebody: Visitor, gate: Gate) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    await ask(page, "wait a little")
    await gate.reached.wait()
    await page.wait_for_url("**/runs/*")
    await somebody.context.set_offline(True)
    await page.evaluate("() => window.stop()")  # what is under way breaks off, as it does on a train
    await page.wait_for_selector("body[data-run=waiting], body[data-run=failed]")
    await somebody.context.set_offline(False)
    gate.opened.set()
    if await page.locator("#resume").is_visible():
        await page.click("#resume")
    await page.wait_for_selector("body[data-run=ok]")
    assert sorted(await rows(page)) == ["little", "wait"]
    somebody.trouble.clear()  # the browser tells of requests that found no network


@pytest.mark.timeout(180)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_it(browser: Browser, url: str, scheme: str) -> None:
    async with visitor(browser, url, color_scheme=scheme) as one:
        page = await one.page()
        await page.wait_for_selector(".step")
        assert await violations(page) == []
        await ask(page, QUESTION)
        await page.wait_for_selector("body[data-run=ok]")
        await page.wait_for_selector("#map .land path")
        assert await violations(page) == []
        for selector in ("#options", "#runs", "#out"):
            await page.locator(f"{selector} > summary").click()
        for step in await page.locator(".step > details > summary").all():
            await step.click()
        await page.locator("tbody th button").first.click()
        assert await violations(page) == []
        if scheme == "light":  # what changes with the width has the same colours
            await page.set_viewport_size({"width": 360, "height": 740})
            assert await violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_of_a_failure(browser: Browser, url: str, scheme: str) -> None:
    async with visitor(browser, url, color_scheme=scheme) as one:
        page = await one.page()
        await choose_tiny(page)
        await ask(page, "please fail")
        await page.wait_for_selector("body[data-run=failed]")
        for selector in ("#wire", ".step:first-child .raw"):  # where the frames are few: axe measures each line
            await page.locator(f"{selector} > summary").click()
        assert await violations(page) == []


async def test_without_javascript_a_question_is_answered_line_by_line(browser: Browser, url: str) -> None:
    async with visitor(browser, url, java_script_enabled=False) as one:
        page = await one.page()
        await page.fill("#q", QUESTION)
        await page.click("#ask button[type=submit]")
        await page.wait_for_selector("h2:has-text('The view')")
        assert await page.locator("ol li").count() == 8
        assert await page.locator("tbody tr").count() > 10
        await page.get_by_role("link", name="The page of this run").click()
        assert "/runs/" in page.url
        await page.locator("noscript a").click()  # and back: without modules it shows nothing of the run
        await expect(page.locator("ol li")).to_have_count(8)
        assert one.trouble == []


async def test_without_javascript_an_example_is_asked_with_one_click(browser: Browser, url: str) -> None:
    async with visitor(browser, url, java_script_enabled=False) as one:
        page = await one.page("/?pipeline=tiny")
        await page.get_by_role("button", name="how many letters are here").click()
        await expect(page.locator("h1")).to_have_text("how many letters are here")
        await expect(page.locator("tbody tr")).to_have_count(5)


async def test_the_page_of_a_run_offers_that_runs_pipeline(somebody: Visitor) -> None:
    page = await somebody.page("/?pipeline=tiny")
    await ask(page, "one two")
    await page.wait_for_selector("body[data-run=ok]")
    assert await page.locator("#units label:visible").count() == 0  # no column has a temperature or a distance
    again = await somebody.page(page.url.removeprefix(somebody.url))
    await again.wait_for_selector("body[data-run=ok]")
    assert await again.input_value("#pipeline") == "tiny"
    await expect(again.locator("h1")).to_have_text("How many letters?")


@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_jumps_while_the_page_loads(browser: Browser, url: str, width: int) -> None:
    async with visitor(browser, url, viewport={"width": width, "height": 900}) as one:
        await one.context.add_init_script(
            "window.moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())"
            " window.moved += one.value; }).observe({ type: 'layout-shift', buffered: true });"
        )
        page = await one.page()
        await page.wait_for_function("() => document.querySelector('#examples button')?.type === 'button'")
        await page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        assert await page.evaluate("() => window.moved") < 0.01


async def test_without_javascript_steps_arrive_one_by_one(browser: Browser, url: str, gate: Gate) -> None:
    async with visitor(browser, url, java_script_enabled=False) as one:
        page = await one.page()
        reading = asyncio.create_task(page.request.post(f"{url}/plain", form={"q": "wait now", "pipeline": "tiny"}))
        await gate.reached.wait()
        gate.opened.set()
        answer = await (await reading).text()
        assert answer.index("Split into words") < answer.index("Count the letters") < answer.index("<table>")
        assert answer.rstrip().endswith("</html>")


@pytest.mark.parametrize("width", [320, 768, 1920])
async def test_nothing_is_wider_than_the_window(browser: Browser, url: str, width: int) -> None:
    async with visitor(browser, url, viewport={"width": width, "height": 900}) as one:
        page = await one.page()
        await ask(page, QUESTION)
        await page.wait_for_selector(OVER)
        await page.locator("tbody th button").first.click()
        assert await page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


async def test_many_rows_are_all_there_and_sort(somebody: Visitor) -> None:
    page = await somebody.page()
    await choose_tiny(page)
    words = [f"{'w' * 8}{index:03}" for index in range(160)]
    await ask(page, " ".join(words))
    await page.wait_for_selector("body[data-run=ok]")
    assert len(await rows(page)) == 160
    await page.get_by_role("columnheader", name="Word").get_by_role("button").click()
    assert await rows(page) == sorted(words)


async def test_an_answer_is_refined_by_saying_only_what_should_be_different(somebody: Visitor) -> None:
    page = await somebody.page()
    await ask(page, QUESTION)
    await page.wait_for_selector("body[data-run=ok]")
    many = len(await rows(page))
    await page.check("#refining")
    await ask(page, "max 3 hours")
    await expect(page.locator(".step").nth(2)).to_contain_text("5 h → 3 h")
    await page.wait_for_selector("body[data-run=ok]")
    assert 0 < len(await rows(page)) < many
    await choose_tiny(page)
    await ask(page, "one two")
    await page.wait_for_selector("body[data-run=ok]")
    await expect(page.locator("#refining")).to_be_hidden()  # this pipeline takes no follow-ups
