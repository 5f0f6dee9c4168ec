"""The state of the app for who looks for trouble: connection, versions, terminal, newest frames."""

import platform
from collections.abc import Iterator
from importlib.metadata import version

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.cells import one_line
from tui.desk import Desk
from tui.screens.text import TextScreen
from tui.session import Session
from tui.widgets.fitting import shorten

FRAMES = 200
_LONGEST = 300


class DebugScreen(TextScreen[None]):
    """Follows what goes on, once a second."""

    BINDINGS = [Binding("f12,enter", "close", show=False, priority=True)]  # noqa: RUF012  # Textual declares it so

    def __init__(self, desk: Desk, session: Session) -> None:
        super().__init__()
        self._desk = desk
        self._session = session
        self._told = Static(markup=False)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="debug", classes="sheet"):
            yield self._told

    def on_mount(self) -> None:
        self._tell()
        self.set_interval(1.0, self._tell)

    def _tell(self) -> None:
        self._told.update(Content("\n").join(self._lines()))

    def _lines(self) -> Iterator[Content]:
        desk, terminal = self._desk, self._session.terminal
        for label, text in (
            ("connection", f"{desk.link.state} {one_line(desk.link.text)}"),
            ("server", desk.server or "none yet"),
            ("pipelines", ", ".join(one_line(info.name) for info in desk.pipelines) or "unknown"),
            ("runs", f"{len(desk.runs)} in the transcript, {desk.events:,} events received"),
            ("versions", f"windowseat {version('windowseat')}, textual {version('textual')}, "
                         f"Python {platform.python_version()}"),
            ("terminal", f"TERM={terminal.name or '?'}, {self.app.size.width}x{self.app.size.height}, "
                         f"{'SSH' if terminal.remote else 'local'}, {'tmux' if terminal.tmux else 'no tmux'}, "
                         f"{'colours' if terminal.color else 'no colours'}"),
            ("painting", f"at most {self._session.frames_per_second:g} times a second, theme {self.app.theme}"),
            ("clipboard", "tmux" if terminal.tmux else " ".join(terminal.clipboard) or "OSC 52"),
        ):  # fmt: skip
            yield Content.styled(f"{label:<12}", "dim") + Content(text)
        yield Content("")
        watch = desk.watch
        if watch is None:
            yield Content.styled("No frames: nothing was asked yet.", "dim")
            return
        frames = watch.frames.of()
        yield Content.styled(f"The newest {min(FRAMES, len(frames))} of {len(frames) + watch.frames.dropped} frames:",
                             "bold $text-accent")  # fmt: skip
        for frame in reversed(frames[-FRAMES:]):
            head = Content.styled(f"{frame.seq:>6} {frame.t:>7} ms  ", "dim")
            yield head + Content.styled(one_line(frame.kind), "$text-accent")
            yield Content(shorten(frame.data, _LONGEST))
