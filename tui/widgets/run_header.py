"""The top line: server and connection on the left, run and elapsed time in fixed cells on the right."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.watch import Link, Watch
from tui.widgets.one_line import Words

_STYLES = {
    "starting": "dim",
    "connected": "$text-success",
    "reconnecting": "$text-warning",
    "interrupted": "$text-error",
    "unreachable": "$text-error",
}
_NARROW = 60
_WORDS = {"starting": "starting the server", "unreachable": "not reachable"}


class RunHeader(Horizontal):
    """Updated at most once a second and when the connection changes; each half only if its text is another one."""

    def __init__(self) -> None:
        super().__init__()
        self._left = Static(id="header-left", markup=False)
        self._right = Words(id="header-right")
        self._told: object = None

    def compose(self) -> ComposeResult:
        yield self._left
        yield self._right

    def show(self, server: str, link: Link, watch: Watch | None) -> None:
        narrow = self.size.width < _NARROW
        quiet_s = watch.quiet_s() if watch is not None and link.state == "connected" else 0
        told = "" if narrow else server, link, quiet_s
        if told != self._told:
            self._told = told
            self._left.update(_left(*told), layout=False)
        self._right.show(_right(watch, narrow))


def _left(server: str, link: Link, quiet_s: int) -> Content:
    word = _WORDS.get(link.state, link.state)
    if link.text and link.state == "reconnecting":
        word = f"{word} ({link.text})"
    parts = [Content.styled("windowseat", "bold"), Content.styled(word, _STYLES[link.state])]
    if quiet_s:
        parts.append(Content.styled(f"no news for {quiet_s}s", "$text-warning"))
    if server:
        parts.append(Content.styled(server, "dim"))
    return Content(" · ").join(parts)


def _right(watch: Watch | None, narrow: bool) -> str:
    if watch is None:
        return ""
    run = watch.view.run
    elapsed = f"{watch.now_ms() // 1000}s" if watch.live else f"{watch.now_ms() / 1000:.1f}s"
    return f"run {run[:8]} · {elapsed}" if run and not narrow else elapsed
