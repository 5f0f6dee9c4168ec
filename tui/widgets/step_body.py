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
from tui.moments import moment
from tui.narration import call_time, elapsed
from tui.widgets.detail import detail_lines
from tui.widgets.fitting import fit, shorten
from tui.widgets.prose import is_prose, prose

MAX_LINES = 200
"""Newest lines of calls and log shown; and the most of the typed outcome."""
MAX_TEXT = 4_000
"""Newest characters of the model's text shown."""
MAX_ITEMS = 12
"""Items of a list in the outcome shown: the inspector has all of them."""
_COLUMN_CAP = 40
_MARGIN = 12
_NOTHING: tuple[Any, ...] = (None, {}, [], "")

_MUTED, _ERROR, _WARNING, _PLAIN = "dim", "$text-error", "$text-warning", ""


class StepBody(Static):
    """The open part of a step, repainted only when the step is another value than before."""

    def __init__(self, step: StepView) -> None:
        super().__init__(markup=False)
        self._step = step
        self._width = 0

    def show(self, step: StepView) -> None:
        if step is not self._step:
            self._step = step
            self._describe()

    def on_mount(self) -> None:
        self._describe()

    def on_resize(self) -> None:
        if self.size.width != self._width:
            self._describe()

    def _describe(self) -> None:
        self._width = self.size.width
        inside = describe(self._step, width=self._width or self.app.size.width - _MARGIN)
        height = inside.get_height({}, self._width) if self._width else 0
        # As long as it fits the old height nothing else moves: laying the screen out is half the cost of a painting.
        self.update(inside, layout=height == 0 or height != self.size.height)


def has_body(step: StepView) -> bool:
    """Whether there is anything to open: a row without it shows no arrow."""
    return bool(step.log or step.text or step.reasoning or step.error) or step.detail not in _NOTHING


def describe(
    step: StepView,
    most_lines: int = MAX_LINES,
    most_text: int = MAX_TEXT,
    most_items: int = MAX_ITEMS,
    width: int = 100,
) -> Content:
    """Everything known of the step's current attempt, and the calls of earlier ones, in lines of about ``width``.

    What a model writes is read as Markdown once it has ended: at each word, all that stands there might change.
    """
    has_ended = step.state not in ("waiting", "running")
    lines = [
        *_error_lines(step),
        *_log_lines(step.log, most_lines),
        *_text_lines(step.reasoning, most_text, has_ended, _MUTED),
        *_text_lines(step.text, most_text, has_ended),
        *_detail_section(step.detail, most_lines, most_items, width),
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
    again = f" · again in {elapsed(step.retry_in_ms)}" if step.retry_in_ms else ""
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
            said = f" · {one_line(line.text)}" if line.level == "info" and line.text else ""
            yield _call_line(line.evidence, widths, style) + _line(said)
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
    as_of = f"as of {moment(shorten(call.as_of, 32))}" if call.as_of else ""
    notes = (call_time(call.ms).rjust(7), "cached" if call.cached else "", retries, received, as_of)
    return _line(f"→ {fixed}  ", style) + _line(" · ".join(note for note in notes if note), _MUTED)


def _text_lines(text: str, most: int, has_ended: bool, style: str = _PLAIN) -> Iterator[Content]:
    if not text:
        return
    if len(text) > most:
        # Cut a quarter at a time: cut at each word, all lines would break elsewhere at each word.
        step = max(1, most // 4)
        before = -(-(len(text) - most) // step) * step
        yield _line(f"… {before:,} characters before", _MUTED)
        text = text[before:]
    if has_ended and is_prose(text):
        yield prose(text).stylize(style) if style else prose(text)
    else:
        yield _line(text.strip("\n"), style)


def _detail_section(detail: Any, most: int, most_items: int, width: int) -> Iterator[Content]:
    lines = [] if detail in _NOTHING else list(detail_lines(detail, most_items=most_items, width=width - 2))
    for depth, label, value in lines[:most]:
        name = _line("  " * (depth + 1) + label + (": " if label and value else ":" if label else ""), _MUTED)
        yield name + _line(value)
    if len(lines) > most:
        yield _line(f"… {len(lines) - most} more lines", _MUTED)
