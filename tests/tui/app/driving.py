"""Driving the app in tests: open it on a scripted client, wait for what should come, read what is drawn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from tests.tui.app.scripted import ScriptedClient
from tui.application import WindowseatApp
from tui.connection import Received
from tui.desk import Desk, closed
from tui.screens.main import MainScreen
from tui.session import Session
from tui.watch import Watch
from tui.widgets.banner import Banner
from tui.widgets.prompt import Prompt
from tui.widgets.results_table import ResultsTable
from tui.widgets.step_row import StepRow
from tui.widgets.transcript import Transcript


def is_dirty(screen: Screen[Any]) -> bool:
    """Whether something is still to be drawn, or asked to be."""
    if screen._dirty_widgets or screen._layout_required or screen._repaint_required or screen._callbacks:
        return True
    return any(not one._message_queue.empty() for one in (screen, *screen.walk_children(Widget)))


def lines_of(screen: Screen[Any]) -> list[str]:
    """What is on the screen, line by line."""
    strips = screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


@dataclass
class Driver:
    app: WindowseatApp
    pilot: Pilot[int]
    client: ScriptedClient

    @property
    def screen(self) -> MainScreen:
        screen = self.app.screen
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def watch(self) -> Watch:
        assert self.app.desk.watch is not None
        return self.app.desk.watch

    @property
    def steps(self) -> Transcript:
        return self.app.screen_stack[0].query_one(Transcript)

    @property
    def table(self) -> ResultsTable:
        return self.app.screen_stack[0].query_one(ResultsTable)

    @property
    def banner(self) -> Banner:
        return self.app.screen_stack[0].query_one(Banner)

    @property
    def prompt(self) -> Prompt:
        return self.app.screen_stack[0].query_one(Prompt)

    @property
    def screen_is_dirty(self) -> bool:
        """Whether something is still to be drawn."""
        return is_dirty(self.app.screen)

    def row(self, step: str) -> StepRow:
        return next(row for row in self.steps.rows if row.step.id == step)

    def lines(self) -> list[str]:
        """What is on the screen, line by line."""
        return lines_of(self.app.screen)

    def text(self) -> str:
        return "\n".join(self.lines())

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until ``condition`` holds; fail with the screen's picture when it never does."""
        try:
            async with asyncio.timeout(8):
                while not condition():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"never came true: {what or condition}\n{self.text()}") from None

    async def shows(self, *texts: str) -> None:
        for text in texts:
            await self.until(partial(self._is_shown, text), f"{text!r} on the screen")

    def _is_shown(self, text: str) -> bool:
        return text in self.text()

    async def ask(self, question: str = "somewhere hot") -> None:
        """Type the question and wait until it is on its way."""
        asked = len(self.client.asked)
        self.prompt.focus()
        self.prompt.value = question
        await self.pilot.press("enter")
        await self.until(lambda: len(self.client.asked) > asked, "the question at the server")


@asynccontextmanager
async def opened(
    size: tuple[int, int] = (80, 24),
    client: ScriptedClient | None = None,
    question: str | None = None,
    tap: Callable[[Received], None] | None = None,
    **options: Any,
) -> AsyncIterator[Driver]:
    """``options`` are those of the session; nothing moves unless they say so."""
    client = client or ScriptedClient()
    desk = Desk(client.connect(), options={"tz": "Europe/Madrid"}, tap=tap)
    app = WindowseatApp(desk, question, session=Session(**{"motion": False, **options}))
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            driver = Driver(app, pilot, client)
            await driver.until(lambda: desk.link.state != "starting", "a server that is reached, or not")
            yield driver
    finally:
        await closed(desk)
