"""Pages for journeys: Debian's Chromium driven by Playwright, real servers, and whatever a page must never say."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

AXE = Path(__file__).parents[2] / "npm" / "node_modules" / "axe-core" / "axe.min.js"
OVER = "body[data-run=ok], body[data-run=partial], body[data-run=failed], body[data-run=ended]"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, ended with the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """A browser profile of its own. ``trouble`` gathers what must not happen on a page: errors, policy violations."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.trouble: list[str] = []

    async def page(self, path: str = "/") -> Page:
        page = await self.context.new_page()
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        await page.goto(self.url + path)
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.trouble.append(f"{kind}: {text}")


@asynccontextmanager
async def visitor(browser: Browser, url: str, **how: Any) -> AsyncIterator[Visitor]:
    """Somebody who comes to ``url``; at the end nothing may have gone wrong on their pages."""
    how = {"viewport": {"width": 1280, "height": 900}, "timezone_id": "America/New_York", **how}
    context = await browser.new_context(reduced_motion="reduce", **how)
    context.set_default_timeout(15_000)
    try:
        somebody = Visitor(context, url)
        yield somebody
        assert somebody.trouble == []
    finally:
        await context.close()


async def ask(page: Page, question: str) -> None:
    await page.fill("#q", question)
    await page.click("#ask button[type=submit]")


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its own best practices, one line each."""
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("(tags) => axe.run({ runOnly: tags })", STANDARDS)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
