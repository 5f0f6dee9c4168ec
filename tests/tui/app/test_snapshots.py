"""What the app looks like: states by themes by sizes, each picture looked at by a person before it was kept.

``pytest tests/tui/app/test_snapshots.py --snapshot-update`` draws them anew; look at every one that changed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from shared import events as ev
from tests.golden import QUESTION, golden_info, golden_run
from tests.tui.app.scripted import ScriptedClient, finished, sample_run, step_finished
from tui.application import WindowseatApp
from tui.config import ClientSettings
from tui.connection import Connection, StreamCut
from tui.desk import Desk
from tui.preferences import Preferences
from tui.session import Session
from tui.terminal import Terminal

THEMES = ("textual-dark", "textual-light", "ansi-dark")
SIZES = ((80, 24), (120, 40))
ERROR = ev.ErrorInfo(
    code="upstream_timeout", message="AirLabs did not answer within 5 s", hint="try again in a minute", retryable=True
)

Draw = Callable[[Pilot[int], ScriptedClient, WindowseatApp], Awaitable[None]]


class Still:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def until(condition: Callable[[], Any], pilot: Pilot[int]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await pilot.pause(0.01)


def of(
    events: Sequence[ev.KnownEvent], keys: Sequence[str] = (), then: Callable[[ScriptedClient], None] | None = None
) -> Draw:
    """Ask, let these events come, press these keys."""

    async def draw(pilot: Pilot[int], client: ScriptedClient, app: WindowseatApp) -> None:
        await until(lambda: app.desk.link.state == "connected", pilot)
        if events:
            app._main.ask(QUESTION)
            await until(lambda: client.asked, pilot)
            client.say(*events)
            await until(lambda: app.desk.watch is not None and app.desk.watch.view.upto == len(events), pilot)
            await until(lambda: is_painted(app), pilot)
        if then is not None:
            then(client)
        for key in keys:
            await pilot.press(key)
        await settled(pilot, app)

    return draw


async def settled(pilot: Pilot[int], app: WindowseatApp) -> None:
    """Until the screen is the same three times: parts of it are painted by timers."""
    before: list[str] = []
    async with asyncio.timeout(10):
        while len(before) < 3 or len(set(before[-3:])) > 1 or app._main.results.table.incomplete:
            await pilot.pause(0.13)
            strips = app.screen._compositor.render_strips()
            before.append(repr([[(part.text, str(part.style)) for part in strip] for strip in strips]))


def is_painted(app: WindowseatApp) -> bool:
    """Whether the table has the rows of the run: it is painted at most four times a second."""
    watch, results = app.desk.watch, app._main.results
    return watch is not None and results.table.total == len(watch.view.shown_rows()) and not results.table.incomplete


def cut(client: ScriptedClient) -> None:
    client.break_off(StreamCut("the run was cut off after event 20", run="3f2a9c1d", hint="windowseat show 3f2a9c1d"))


def reconnecting(client: ScriptedClient) -> None:
    client.listener(Connection("reconnecting", 2, 1.0, "the connection closed"))


SAMPLE = sample_run()
FAILED = [
    *SAMPLE[:11],
    step_finished("routes", "", t=40, status="failed", error=ERROR, ms=5003),
    *(step_finished(step, "its input is missing", t=41, status="skipped", ms=0) for step in ("distances", "weather")),
    finished("failed", "", t=42, error=ERROR),
]
CANCELLED = [
    *SAMPLE[:21],
    step_finished("weather", "cancelled", t=40, status="cancelled"),
    finished("cancelled", "cancelled: nobody was watching", t=41),
]
WRITTEN = """## Where to go
Two places are **sure**, and one is *likely*; `high > 25` leaves out the rest:

1. **Las Palmas**, 26 °C
   - 3 h 30 by [VY 1234](https://example.org/vy1234)
   - a beach
2. **Palma**, 25 °C

| city | high | rain |
|---|---|---|
| Las Palmas | 26 °C | 20 % |
| Palma | 25 °C | 20 % |

> Typical weather is no forecast.

```
windowseat ask "somewhere hot"
```"""
TALK = [
    *SAMPLE[:2],
    ev.StepToken(seq=0, t=2, step="understand", attempt=1, text="They want *sun*.", kind="reasoning"),
    ev.StepToken(seq=0, t=2, step="understand", attempt=1, text=WRITTEN),
    *SAMPLE[2:],
]
STATES: dict[str, Draw] = {
    "empty": of([]),
    "running": of(SAMPLE[:21]),
    "done": of(golden_run()),
    "opened": of(golden_run(), ("tab", "4")),
    "failed": of(FAILED),
    "cancelled": of(CANCELLED),
    "interrupted": of(SAMPLE[:20], then=cut),
}
OTHERS: dict[str, tuple[Draw, tuple[int, int]]] = {
    "reconnecting": (of(SAMPLE[:20], then=reconnecting), (80, 24)),
    "map": (of(golden_run(), ("tab", "tab", "j", "m")), (120, 40)),
    "map-small": (of(golden_run(), ("tab", "m")), (60, 20)),
    "row": (of(golden_run(), ("tab", "tab", "enter")), (100, 40)),
    "left-out": (of(golden_run(), ("tab", "tab", "l")), (100, 30)),
    "filter": (of(golden_run(), ("tab", "slash", *"high>21")), (100, 30)),
    "inspector-all": (of(golden_run(), ("tab", "4", "o")), (100, 30)),
    "inspector-json": (of(golden_run(), ("tab", "4", "o", "2")), (100, 30)),
    "inspector-frames": (of(golden_run(), ("tab", "o", "s", "3")), (100, 30)),
    "inspector-wrapped": (of(golden_run(), ("tab", "4", "o", "3", "w")), (100, 30)),
    "inspector-timings": (of(golden_run(), ("tab", "o", "s", "4")), (120, 30)),
    "prose": (of(TALK, ("tab", "1")), (100, 50)),
    "history": (of(golden_run(), ("ctrl+r",), lambda client: client.remember("old", "somewhere cold", [])), (80, 24)),
    "palette": (of(golden_run(), ("ctrl+p",)), (80, 24)),
    "all-open": (of(golden_run(), ("tab", "ctrl+o", "g")), (80, 24)),
    "help": (of([], ("f1",)), (100, 40)),
    "settings": (of([], ("tab", "comma", "j")), (100, 30)),
    "export": (of(golden_run(), ("tab", "x")), (80, 24)),
    "tiny-steps": (of(golden_run()), (20, 6)),
    "tiny-rows": (of(golden_run(), ("tab", "r")), (20, 6)),
    "narrow": (of(golden_run()), (40, 15)),
    "huge": (of(golden_run()), (200, 60)),
    "no-color": (of(FAILED), (80, 24)),
}


def compared(snap_compare: Any, draw: Draw, size: tuple[int, int], theme: str, *, color: bool = True) -> bool:
    client = ScriptedClient()
    client.infos = [golden_info()]
    desk = Desk(client.connect(), clock=Still())
    terminal = Terminal(color=color, name="xterm-256color")
    kept = Preferences(
        ClientSettings(theme=theme, motion="none"),
        flags={"motion": "none"},
        path=Path("/home/you/.config/windowseat/config.toml"),
    )
    app = WindowseatApp(desk, session=Session(motion=False, theme=theme, terminal=terminal, preferences=kept))

    async def before(pilot: Pilot[int]) -> None:
        await draw(pilot, client, app)

    same: bool = snap_compare(app, terminal_size=size, run_before=before)
    return same


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", STATES)
def test_state(snap_compare: Any, state: str, theme: str, size: tuple[int, int]) -> None:
    assert compared(snap_compare, STATES[state], size, theme)


@pytest.mark.parametrize("name", OTHERS)
def test_other(snap_compare: Any, name: str) -> None:
    draw, size = OTHERS[name]
    assert compared(snap_compare, draw, size, "textual-dark", color=name != "no-color")
