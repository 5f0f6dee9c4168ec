"""The Textual application: theme, breakpoints and the one screen; the desk does the talking.

Imported only when a screen is wanted (``tui.app``), never by the command line's headless paths.
"""

from collections.abc import Iterable

from textual.app import App, SystemCommand
from textual.screen import Screen

from tui.desk import Desk
from tui.keys import KEYS
from tui.screens.main import MainScreen
from tui.widgets.step_row import Expand

LOCAL_FPS = 20.0
REMOTE_FPS = 2.0
"""Over SSH every frame is bytes on a line that may be slow."""


class WindowseatApp(App[int]):
    """``question`` is asked at once. ``frames_per_second`` bounds all painting; see ``MainScreen`` for the others."""

    CSS_PATH = "windowseat.tcss"
    TITLE = "Windowseat"
    HORIZONTAL_BREAKPOINTS = [(0, "-thin"), (30, "-narrow"), (60, "-normal"), (120, "-wide")]  # noqa: RUF012  # Textual declares it so
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-short"), (24, "-tall")]  # noqa: RUF012  # as above

    def __init__(
        self,
        desk: Desk,
        question: str | None = None,
        *,
        expand: Expand = "failed",
        motion: bool = True,
        frames_per_second: float = LOCAL_FPS,
    ) -> None:
        super().__init__()
        self.desk = desk
        self._question = question
        self._main = MainScreen(desk, expand=expand, motion=motion, frames_per_second=frames_per_second)
        if not motion:
            self.animation_level = "none"

    def get_default_screen(self) -> Screen[None]:
        return self._main

    def on_mount(self) -> None:
        # After the first paint: reaching the server imports the HTTP client, which takes a tenth of a second.
        self._main.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self.desk.open(), group="open")
        if self._question:
            self._main.ask(self._question)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: what Textual offers, and every action of ours that needs no place on the screen."""
        yield from super().get_system_commands(screen)
        if screen is not self._main:
            return
        for key in KEYS:
            if key.place == "anywhere" and not key.action.startswith("app."):
                action = key.action
                yield SystemCommand(
                    f"windowseat: {key.text}", f"key {key.shown}", lambda action=action: self._main.run_action(action)
                )
