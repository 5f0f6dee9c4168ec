"""A run in words: the glyph, the word, the sentence and the time of a step in any state, and what to add at the end.

The app and the headless output both speak through this, so that they never say different things of the same run.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from shared.view import LogLine, RunView, StepState, StepView
from tui.cells import one_line
from tui.moments import moment

SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
GLYPHS: Final[dict[StepState, str]] = {
    "waiting": "·",
    "running": ">",  # where nothing moves; else a frame of SPINNER
    "retrying": ">",
    "ok": "✓",
    "degraded": "!",
    "failed": "✗",
    "skipped": "–",
    "cancelled": "■",
}
WORDS: Final[dict[StepState, str]] = {
    "waiting": "wait",
    "running": "run",
    "retrying": "try",
    "ok": "ok",
    "degraded": "warn",
    "failed": "fail",
    "skipped": "skip",
    "cancelled": "stop",
}
"""For a reader without glyphs: at most four letters."""

_REASONS_SHOWN = 3


def elapsed(ms: int) -> str:
    """A duration for a narrow cell: "0.4s", "12s", "3m05s", "1h02m"."""
    if ms < 10_000:
        return f"{max(ms, 0) / 1000:.1f}s"
    seconds = ms // 1000
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"


def call_time(ms: int) -> str:
    """How long a call to the outside took: "4 ms", "1.2s"."""
    return f"{ms} ms" if ms < 1000 else elapsed(ms)


def step_time(step: StepView, now_ms: int) -> str:
    """The time beside a step: whole seconds while it runs (a tick must not flicker), its duration once it ended.

    ``now_ms`` is the time since the run began, as the reader's clock has it.
    """
    if step.state == "running" and step.started is not None:
        gone_ms = max(0, now_ms - step.started)
        return f"{gone_ms // 1000}s" if gone_ms < 10_000 else elapsed(gone_ms)
    if step.state in ("waiting", "skipped") or step.ms is None:
        return ""
    return elapsed(step.ms)


def outcome(step: StepView, now_ms: int) -> str:
    """One line on a step at any time: what it is doing and how far it got, or what came of it.

    ``now_ms`` is the time since the run began. The duration has a cell of its own: ``step_time``.
    """
    say = one_line(step.say)
    match step.state:
        case "waiting":
            return ""
        case "running":
            counted = progress(step)
            return f"{say} {counted}".strip() if counted else say
        case "retrying":
            return f"{_what_failed(step)}; {_again(step, now_ms)}"
        case "failed":
            return _what_failed(step)
        case "skipped":
            return say or "skipped"
        case "cancelled":
            return say or "cancelled"
        case "ok" | "degraded":
            return say or (one_line(step.error.message) if step.error else "done")


def plain_state(step: StepView, now_ms: int) -> str:
    """A step's state for a reader of words alone: "waiting", "running 3s", "done 0.4s", "failed: …"."""
    time = step_time(step, now_ms)
    match step.state:
        case "waiting":
            return "waiting"
        case "running":
            return f"running {time}".rstrip()
        case "ok":
            return f"done {time}".rstrip()
        case "retrying" | "degraded" | "failed" | "skipped" | "cancelled":
            text = outcome(step, now_ms)
            return step.state if text == step.state else f"{step.state}: {text}"


def progress(step: StepView) -> str:
    """ "12 of 21 cities", "12 cities", or nothing."""
    if step.done is None:
        return ""
    total = "" if step.total is None else f" of {step.total:,}"
    unit = "" if step.unit is None else f" {one_line(step.unit)}"
    return f"{step.done:,}{total}{unit}"


def log_line(line: LogLine) -> str:
    """A line inside a step; a call to the outside with its source, operation, status, duration and what was odd."""
    call = line.evidence
    if call is None:
        return one_line(line.text)
    parts = [f"{one_line(call.source)} {one_line(call.operation)}: {one_line(str(call.status))}", call_time(call.ms)]
    if call.cached:
        parts.append("from cache")
    if call.retries:
        parts.append(f"{call.retries} retries" if call.retries > 1 else "1 retry")
    if call.as_of:
        parts.append(f"as of {moment(call.as_of)}")
    text = one_line(line.text)
    return f"{text} ({', '.join(parts)})" if text else ", ".join(parts)


def counts(view: RunView) -> str:
    """ "37 rows, 12 left out (8 not hot, 4 too far)"; without those left out if there are none."""
    shown, left_out = len(view.shown_rows()), view.left_out()
    text = "1 row" if shown == 1 else f"{shown:,} rows"
    if not left_out:
        return text
    # A reason begins with what is particular to its row ("21 °C: not hot"); what follows the colon groups.
    reasons = Counter(one_line(row.why or "").rpartition(": ")[2] or "no reason given" for row in left_out)
    named = reasons.most_common(_REASONS_SHOWN)
    parts = [f"{count} {reason}" for reason, count in named]
    rest = len(left_out) - sum(count for _, count in named)
    if rest:
        parts.append(f"{rest} for other reasons")
    return f"{text}, {len(left_out):,} left out ({', '.join(parts)})"


def warnings(view: RunView) -> list[str]:
    """What a reader of the result must know: degraded steps, and rows that were never confirmed."""
    short: dict[str, list[str]] = {}  # a source that two steps miss is told of once
    for step in view.steps:
        if step.state == "degraded":
            short.setdefault(_shortfall(step, view.t), []).append(one_line(step.title))
    found = [f"{', '.join(titles)}: {said}" for said, titles in short.items()]
    if not found and view.state == "partial":
        found.append(one_line(view.say) or "a part of the answer is missing")
    provisional = sum(row.state == "provisional" for row in view.shown_rows())
    if provisional and view.state != "running":
        counted = "1 row is" if provisional == 1 else f"{provisional} rows are"
        found.append(f"{counted} provisional: the run ended before that was confirmed")
    return found


def _shortfall(step: StepView, now: int) -> str:
    said = [one_line(line.text) for line in step.log if line.level == "warning" and line.evidence is None]
    return _joined(dict.fromkeys(said)) or outcome(step, now)


def _joined(sentences: Iterable[str]) -> str:
    """One line of several sentences; where one is none, a semicolon ends it."""
    *most, last = [*sentences] or [""]
    return " ".join([one if one.endswith((".", "!", "?")) else f"{one};" for one in most] + [last])


def failure(view: RunView) -> tuple[str, str | None] | None:
    """Why a run has no whole answer, as one sentence and a hint; None for a run that has, or that goes on."""
    if view.state not in ("failed", "cancelled", "interrupted"):
        return None
    if view.error is not None:
        return one_line(view.error.message), one_line(view.error.hint) if view.error.hint else None
    default = {
        "failed": "the run failed",
        "cancelled": "the run was cancelled",
        "interrupted": "the run was interrupted",
    }[view.state]
    return one_line(view.say) or default, None


def _what_failed(step: StepView) -> str:
    if step.error is None:
        return one_line(step.say) or "failed"
    return one_line(step.error.message)


def _again(step: StepView, now_ms: int) -> str:
    left_ms = (step.started or 0) + (step.ms or 0) + (step.retry_in_ms or 0) - now_ms
    return f"trying again in {elapsed(left_ms)}" if left_ms > 0 else "trying again"
