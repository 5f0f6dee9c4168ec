"""What a step did, for who opened it: error, calls, log lines, the model's text, the typed outcome.

Text only, bounded in length (what is left out is counted), never markup: it comes from outside.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from shared.events import Evidence
from shared.view import LogLine, StepView
from tui.cells import one_line
from tui.narration import elapsed
from tui.widgets.fitting import fit, shorten

MAX_LINES = 200
"""Newest lines of calls and log shown; and the most of the typed outcome."""
MAX_TEXT = 4_000
"""Newest characters of the model's text shown."""
_MAX_VALUE = 500
_MAX_DEPTH = 6
_COLUMN_CAP = 40
_NOTHING: tuple[Any, ...] = (None, {}, [], "")

_MUTED, _ERROR, _WARNING, _PLAIN = "dim", "$text-error", "$text-warning", ""


class StepBody(Static):
    """The open part of a step, repainted only when the step is another value than before."""

    def __init__(self, step: StepView) -> None:
        super().__init__(describe(step), markup=False)
        self._step = step

    def show(self, step: StepView) -> None:
        if step is not self._step:
            self._step = step
            self.update(describe(step))


def has_body(step: StepView) -> bool:
    """Whether there is anything to open: a row without it shows no arrow."""
    return bool(step.log or step.text or step.error) or step.detail not in _NOTHING


def describe(step: StepView, most_lines: int = MAX_LINES, most_text: int = MAX_TEXT) -> Content:
    """Everything known of the step's current attempt, and the calls of earlier ones, in lines."""
    lines = [
        *_error_lines(step),
        *_log_lines(step.log, most_lines),
        *_text_lines(step.text, most_text),
        *_detail_section(step.detail, most_lines),
    ]
    return Content("\n").join(lines) if lines else Content.styled("nothing yet", _MUTED)


def _line(text: str, style: str = _PLAIN) -> Content:
    return Content.styled(text, style) if style else Content(text)


def _error_lines(step: StepView) -> Iterator[Content]:
    if step.error is None:
        return
    yield _line(f"✗ {step.error.message}", _ERROR)
    if step.error.hint:
        yield _line(f"  Try: {step.error.hint}")
    again = "" if step.retry_in_ms is None else f" · again in {elapsed(step.retry_in_ms)}"
    yield _line(f"  code {one_line(step.error.code)}{again}", _MUTED)


def _log_lines(log: Sequence[LogLine], most: int) -> Iterator[Content]:
    """Calls in aligned columns between the plain lines, in the order in which they were written."""
    shown = log[-most:]
    if len(log) > len(shown):
        yield _line(f"… {len(log) - len(shown)} earlier lines", _MUTED)
    calls = [line.evidence for line in shown if line.evidence is not None]
    widths = [
        min(_COLUMN_CAP, max((cell_len(one_line(text)) for text in column), default=0))
        for column in zip(*((call.source, call.operation, str(call.status)) for call in calls), strict=True)
    ]
    for line in shown:
        style = {"error": _ERROR, "warning": _WARNING}.get(line.level, _PLAIN)
        if line.evidence is not None:
            yield _call_line(line.evidence, widths, style)
            if line.level != "info" and line.text:
                yield _line(f"    {line.text}", style)
        else:
            mark = {"error": "✗ ", "warning": "! "}.get(line.level, "  ")
            yield _line(mark + line.text, style)


def _call_line(call: Evidence, widths: Sequence[int], style: str) -> Content:
    cells = (call.source, call.operation, str(call.status))
    fixed = "  ".join(fit(cell, width) for cell, width in zip(cells, widths, strict=True))
    retries = f"{call.retries} {'retry' if call.retries == 1 else 'retries'}" if call.retries else ""
    received = f"{call.bytes:,} bytes" if call.bytes else ""
    as_of = f"as of {shorten(call.as_of, 32)}" if call.as_of else ""
    notes = (elapsed(call.ms).rjust(7), "cached" if call.cached else "", retries, received, as_of)
    return _line(f"→ {fixed}  ", style) + _line(" · ".join(note for note in notes if note), _MUTED)


def _text_lines(text: str, most: int) -> Iterator[Content]:
    if not text:
        return
    if len(text) > most:
        yield _line(f"… {len(text) - most:,} characters before", _MUTED)
    yield _line(text[-most:].strip("\n"))


def _detail_section(detail: Any, most: int) -> Iterator[Content]:
    lines = [] if detail in _NOTHING else list(detail_lines(detail))
    for depth, label, value in lines[:most]:
        name = _line("  " * (depth + 1) + label + (": " if label and value else ":" if label else ""), _MUTED)
        yield name + _line(value)
    if len(lines) > most:
        yield _line(f"… {len(lines) - most} more lines", _MUTED)


def detail_lines(value: Any, label: str = "", depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """JSON as readable lines of (depth, label, value): short lists on one line, keys in plain words."""
    if isinstance(value, dict) and value and depth < _MAX_DEPTH:
        if label:
            yield depth, label, ""
            depth += 1
        for key, item in value.items():
            yield from detail_lines(item, one_line(str(key)).replace("_", " "), depth)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value) and depth < _MAX_DEPTH:
        if label:
            yield depth, label, ""
            depth += 1
        for item in value:
            yield depth, "", "- " + shorten(flat(item), _MAX_VALUE)
    else:
        yield depth, label, shorten(flat(value), _MAX_VALUE)


def flat(value: Any) -> str:
    """Any JSON value on one line."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}" if abs(value) < 1e6 else f"{value:,.0f}"
        case dict():
            return ", ".join(f"{key}: {flat(item)}".replace("_", " ", 1) for key, item in value.items()) or "none"
        case list():
            return ", ".join(flat(item) for item in value) or "none"
    return str(value)
