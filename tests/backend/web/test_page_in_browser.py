"""The page in Chromium, on a real server whose run the test tells event by event."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.errors import InvalidRequest
from shared import events as ev
from tests.backend.web import sample_run
from tests.backend.web.browser import Browser
from tests.backend.web.sample_run import Script
from tests.backend.web.scripted_site import Site

pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.timeout(90)]

EVENTS = sample_run.whole_run()
ROWS = "return [...document.querySelectorAll('tbody tr')].map((row) => row.cells[0].innerText)"
STATES = "return [...document.querySelectorAll('.step')].map((step) => step.dataset.state)"
RUN_IS = "return document.body.dataset.run === arguments[0]"


@pytest.fixture
async def page(site: Site, browser: Browser) -> AsyncIterator[Browser]:
    """The page, opened and knowing what can be asked; at the end its console must be empty."""
    await browser.look(width=1280)
    await browser.open(site.url + "/")
    await browser.until("return document.querySelectorAll('.step').length === 8")
    yield browser
    assert await browser.console() == []


async def ask(page: Browser, question: str = sample_run.QUESTION) -> None:
    await page.type("#q", question)
    await page.click("#ask button[type=submit]")
    await page.until(RUN_IS, "running")


def index_of(cls: type[ev.Event], **fields: Any) -> int:
    """Where the first event of this type with these fields stands in EVENTS."""
    return next(
        place
        for place, event in enumerate(EVENTS)
        if isinstance(event, cls) and all(getattr(event, name) == value for name, value in fields.items())
    )


async def test_steps_and_rows_appear_as_they_happen(page: Browser, site: Site) -> None:
    assert await page.run(STATES) == ["waiting"] * 8
    await ask(page)
    [asked] = site.asked
    zone = await page.run("return Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert asked == {"q": sample_run.QUESTION, "pipeline": "escape", "options": {"tz": zone}}

    both_run = index_of(ev.StepStarted, step="locate") + 1
    await site.tell(*EVENTS[:both_run])
    await page.until(STATES.replace("return", "return JSON.stringify(") + ').startsWith(\'["ok","running","running"\')')

    rows = index_of(ev.RowsChanged, step="distances")
    await site.tell(*EVENTS[both_run : rows + 3])
    await page.until(ROWS + ".length === 3")
    provisional = "return document.querySelectorAll('tbody tr[data-state=provisional]').length"
    assert await page.run(provisional) == 3
    assert "3 results so far" in await page.text("#rows-title")

    halfway = index_of(ev.StepProgress, done=6) + 1
    await site.tell(*EVENTS[rows + 3 : halfway])
    await page.until(provisional + " === 6")
    assert "6 of 12 cities" in await page.text(".step:nth-child(7)")
    assert await page.run("return document.body.dataset.run") == "running"

    await site.tell(*EVENTS[halfway:])
    await page.until(RUN_IS, "ok")
    assert await page.run(STATES) == ["ok"] * 8
    names = {place[1]: place[0] for place in sample_run.PLACES}
    order = EVENTS[-1].order  # type: ignore[union-attr]  # the last event is run.finished
    assert order is not None
    assert [name.strip() for name in await page.run(ROWS)] == [names[code] for code in order]
    assert "9 results · 3 left out" in await page.text("#rows-title")
    await page.click("#out summary")
    assert "Dublin – 19 °C: not hot" in (await page.text("#out-list")).replace("\n", " ")


async def test_options_go_with_the_question_and_a_link_may_bring_the_question(page: Browser, site: Site) -> None:
    await page.open(site.url + "/?q=hot%20%3Cb%3E")
    await page.until("return document.querySelectorAll('.step').length === 8")
    assert site.asked == []
    await page.click("#options summary")
    await page.type("#fields input[name=from]", " VLC ")
    await page.click("#ask button[type=submit]")
    await page.until(RUN_IS, "running")
    assert site.asked[0]["q"] == "hot <b>"
    assert site.asked[0]["options"]["from"] == "VLC"


async def test_a_step_opens_onto_its_calls_text_and_outcome_and_stays_open(page: Browser, site: Site) -> None:
    await ask(page)
    await site.tell(*EVENTS[: index_of(ev.StepFinished, step="routes")])
    await page.until("return document.querySelectorAll('.step')[4].dataset.state === 'running'")
    for number in (2, 5):
        await page.click(f".step:nth-child({number}) > details > summary")
    assert '{"weather": "hot", "hours": 4}' in await page.text(".step:nth-child(2)")
    assert "Valencia" in await page.text(".step:nth-child(2) .tree .tree")
    await page.click(".step:nth-child(5) .log summary")
    await site.tell(*EVENTS[index_of(ev.StepFinished, step="routes") :])
    await page.until(RUN_IS, "ok")
    call = await page.text(".step:nth-child(5) .log")
    assert "atlas · routes" in call
    assert "from=VLC min_confidence=0.45" in call
    assert "18.2 kB" in call
    assert '{"from": "VLC", "to": "SVQ", "km": 539}' in call
    assert "warning: No timetable for this airport" in call


async def test_a_step_shows_its_own_frames_as_they_came(page: Browser, site: Site) -> None:
    await ask(page)
    half = index_of(ev.StepFinished, step="locate")
    await site.tell(*EVENTS[:half])
    await page.until("return document.querySelectorAll('.step')[1].dataset.state === 'running'")
    await page.click(".step:nth-child(2) > details > summary")
    await page.click(".step:nth-child(2) .raw summary")
    await page.until("return document.querySelector('.step:nth-child(2) .raw pre').textContent !== ''")
    await site.tell(*EVENTS[half:])
    await page.until(RUN_IS, "ok")
    frames = (await page.text(".step:nth-child(2) .raw pre")).split("\n\n")
    mine = [event for event in EVENTS if getattr(event, "step", "") == "intent"]
    assert frames == [f"id: {sample_run.RUN}.{event.seq}\ndata: {ev.encode_event(event).decode()}" for event in mine]
    assert str(len(mine)) in await page.text(".step:nth-child(2) .raw summary")


async def test_idle_behind_and_interrupted_look_different(page: Browser, site: Site) -> None:
    lamp = """const look = getComputedStyle(document.querySelector('.lamp'));
        return [document.body.dataset.line, look.borderStyle, look.borderColor, look.backgroundColor].join(' ')"""
    later = "const now = performance.now.bind(performance); performance.now = () => now() + arguments[0]"
    line_is = "return document.body.dataset.line === arguments[0]"
    await ask(page)
    await site.tell(*EVENTS[:20])
    await page.until("return document.querySelectorAll('.step')[2].dataset.state === 'ok'")
    looks = [await page.run(lamp)]
    await page.run(later, 11_000)  # as if so long had passed
    await site.tell_comment(b"hb 20")
    await page.until(line_is, "idle")
    looks.append(await page.run(lamp))
    await page.run(later, 16_000)
    await page.until(line_is, "behind")
    looks.append(await page.run(lamp))
    assert "nothing heard for" in await page.text("#status-text")
    said = await page.run("return [...document.querySelectorAll('#said p')].map((line) => line.textContent)")
    assert len([line for line in said if "nothing heard for" in line]) == 1
    await site.tell_comment(b"hb 23")
    await page.until("return document.querySelector('#status-text').textContent.endsWith('3 events behind')")
    await site.tell(*EVENTS[20:23])
    await page.until(line_is, "live")
    site.down = True
    await site.cut()
    await page.until(line_is, "interrupted")
    looks.append(await page.run(lamp))
    assert len(set(looks)) == 4
    assert [line for line in await page.console() if "404" not in line] == []


PAYLOAD = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>\u202e\u001b[31m{{7*7}}'
_WORDS_OF_THE_WIRE = {"type", "level", "status", "state", "kind", "started_at"}


def hostile(value: Any, key: str = "") -> Any:
    """A value of the wire with the payload in every string that isn't a word of the protocol, data keys included."""
    if isinstance(value, str):
        return value if key in _WORDS_OF_THE_WIRE else value + PAYLOAD
    if isinstance(value, list):
        return [hostile(item, key) for item in value]
    if isinstance(value, dict):
        data = key in ("cells", "request", "detail", "from", "origin")
        return {(hostile(name) if data else name): hostile(item, name) for name, item in value.items()}
    return value


async def test_hostile_strings_in_every_field_are_text_and_nothing_else(page: Browser, site: Site) -> None:
    site.pipelines = hostile(site.pipelines)
    for address in ("javascript:window.owned=1", "data:text/html,<script>window.owned=1</script>", "//", 7):
        site.pipelines["pipelines"][0]["attributions"].append({"text": "click me", "url": address})
    await page.open(site.url + "/")
    await page.until("return document.querySelectorAll('.step').length === 8")
    await ask(page, "x<img src=x onerror=window.owned=1>")
    script = Script()
    script.events = EVENTS[:-1]
    script.t = EVENTS[-1].t
    error = ev.ErrorInfo(code="c", message="It broke.", hint="Try this.", retryable=False)
    script.finished("failed", error=error)
    await site.tell_raw(*(json.dumps(hostile(json.loads(ev.encode_event(event)))).encode() for event in script.events))
    await page.until(RUN_IS, "failed")
    await page.run("for (const details of document.querySelectorAll('details')) details.open = true")
    await page.until("return document.querySelector('.log dl') !== null")
    for selector in ("#title", "#status-text", "#steps", "#rows-body", "#out-list", "#examples", "#attributions"):
        text = await page.text(selector)
        assert "<script>window.owned=1</script>{{7*7}}" in text, selector
        assert "\u202e" not in text
        assert "\x1b" not in text
    made = "return [...document.querySelectorAll('img, iframe, object, script:not([src]), [onerror]')].length"
    assert await page.run(made) == 0
    assert await page.run("return window.owned ?? null") is None
    addresses = await page.run("return [...document.links].map((link) => link.protocol)")
    assert set(addresses) <= {"http:", "https:"}


async def test_markup_made_by_mistake_would_be_refused_by_the_policy(page: Browser) -> None:
    refused = "try { document.body.innerHTML = '<b>x</b>'; return 'made' } catch (error) { return error.name }"
    assert await page.run(refused) == "TypeError"
    assert [line for line in await page.console() if "TrustedHTML" in line]


async def test_a_cut_connection_comes_back_by_itself_and_loses_nothing(page: Browser, site: Site) -> None:
    await ask(page)
    await site.tell(*EVENTS[:20])
    await page.until("return document.querySelectorAll('.step')[2].dataset.state === 'ok'")
    await site.cut()
    await page.until("return document.body.dataset.run === 'waiting' || document.body.dataset.run === 'running'")
    await site.tell(*EVENTS[20:])
    await page.until(RUN_IS, "ok")
    assert site.resumed_after == [20]
    assert len(await page.run(ROWS)) == 9


async def test_a_run_that_cannot_be_resumed_is_interrupted_until_somebody_resumes_it(page: Browser, site: Site) -> None:
    await ask(page)
    shown = index_of(ev.RowsChanged, step="distances") + 4
    await site.tell(*EVENTS[:shown])
    await page.until(ROWS + ".length === 4")
    site.down = True
    await site.cut()
    await page.until(RUN_IS, "failed")
    assert (await page.text("#status-text")).startswith("Interrupted: this is not the whole answer.")
    assert len(await page.run(ROWS)) == 4
    site.down = False
    await page.click("#resume")
    await site.tell(*EVENTS[shown:])
    await page.until(RUN_IS, "ok")
    assert site.resumed_after[-1] == shown
    assert [line for line in await page.console() if "404" not in line] == []


async def test_stop_asks_the_server_to_cancel_and_keeps_what_was_found(page: Browser, site: Site) -> None:
    await ask(page)
    shown = index_of(ev.RowsChanged, step="distances") + 2
    script = Script()
    script.events = EVENTS[:shown]
    script.t = script.events[-1].t
    await site.tell(*script.events)
    await page.until(ROWS + ".length === 2")
    await page.click("#stop")
    script.add(ev.RunNotice, kind="cancelling", text="Stopping.")
    script.add(ev.StepFinished, step="distances", attempt=1, status="cancelled", ms=9, say="Cancelled")
    script.finished("cancelled", "Cancelled by you")
    await site.tell(*script.events[shown:])
    await page.until(RUN_IS, "ended")
    assert site.cancelled == [sample_run.RUN]
    assert len(await page.run(ROWS)) == 2


async def test_a_new_question_ends_the_run_before_it(page: Browser, site: Site) -> None:
    await ask(page)
    await site.tell(*EVENTS[:20])
    await page.until("return document.querySelectorAll('.step')[2].dataset.state === 'ok'")
    site.reset()
    await page.click(".chip")
    await page.until("return document.querySelectorAll('.step')[2].dataset.state === 'waiting'")
    await site.tell(*EVENTS)
    await page.until(RUN_IS, "ok")
    assert site.cancelled == [sample_run.RUN]
    assert [asked["q"] for asked in site.asked] == [sample_run.QUESTION, sample_run.QUESTION]


async def test_a_failed_step_opens_itself_and_one_closed_by_hand_stays_closed(page: Browser, site: Site) -> None:
    script = Script()
    script.started()
    script.begin("understand")
    await ask(page)
    await site.tell(*script.events)
    error = ev.ErrorInfo(
        code="no_place", message="I don't know where you are.", hint="Say: from Berlin", retryable=False
    )
    script.end("understand", status="failed", error=error, say="Not understood", detail=None)
    await site.tell(script.events[-1])
    is_open = "return document.querySelector('.step details').open"
    await page.until(is_open)
    assert "Say: from Berlin" in await page.text(".step:nth-child(1) .trouble")
    await page.click(".step:nth-child(1) > details > summary")
    script.add(ev.StepLog, step="understand", attempt=1, level="error", text="more of it")
    script.finished("failed", "No answer", error=error)
    await site.tell(*script.events[-2:])
    await page.until(RUN_IS, "failed")
    assert await page.run(is_open) is False
    assert await page.text("#status-text") == "I don't know where you are."
    assert await page.text("#status-hint") == "Say: from Berlin"


async def test_a_refused_question_says_why_and_what_to_try(site: Site, browser: Browser) -> None:
    site.problem = InvalidRequest("That is no question.", status=422, hint="Name a place.")
    await browser.open(site.url + "/")
    await browser.until("return document.querySelectorAll('.chip').length > 0")
    await browser.type("#q", "?")
    await browser.click("#ask button")
    await browser.until(RUN_IS, "failed")
    assert await browser.text(".status p") == "That is no question. Name a place."


async def test_the_live_region_says_each_finished_step_once(page: Browser, site: Site) -> None:
    await ask(page)
    await site.tell(*EVENTS)
    await page.until(RUN_IS, "ok")
    said = await page.run("return [...document.querySelectorAll('#said p')].map((line) => line.textContent)")
    numbers = [line.split(",")[0].removeprefix("Step ") for line in said[:-1]]
    assert sorted(numbers) == ["1", "2a", "2b", "3", "4", "5", "6", "7"]
    assert said[-1].startswith("9 places, Marrakesh first")


async def test_the_keyboard_alone_is_enough(page: Browser, site: Site) -> None:
    await page.run("document.activeElement.blur()")
    tab, enter = "\ue004", "\ue007"

    async def press(*keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        await page.command("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    await press(tab)
    assert await page.run("return document.activeElement.className") == "skip"
    await press(tab, *"hot", enter)
    await page.until(RUN_IS, "running")
    assert site.asked[0]["q"] == "hot"
    await site.tell(*EVENTS)
    await page.until(RUN_IS, "ok")
    for _ in range(20):
        if await page.run("return document.activeElement.matches('.step summary')"):
            break
        await press(tab)
    await press(enter)
    assert await page.run("return document.querySelector('.step details').open")


@pytest.mark.parametrize("width", [320, 768, 1280])
async def test_nothing_is_wider_than_the_window(page: Browser, site: Site, width: int) -> None:
    await page.look(width=width, height=700, scheme="dark")
    fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await page.run(fits)
    await ask(page)
    await site.tell(*EVENTS)
    await page.until(RUN_IS, "ok")
    await page.run("for (const details of document.querySelectorAll('details')) details.open = true")
    assert await page.run(fits)


async def test_many_rows_and_events_all_arrive(page: Browser, site: Site) -> None:
    script = Script()
    script.started()
    script.begin("understand")
    for number in range(1000):
        row = ev.RowUpsert(id=f"{number}", cells={"city": f"City {number}", "km": number}, state="confirmed")
        script.add(ev.RowsChanged, step="understand", attempt=1, upsert=(row,))
        script.add(ev.StepProgress, step="understand", attempt=1, done=number)
    script.finished("ok", "1000 places", order=tuple(str(number) for number in reversed(range(1000))))
    await ask(page)
    await site.tell(*script.events)
    await page.until(RUN_IS, "ok", seconds=30)
    rows = await page.run(ROWS)
    assert (len(rows), rows[0], rows[-1]) == (1000, "City 999", "City 0")
