"""What is known of one row, in lines for a screen. It knows columns, kinds and evidence, and nothing of any domain.

What the steps made of a row is found in their details: an object anywhere in one that has the row's id as a value is
about the row. A list of at least SERIES numbers in it, such as the temperatures of a day, is drawn.
"""

import math
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from rich.cells import cell_len
from textual.content import Content

from shared.events import Column, Evidence
from shared.view import RowView, RunView
from tui.cells import UNKNOWN, format_cell, one_line, visible_columns
from tui.drawing import sparkline
from tui.moments import moment
from tui.narration import call_time
from tui.widgets.detail import flat
from tui.widgets.fitting import shorten

SERIES = 6
_SENTENCE = 20
_MAX_DEPTH = 6
_MAX_CURVE = 48
_STATES = {
    "provisional": ("· not checked yet", "$text-warning"),
    "confirmed": ("✓ checked", "$text-success"),
    "removed": ("– left out", "$text-error"),
}


def describe_row(view: RunView, row_id: str, width: int) -> Content:
    """Title, fields, what the steps made of it, evidence. ``width`` is that of the screen."""
    row = next((row for row in view.rows if row.id == row_id), None)
    if row is None:
        return Content.styled("The run took this row back: a step was tried again.", "$text-warning")
    evidence = {line.evidence.id: line.evidence for step in view.steps for line in step.log if line.evidence}
    room = max(20, min(width, 84) - 8)
    lines = [*_title(view, row), Content(""), *_fields(view, row, evidence, room)]
    made = list(_made_of_it(view, row, room))
    if made:
        lines += [Content(""), _heading("What the steps made of it"), *made]
    calls = [evidence[one] for one in dict.fromkeys(row.from_.values()) if one in evidence]
    if calls:
        lines += [Content(""), _heading("Where that comes from")]
        lines += [line for call in calls for line in _call(call, room)]
    lines += [Content(""), Content.styled("y copies it, Y as JSON, esc goes back.", "dim")]
    return Content("\n").join(lines)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold $text-accent")


def _title(view: RunView, row: RowView) -> Iterator[Content]:
    shown = view.shown_rows()
    texts = [
        format_cell(row.cells.get(column.key), column)
        for column in visible_columns(view.columns)[:2]
        if row.cells.get(column.key) is not None
    ]
    words, style = _STATES[row.state]
    place = next((place for place, one in enumerate(shown, start=1) if one.id == row.id), None)
    ranked = f" · {place} of {len(shown)}" if place is not None and view.finished else ""
    yield (
        Content.styled(" ".join(texts) or one_line(row.id), "bold")
        + Content("  ")
        + Content.styled(words, style)
        + (Content.styled(ranked, "dim"))
    )
    if row.why:
        yield Content.styled(f"Why it is out: {row.why}", "$text-error")


def _fields(view: RunView, row: RowView, evidence: dict[str, Evidence], room: int) -> Iterator[Content]:
    widest = max((len(one_line(column.label)) for column in view.columns), default=0)
    for column in view.columns:
        drawn = numbers_of(row.cells.get(column.key)) if column.kind == "series" else []
        if drawn:
            yield Content("")
            yield from curve(one_line(column.label), drawn, room, one_line(column.unit or ""))
            continue
        label = Content.styled(f"  {one_line(column.label):<{widest}}  ", "dim")
        source = evidence.get(row.from_.get(column.key, ""))
        named = Content.styled(f"   {one_line(source.source)}", "dim") if source is not None else Content("")
        value = row.cells.get(column.key)
        if isinstance(value, list) and len(value) > 1:
            for place, item in enumerate(value):
                before = label if place == 0 else Content(" " * (widest + 4))
                yield before + Content(format_cell(item, column)) + (named if place == 0 else Content(""))
        else:
            yield label + Content(_with_unit(value, column)) + named


def _with_unit(value: Any, column: Column) -> str:
    text = format_cell(value, column)
    if text == UNKNOWN or not column.unit or column.kind == "duration":
        return text
    return f"{text} {one_line(column.unit)}"


def _made_of_it(view: RunView, row: RowView, room: int) -> Iterator[Content]:
    """The last step first: it says why the row stands where it does. What the fields tell already is not said again."""
    told = [row.id, *row.cells.values()]
    for step in reversed(view.steps):
        lines = [line for one in _about(step.detail, row.id) for line in _object(one, told, room)]
        if lines:
            yield Content(f"  {one_line(step.title)}")
            yield from lines
            for sentence in _sentences(step.detail):
                yield from _wrapped(sentence, room, "dim")


def _about(value: Any, row_id: str, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        if any(isinstance(item, str) and item == row_id for item in value.values()):
            yield value
            return
        for key, item in value.items():
            if key == row_id and isinstance(item, dict):
                yield item
            else:
                yield from _about(item, row_id, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _about(item, row_id, depth + 1)


def _object(one: dict[str, Any], told: list[Any], room: int) -> Iterator[Content]:
    plain = {key: item for key, item in one.items() if item not in told and not is_series(item)}
    said = " · ".join(f"{_words(key)} {flat(item)}" for key, item in plain.items())
    if said:
        yield from _wrapped(said, room)
    for key, item in one.items():
        if is_series(item):
            yield from curve(f"    {_words(key)}", numbers_of(item), room)


def curve(label: str, points: Sequence[tuple[str, float]], room: int, unit: str = "") -> Iterator[Content]:
    """A series as a curve, its highest and lowest value beside it, its first and last label below."""
    values = [value for _, value in points]
    width = max(4, min(_MAX_CURVE, room - 16))
    lines = sparkline(values, width)
    unit = f" {unit}" if unit else ""
    yield Content.styled(f"  {label}", "dim")
    for place, line in enumerate(lines):
        mark = max(values) if place == 0 else min(values)
        yield Content("      ") + Content.styled(line, "$text-accent") + Content.styled(f"  {mark:g}{unit}", "dim")
    first, last = points[0][0], points[-1][0]
    if first and last:
        yield Content.styled(f"      {first}{last:>{max(1, width - cell_len(first))}}", "dim")


def numbers_of(value: Any) -> list[tuple[str, float]]:
    """The points of a series as (label, number): a list of numbers, or of pairs of a label and a number."""
    found: list[tuple[str, float]] = []
    for item in value if isinstance(value, list | tuple) else ():
        label, number = item if isinstance(item, list | tuple) and len(item) == 2 else ("", item)
        if isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number):
            found.append((one_line(str(label)), float(number)))
    return found


def is_series(value: Any) -> bool:
    """Whether this is a list of numbers long enough to be drawn."""
    return (
        isinstance(value, list)
        and len(value) >= SERIES
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )


def _wrapped(text: str, room: int, style: str = "") -> Iterator[Content]:
    for line in wrap(text, room - 6, break_long_words=False) or [""]:
        yield Content.styled(f"      {line}", style) if style else Content(f"      {line}")


def _sentences(detail: Any) -> Iterator[str]:
    if isinstance(detail, dict):
        for item in detail.values():
            if isinstance(item, str) and len(item) > _SENTENCE and " " in item:
                yield item


def _call(call: Evidence, room: int) -> Iterator[Content]:
    as_of = [f"as of {moment(call.as_of)}"] if call.as_of else []
    notes = [call_time(call.ms), *(["cached"] if call.cached else []), *as_of]
    yield Content(f"  {one_line(call.source)} {one_line(call.operation)}: {call.status}") + Content.styled(
        f"  {' · '.join(notes)}", "dim"
    )
    for text in (flat(call.request) if call.request else "", call.excerpt or ""):
        if text:
            yield from _wrapped(shorten(text, 400), room, "dim")


def _words(key: str) -> str:
    return one_line(str(key)).replace("_", " ")
