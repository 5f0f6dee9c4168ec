"""The one line of a run in the transcript: fold arrow, how it fares, the question; and at its end what came of it.

Drawn like a step's line: into fixed columns, never markup. The time that passes is told by the screen's header.
"""

from typing import ClassVar, Literal, TypeAlias

from rich.cells import cell_len
from textual.message import Message
from textual.widget import Widget

from shared.view import RunView
from tui.cells import one_line
from tui.moments import moment
from tui.narration import elapsed, outcome
from tui.watch import Watch
from tui.widgets.fitting import fit, shorten, shorten_middle
from tui.widgets.one_line import OneLine
from tui.widgets.pressed import Pressed
from tui.widgets.steady import Settled

RunMark: TypeAlias = Literal["live", "ok", "partial", "failed", "cancelled"]

_GLYPHS: dict[RunMark, tuple[str, str]] = {
    "live": (">", "run--running"),
    "ok": ("✓", "run--ok"),
    "partial": ("!", "run--warning"),
    "failed": ("✗", "run--failed"),
    "cancelled": ("■", "run--muted"),
}
CANCELLED_BY_YOU = "cancelled by you"
_ASKED, _REFINED = "›", "↳"
_ARROW, _GLYPH = 2, 2
_SHARE_OF_OUTCOME = 0.5


class RunLine(OneLine, Pressed, Settled, Widget):
    """``show`` takes the run and whether it is open; without a run the line is what the pipeline is for."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run--muted",
        "run--running",
        "run--ok",
        "run--warning",
        "run--failed",
        "run--question",
        "run--past",
    }

    class Clicked(Message):
        """The line was clicked, and not merely let go of after dragging."""

        def __init__(self, line: "RunLine") -> None:
            super().__init__()
            self.line = line

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[str, str, str, str, str] = ("", "", "", "", "")
        self._is_open = True

    def show(self, watch: Watch | None, *, is_open: bool, title: str = "") -> None:
        """Repaints only if another line comes of it: a run that is open has its outcome below, where it grows."""
        if watch is None:
            parts = ("", "", "", one_line(title), "")
        else:
            glyph, style = _GLYPHS[mark_of(watch)]
            question = f"{_REFINED if watch.refines else _ASKED} {one_line(watch.question)}{_changed(watch)}"
            came = _in_brief(watch) if is_open else run_outcome(watch)
            parts = ("▾" if is_open else "▸", glyph, style, question, came)
        if (parts, is_open) != (self._shown, self._is_open):
            self._shown, self._is_open = parts, is_open
            self.refresh()

    def parts(self, width: int) -> list[tuple[str, str]]:
        arrow, glyph, style, question, came = self._shown
        asked = "run--question" if self._is_open else "run--past"
        if not arrow:
            return [(fit(f" {question}", width), asked)]
        marks = [(fit(arrow, _ARROW), "run--muted"), (fit(glyph, _GLYPH), style)]
        room = width - _ARROW - _GLYPH
        if room < 12:
            return [*marks, (fit(question, max(0, room)), asked)]
        came = shorten(came, max(8, int(room * _SHARE_OF_OUTCOME))) if came else ""
        for_question = room - (cell_len(came) + 3 if came else 0)
        return [
            *marks,
            (fit(shorten_middle(question, for_question), for_question), asked),
            (f"  {came} " if came else "", "run--failed" if style == "run--failed" else "run--muted"),
        ]

    def pressed(self) -> None:
        self.post_message(self.Clicked(self))


def mark_of(watch: Watch) -> RunMark:
    """How a run fares, in one word."""
    if watch.live:
        return "live"
    if watch.trouble is not None and not watch.view.finished:
        return "failed"
    status = watch.summary.status if watch.dormant and watch.summary is not None else watch.view.state
    match status:
        case "ok" | "partial" | "cancelled":
            return status
        case "running" | "cancelling" | "new":
            return "live"
    return "failed"


def _changed(watch: Watch) -> str:
    """What a follow-up changed, where the detail of a step tells it: a list of sentences called ``changed``."""
    for step in watch.view.steps if watch.refines else ():
        told = step.detail.get("changed") if isinstance(step.detail, dict) else None
        if isinstance(told, list | tuple) and told and all(isinstance(one, str) for one in told):
            return f" ({one_line(', '.join(told))})"
    return ""


def run_outcome(watch: Watch) -> str:
    """What came of a run, or what it is doing, in a few words."""
    if watch.loading and watch.view.upto == 0:
        return "fetching it from the server…"
    if watch.dormant and watch.summary is not None:
        took = f" · {elapsed(watch.summary.ms)}" if watch.summary.ms is not None else ""
        status = {"ok": "", "partial": "partial · ", "running": "still running · "}.get(
            watch.summary.status, f"{one_line(watch.summary.status)} · "
        )
        return f"{status}{moment(watch.summary.started_at)}{took}"
    if watch.trouble is not None and not watch.view.finished:
        return f"interrupted: {one_line(watch.trouble.message)}" if watch.view.upto else one_line(watch.trouble.message)
    return CANCELLED_BY_YOU if _is_cancelled_by_you(watch) else _outcome_of(watch.view, watch.now_ms())


def _is_cancelled_by_you(watch: Watch) -> bool:
    return watch.asked_cancel and watch.view.state == "cancelled"


def _in_brief(watch: Watch) -> str:
    """Beside an open run: what is told below, by its steps and the banner, is not told here again."""
    if watch.live and not watch.loading:
        return ""
    if watch.trouble is not None and not watch.view.finished:
        return "interrupted" if watch.view.upto else "not asked"
    if _is_cancelled_by_you(watch):
        return CANCELLED_BY_YOU
    return watch.view.state if watch.view.state in ("failed", "cancelled", "interrupted") else run_outcome(watch)


def _outcome_of(view: RunView, now_ms: int) -> str:
    rows = len(view.shown_rows())
    counted = f"{rows:,} {'row' if rows == 1 else 'rows'} · {elapsed(now_ms)}"
    if not view.finished:
        running = [step for step in view.steps if step.state in ("running", "retrying")]
        return outcome(running[0], now_ms) if running else "waiting for the server"
    if view.state in ("ok", "partial"):
        return counted if view.state == "ok" else f"partial · {counted}"
    why = one_line(view.error.message if view.error is not None else view.say)
    return why if why.startswith(view.state) else f"{view.state}: {why}" if why else view.state
