"""Draws docs/terminal.svg, the README's picture: the real app on a real server with the bundled data.

python docs/picture.py
"""

import asyncio
import os
from pathlib import Path

QUESTION = "somewhere hot tomorrow, under 5 hours, from New York"
SIZE = (116, 34)
OPENED = "3"
"""The key of the step that is shown open."""

os.environ.update(WINDOWSEAT_OFFLINE="1", WINDOWSEAT_DATA_DIR=":memory:", WINDOWSEAT_CONFIG=os.devnull)
os.environ.pop("SSH_CONNECTION", None)


async def main() -> None:
    from tui.app import _to
    from tui.application import WindowseatApp
    from tui.desk import Desk, closed
    from tui.local_server import LocalServer

    with LocalServer() as server:
        desk = Desk(_to(server.url))
        app = WindowseatApp(desk, QUESTION, motion=False)
        async with app.run_test(size=SIZE) as pilot:
            while desk.watch is None or not desk.watch.view.finished:
                await pilot.pause(0.05)
            await pilot.pause(0.3)
            await pilot.press("tab", OPENED)
            await pilot.pause(0.5)
            Path(__file__).with_name("terminal.svg").write_text(app.export_screenshot(title="windowseat"))
        await closed(desk)


asyncio.run(main())
