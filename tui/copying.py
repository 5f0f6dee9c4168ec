"""A row, a step or a run as text for the clipboard: whole, without the line breaks that a window made."""

from typing import Any

import msgspec

from shared.events import Column
from shared.view import RowView, RunView, StepView
from tui.cells import format_cell, one_line
from tui.export import to_json
from tui.narration import counts, log_line, plain_state
from tui.table import result_lines


def row_text(row: RowView, columns: tuple[Column, ...]) -> str:
    """ "City: Palma", a line for each column that has a value; and why the row is out, if it is."""
    lines = [
        f"{one_line(column.label)}: {format_cell(row.cells[column.key], column)}{_unit(column)}"
        for column in columns
        if row.cells.get(column.key) is not None
    ]
    return "\n".join([*lines, *([f"Left out: {one_line(row.why)}"] if row.why else [])])


def row_json(row: RowView) -> str:
    return json_text(row.cells)


def step_text(step: StepView, now_ms: int) -> str:
    """The step's title, state and outcome, its log and the model's text."""
    lines = [f"{one_line(step.title)}: {plain_state(step, now_ms)}"]
    if step.say and one_line(step.say) not in lines[0]:
        lines.append(one_line(step.say))
    lines += [f"- {log_line(line)}" for line in step.log]
    return "\n".join([*lines, *([step.text] if step.text else [])])


def step_json(step: StepView) -> str:
    return json_text(msgspec.to_builtins(step))


def run_text(view: RunView) -> str:
    """The question, what came of it, and all rows as a table."""
    lines = [one_line(view.question), f"{one_line(view.say)} ({counts(view)})".strip(), ""]
    return "\n".join([*lines, *result_lines(view.columns, view.shown_rows())])


def run_json(view: RunView) -> str:
    return to_json(view)


def json_text(value: Any) -> str:
    """JSON for a person to read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _unit(column: Column) -> str:
    return f" {one_line(column.unit)}" if column.unit and column.kind != "duration" else ""
