"""How the run ended, in words, above the prompt: the answer's sentence, or what failed, why, and what to try."""

from textual.content import Content
from textual.widgets import Static

from tui.watch import Trouble, Watch
from tui.widgets.run_line import CANCELLED_BY_YOU
from tui.widgets.steady import Settled


class Banner(Settled, Static):
    """Hidden while there is nothing to say. Rows and steps stay whatever it says."""

    ALLOW_SELECT = True

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.display = False
        self._said: Content | None = None

    def show(self, watch: Watch | None) -> None:
        self._say(None if watch is None else verdict(watch))

    def show_trouble(self, trouble: Trouble) -> None:
        """There is no server to ask."""
        self._say(_lines("$text-error", f"✗ {trouble.message}", trouble.hint, ""))

    def _say(self, said: Content | None) -> None:
        if said != self._said:
            self._said = said
            self.display = said is not None
            self.update(said or "")


def verdict(watch: Watch) -> Content | None:
    """What there is to say of a run that is over, or that nobody hears of any more; None while it goes on."""
    view = watch.view
    if watch.trouble is not None and not view.finished:
        what = "Interrupted" if view.upto else "Not asked"
        return _lines("$text-error", f"✗ {what}: {watch.trouble.message}", watch.trouble.hint, _kept(watch))
    hint = (view.error.hint or "") if view.error else ""
    message = view.error.message if view.error else ""
    match view.state:
        case "ok":
            return Content.styled(f"✓ {view.say}", "$text-success") if view.say else None
        case "partial":
            titles = ", ".join(step.title for step in view.steps if step.id in view.degraded)
            missing = f"Not complete: {titles}" if titles else "Not complete"
            return _lines("$text-warning", f"! {view.say}", hint, missing + (f": {message}" if message else ""))
        case "failed" | "interrupted":
            why = message or view.say or "the server gave no reason"
            return _lines("$text-error", f"✗ {view.state.capitalize()}: {why}", hint, _kept(watch))
        case "cancelled":
            said = CANCELLED_BY_YOU if watch.asked_cancel else (view.say or "cancelled")
            return _lines("dim", f"■ {said[:1].upper()}{said[1:]}", "", _kept(watch))
    return Content.styled("■ Cancelling…", "dim") if watch.asked_cancel or view.state == "cancelling" else None


def _lines(style: str, first: str, hint: str, after: str) -> Content:
    lines = [Content.styled(first, style)]
    if hint:
        lines.append(Content(f"  Try: {hint}"))
    if after:
        lines.append(Content.styled(f"  {after}", "dim"))
    return Content("\n").join(lines)


def _kept(watch: Watch) -> str:
    rows = len(watch.view.shown_rows())
    return "" if not rows else f"The {rows} {'row' if rows == 1 else 'rows'} so far stay; some may be unchecked."
