"""Chromium without a window, driven over W3C WebDriver by plain HTTP."""

import asyncio
import base64
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class Browser:
    """One session of one tab."""

    def __init__(self, http: httpx.AsyncClient, session: str) -> None:
        self._http = http
        self._path = f"/session/{session}"

    async def command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await self._http.request(method, self._path + path, json=body if method == "POST" else None)
        value = answer.json()["value"]
        if answer.is_error:
            raise AssertionError(f"{value['error']}: {value['message'].splitlines()[0]}")
        return value

    async def open(self, url: str) -> None:
        await self.command("POST", "/url", {"url": url})

    async def run(self, script: str, *args: Any) -> Any:
        """The value that ``script``, the body of a function of ``arguments``, returns."""
        return await self.command("POST", "/execute/sync", {"script": script, "args": list(args)})

    async def until(self, script: str, *args: Any, seconds: float = 10) -> Any:
        """Waits until ``script`` returns something true, and returns it."""
        async with asyncio.timeout(seconds):
            while not (value := await self.run(script, *args)):  # noqa: ASYNC110  # the condition lives in the browser
                await asyncio.sleep(0.02)
        return value

    async def text(self, selector: str) -> str:
        text: str = await self.run("return document.querySelector(arguments[0]).innerText", selector)
        return text

    async def type(self, selector: str, text: str) -> None:
        await self.command("POST", f"/element/{await self._find(selector)}/value", {"text": text})

    async def click(self, selector: str) -> None:
        await self.command("POST", f"/element/{await self._find(selector)}/click", {})

    async def _find(self, selector: str) -> str:
        found = await self.command("POST", "/element", {"using": "css selector", "value": selector})
        return str(next(iter(found.values())))

    async def console(self) -> list[str]:
        """Warnings and errors since the last call; violations of the Content-Security-Policy are among them."""
        entries = await self.command("POST", "/se/log", {"type": "browser"})
        return [
            f"{entry['source']}: {entry['message']}" for entry in entries if entry["level"] in ("SEVERE", "WARNING")
        ]

    async def devtools(self, method: str, **params: Any) -> Any:
        return await self.command("POST", "/goog/cdp/execute", {"cmd": method, "params": params})

    async def look(self, *, width: int, height: int = 900, scheme: str = "light", motion: str = "reduce") -> None:
        """The size of the window, and what the visitor prefers."""
        await self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        await self.devtools("Emulation.setEmulatedMedia", features=features)

    async def screenshot(self) -> bytes:
        """The whole page as PNG."""
        shot = await self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@contextmanager
def running_chromium() -> Iterator[tuple[str, str]]:
    """The address of a driver and its one session, with an empty profile; both end with the block."""
    assert CHROMIUM, "chromium is missing"
    assert DRIVER, "chromedriver is missing"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        port = _free_port()
        driver = subprocess.Popen([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
                _wait_until_ready(http)
                session = _begin(http, CHROMIUM, profile)
                try:
                    yield str(http.base_url), session
                finally:
                    http.delete(f"/session/{session}")
        finally:
            driver.terminate()
            driver.wait(10)


@asynccontextmanager
async def fresh_page(driver: str, session: str) -> AsyncIterator[Browser]:
    """The session's tab as if it were new: empty, with an empty console."""
    async with httpx.AsyncClient(base_url=driver, timeout=60, trust_env=False) as http:
        browser = Browser(http, session)
        await browser.open("about:blank")
        await browser.console()
        yield browser


def _begin(http: httpx.Client, binary: str, profile: str) -> str:
    options = {"binary": binary, "args": [*_FLAGS, f"--user-data-dir={profile}"]}
    wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    answer = http.post("/session", json={"capabilities": {"alwaysMatch": wanted}})
    value = answer.json()["value"]
    assert "sessionId" in value, value
    return str(value["sessionId"])


def _wait_until_ready(http: httpx.Client) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if http.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
