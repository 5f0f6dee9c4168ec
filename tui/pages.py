"""The pages of the inspector as lines: a value as foldable JSON, the frames of a run as they came, its timings."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from shared.view import RunView, StepView, step_numbers
from tui.cells import one_line
from tui.frame_log import FrameLog, LoggedFrame
from tui.narration import GLYPHS, call_time, log_line
from tui.table import shorten
from tui.widgets.line_view import Line

_BAR = "⣿"
_TITLE = 26
_OPENED_DEPTH = 2
"""So deep a value is open as long as nobody folded it."""


def step_value(step: StepView) -> Any:
    """A step as JSON values."""
    return msgspec.to_builtins(step)


def run_value(view: RunView) -> Any:
    """A run as JSON values; the layers of its rows are left out, their sum is shown."""
    rows = [{key: value for key, value in msgspec.to_builtins(row).items() if key != "layers"} for row in view.rows]
    return {**msgspec.to_builtins(msgspec.structs.replace(view, rows=())), "rows": rows}


def json_lines(value: Any, flipped: Collection[tuple[Any, ...]]) -> list[Line]:
    """A line for each value; those whose path is in ``flipped`` are open if else folded, and the reverse."""
    return list(_json(value, (), "", flipped))


def _json(value: Any, path: tuple[Any, ...], label: str, flipped: Collection[tuple[Any, ...]]) -> Iterator[Line]:
    indent = "  " * len(path)
    named = ((f"{indent}{label}: ", "accent"),) if label else ((indent, ""),)
    if not isinstance(value, dict | list | tuple) or not value:
        yield Line(path, (*named, (one_line(_scalar(value)), "" if isinstance(value, str) else "ok")))
        return
    is_open = (len(path) < _OPENED_DEPTH) != (path in flipped)
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    if path:
        counted = f"{len(items)} {'field' if isinstance(value, dict) else 'item'}{'' if len(items) == 1 else 's'}"
        brief = "" if is_open else f"  {shorten(one_line(_scalar(value)), 100)}"
        yield Line(path, (*named, (counted + brief, "muted")), "▾" if is_open else "▸")
    if is_open:
        for key, item in items:
            yield from _json(item, (*path, key), one_line(str(key)), flipped)


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def frame_lines(log: FrameLog, step: str | None, opened: Collection[Any]) -> list[Line]:
    """The frames of a step or of the run, each one line as it came; opened, with its JSON indented below."""
    frames = log.of(step)
    lines: list[Line] = []
    if log.dropped:
        lines.append(Line("dropped", ((f"… {log.dropped:,} earlier frames are no longer kept", "muted"),)))
    for frame in frames:
        is_open = frame.seq in opened
        lines.append(_frame(frame, is_open))
        if is_open:
            pretty = msgspec.json.format(frame.data, indent=2).splitlines()
            lines += [Line((frame.seq, place), ((f"        {text}", ""),)) for place, text in enumerate(pretty)]
    return lines or [Line("none", (("no frames yet", "muted"),))]


def _frame(frame: LoggedFrame, is_open: bool) -> Line:
    head = f"{frame.seq:>5} {frame.t:>7} ms  "
    kind = f"{one_line(frame.kind):<14}"
    return Line(frame.seq, ((head, "muted"), (f"{kind}  ", "accent"), (frame.data, "")), "▾" if is_open else "▸")


def timing_lines(view: RunView, steps: Sequence[StepView], now_ms: int, width: int) -> list[Line]:
    """When each step ran, as bars over the time of the run; and below it its calls, with how long each took."""
    whole = max(1, now_ms)
    room = max(10, width - _TITLE - 38)
    numbers = dict(zip((step.id for step in view.steps), step_numbers(view.steps), strict=True))
    lines = [Line("axis", ((f"{'':<{_TITLE + 7}}0{call_time(whole):>{room - 1}}", "muted"),))]
    for step in steps:
        lines.append(_timing(step, numbers.get(step.id, ""), now_ms, whole, room))
        for place, entry in enumerate(line for line in step.log if line.evidence is not None):
            text = shorten(one_line(log_line(entry)), max(20, width - 12))
            lines.append(Line((step.id, place), ((f"        {text}", "muted"),)))
    return lines


def _timing(step: StepView, number: str, now_ms: int, whole: int, room: int) -> Line:
    title = f"{GLYPHS[step.state]} {number:<3} {shorten(one_line(step.title), _TITLE):<{_TITLE}}"
    style = {"ok": "ok", "failed": "error", "degraded": "warning", "retrying": "warning"}.get(step.state, "accent")
    if step.started is None:
        return Line(step.id, ((f"{title}  {step.state}", "muted"),))
    ended = step.started + step.ms if step.ms is not None else now_ms
    first = min(room - 1, step.started * room // whole)
    long = max(1, min(room - first, round((ended - step.started) * room / whole)))
    bar = f"{' ' * first}{_BAR * long}".ljust(room)
    took = f"  {call_time(max(0, ended - step.started)):>7}  from {call_time(step.started)}"
    tried = f"  attempt {step.attempt}" if step.attempt > 1 else ""
    return Line(step.id, ((f"{title} ", ""), (bar, style), (took + tried, "muted")))
