"""The Textual application: theme, keys, breakpoints and the one screen; the desk does the talking.

Imported only when a screen is wanted (``tui.app``), never by the command line's headless paths. Several may live in one
process: what differs between terminals comes with the session.
"""

import time
from collections.abc import Iterable

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App, SystemCommand
from textual.await_complete import AwaitComplete
from textual.filter import Monochrome
from textual.screen import Screen

from tui import garbage
from tui.desk import Desk
from tui.keys import KEYS, Key, numbered, shown
from tui.painting import Drawn, Shown
from tui.screens.main import MainScreen
from tui.session import Session

_TEXTUALS = ("app.focus_next", "app.command_palette", "app.quit")
"""Actions that Textual has, and offers, itself."""


class WindowseatApp(App[int]):
    """``question`` is asked at once."""

    CSS_PATH = "windowseat.tcss"
    TITLE = "Windowseat"
    HORIZONTAL_BREAKPOINTS = [(0, "-thin"), (30, "-narrow"), (60, "-normal"), (120, "-wide")]  # noqa: RUF012  # Textual declares it so
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-short"), (24, "-tall")]  # noqa: RUF012  # as above

    def __init__(self, desk: Desk, question: str | None = None, *, session: Session | None = None) -> None:
        super().__init__()
        self.desk = desk
        self.session = session or Session()
        self._question = question
        self._main = MainScreen(desk, self.session)
        self._shown = Shown()
        self.came_to_front = 0.0
        """When the window was last brought to the front, by the steady clock."""
        if not self.session.motion:
            self.animation_level = "none"
        if self.session.theme is not None:
            self.theme = self.session.theme
        if not self.session.terminal.color and not self.no_color:
            self.no_color = True
            self._filters.append(Monochrome())

    def paints_in_s(self, at_least_s: float) -> float:
        """How long it is until the main screen paints what is new by then; at least so long."""
        return self._main.paints_in_s(at_least_s)

    def get_default_screen(self) -> Screen[None]:
        return self._main

    def on_mount(self) -> None:
        self.set_keymap(dict(self.session.keys))
        # After the first paint: reaching the server imports the HTTP client, which takes a tenth of a second.
        self._main.call_after_refresh(self._begin)

    def _begin(self) -> None:
        # Not a coroutine made here: in an app that is about to end nobody would await it.
        self.run_worker(self._open, group="open")  # type: ignore[arg-type]  # Textual takes it, its types don't
        if self._question:
            self._main.ask(self._question)

    async def _open(self) -> None:
        await self.desk.open()
        self._main.paint()  # over SSH the next frame would be a second away
        if self.session.is_alone:
            garbage.opened()

    # --- painting ---------------------------------------------------------------------------------------------------

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send what is another than what the terminal shows. Private to Textual, which is pinned (8.2.8)."""
        if self._draws_on_terminal and isinstance(renderable, CompositorUpdate):
            sequences = self._shown.changes(renderable, self.size, self.console)
            if sequences is not None:
                if not sequences and self.cursor_position == self._previous_cursor_position:
                    return
                renderable = Drawn(sequences)
        super()._display(screen, renderable)

    @property
    def _draws_on_terminal(self) -> bool:
        """Whether Textual would send a frame now, as it decides itself."""
        return (
            self._running
            and not self._closed
            and not self._batch_count
            and not self.is_headless
            and self._driver is not None
        )

    def watch_app_focus(self, before: bool, after: bool) -> None:
        if after and not before:
            self.came_to_front = time.monotonic()

    def on_resize(self) -> None:
        self._shown.forget()  # also when the app comes back from being suspended

    def action_redraw(self) -> None:
        """Draw all of the screen anew: something else may have written over it."""
        self._shown.forget()
        self.screen.refresh()

    # --- keys and palette -------------------------------------------------------------------------------------------

    def pop_screen(self) -> AwaitComplete:
        """Two keys in one breath dismiss Textual's palette twice: the second time there is nothing left to pop."""
        return super().pop_screen() if len(self.screen_stack) > 1 else AwaitComplete.nothing()  # type: ignore[no-untyped-call]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: what Textual offers, and every action of ours that makes sense from where one is."""
        yield from super().get_system_commands(screen)
        places = getattr(screen, "PLACES", ())
        offered: set[str] = set()
        for key in KEYS:
            text = numbered(key)
            if key.place in places and key.action not in _TEXTUALS and text not in offered:
                offered.add(text)
                area = key.id.partition(".")[0].capitalize()
                yield SystemCommand(
                    f"{area}: {text}",
                    f"key {shown(key.id, self.session.keys)}",
                    lambda key=key: self._act(key, screen),
                )

    async def _act(self, key: Key, screen: Screen[object]) -> None:
        target = {"in the steps": self._main.transcript, "in the results": self._main.results.table}.get(key.place)
        await self.run_action(key.action, target or screen)
