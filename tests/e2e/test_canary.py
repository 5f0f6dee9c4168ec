"""Keys are searched for in everything that a whole server with every service says or writes: frames, pages, errors,
logs, files. Where one is found is a leak (fault matrix, row 30)."""

import asyncio
import contextlib
import logging
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from shared import events as ev
from tests.live_runs import live
from tests.served import client, events_of
from tests.simulators.faults import Fault
from tests.simulators.upstreams import CANARIES, KEYS, Upstreams
from tests.simulators.world import World
from tests.tui.command_line import run

QUESTIONS = ("somewhere hot tomorrow, under 5 hours, from London", "anywhere mild, from New York", "cold and close")
LINE = b"Windowseat is listening on "


class Seen:
    """All that was seen, by where it was."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}

    def add(self, where: str, text: bytes | str) -> None:
        self.texts[where] = self.texts.get(where, b"") + (text.encode() if isinstance(text, str) else text)

    def leaks(self) -> list[tuple[str, str]]:
        forms = {form for canary in CANARIES for form in (canary, quote(canary, safe=""), canary[4:])}
        return [(where, form) for where, text in self.texts.items() for form in forms if form.encode() in text]


@contextlib.asynccontextmanager
async def serving(env: dict[str, str], folder: Path, log: Path) -> AsyncIterator[str]:
    """The URL of a server process that keeps its files in ``folder`` and writes to ``log``."""
    words = ["-X", "dev", "-m", "backend", "--port", "0", "--data-dir", str(folder), "--verbose"]
    with log.open("wb") as output:  # a pipe that nobody reads would fill up
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=PIPE, stderr=output, env={**os.environ, "WINDOWSEAT_OFFLINE": "0", **env}
        )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).removeprefix(LINE).decode().strip()
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 20)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


async def everything(http: httpx.AsyncClient, url: str, seen: Seen, where: str) -> None:
    """Ask all questions; read everything that there is to read of it."""
    for question in QUESTIONS:
        response = await http.post("/assist", json={"q": question, "options": {"tz": "Europe/Madrid"}})
        seen.add(f"{where}: stream", response.content)
        assert isinstance(events_of(response.content)[-1], ev.RunFinished)
        name = response.headers["windowseat-run"]
        for path in (f"/runs/{name}", f"/runs/{name}/events", f"/plain/{name}"):
            seen.add(f"{where}: {path[:6]}", (await http.get(path)).content)
    for path in ("/runs", "/sources", "/pipelines", "/openapi.json", "/readyz", "/nothing"):
        seen.add(f"{where}: {path}", (await http.get(path)).content)
    commands = (("doctor",), ("doctor", "--json"), ("about",))
    for ended in await asyncio.gather(*(run(*command, "--url", url) for command in commands)):
        seen.add(f"{where}: command line", ended.out + ended.err)
    seen.add(f"{where}: form", (await http.post("/plain", data={"q": QUESTIONS[0]})).content)


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_no_key_is_in_anything_that_a_server_says_or_writes(tmp_path: Path) -> None:
    seen, data, log = Seen(), tmp_path / "data", tmp_path / "log"
    async with Upstreams(World(seed=11)) as up:
        env = {**up.environment(), "WINDOWSEAT_CONTACT": "someone@example.org"}
        assert {variable for variable, _ in KEYS.values()} <= set(env)
        async with serving(env, data, log) as url, client(url) as http:
            http.timeout = httpx.Timeout(60)
            await everything(http, url, seen, "healthy")
            assert all(service.requests for service in (up.airlabs, up.openweather, up.groq))
            for where, fault in echoes().items():
                for simulator in up.by_name.values():
                    simulator.faults.clear()
                    simulator.faults.always(fault)
                await everything(http, url, seen, where)
    for name, content in files(tmp_path).items():
        seen.add(name, content)
    assert {"data/runs.sqlite", "data/upstreams.sqlite", "log"} <= set(seen.texts)
    assert b"Traceback" not in seen.texts["log"]
    assert seen.leaks() == []


def echoes() -> dict[str, Fault]:
    """Errors that repeat every key there is, in the forms that services use."""
    keys = " ".join(CANARIES)
    return {
        "401": Fault(status=401, body=f'{{"error": {{"message": "Invalid API key {keys}", "code": "{keys}"}}}}'),
        "flat 400": Fault(status=400, body=f'{{"message": "{keys}", "cod": 400, "reason": "{keys}", "error": true}}'),
        "page 500": Fault(status=500, body=f"<h1>api_key={keys}</h1>", content_type="text/html"),
        "good": Fault(body=f'{{"response": "{keys}", "city": "{keys}", "status": "success", "{keys}": ["{keys}"]}}'),
    }


def test_a_leak_would_be_found() -> None:
    seen = Seen()
    seen.add("log", f"GET /routes?api_key={CANARIES[0]} HTTP/1.1")
    assert seen.leaks()


async def test_the_libraries_that_speak_http_log_no_key_even_when_everything_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with live(data_dir=tmp_path) as page:
        await page.ask("somewhere hot tomorrow, under 5 hours, from London")
        assert page.asked().get("airlabs")
    seen = Seen()
    seen.add("log", caplog.text)
    assert seen.leaks() == []
