"""Draws docs/terminal.svg and docs/map.svg, the pictures of the README: the real app, shown a recorded run.

python docs/picture.py
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.golden import QUESTION, golden_info, golden_run  # noqa: E402  # found by the line above
from tests.tui.app.driving import opened  # noqa: E402  # as above
from tests.tui.app.scripted import ScriptedClient  # noqa: E402  # as above

PICTURES = {
    "terminal": ((116, 34), ("tab", "7")),
    "map": ((116, 34), ("tab", "tab", "j", "m")),
}


async def draw(name: str, size: tuple[int, int], keys: Sequence[str]) -> None:
    client = ScriptedClient()
    client.infos = [golden_info()]
    async with opened(size, client=client) as app:
        await app.ask(QUESTION)
        client.say(*golden_run())
        await app.until(lambda: app.watch.view.finished and app.table.row_count > 0)
        await app.pilot.press(*keys)
        await app.pilot.pause(0.6)
        picture = app.app.export_screenshot(title="windowseat")
        (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")


async def main() -> None:
    for name, (size, keys) in PICTURES.items():
        await draw(name, size, keys)


asyncio.run(main())
