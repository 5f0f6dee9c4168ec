"""A result as CSV, JSON or Markdown: all rows that are in, best first, from the view of a run. Values in, text out."""

import csv
import io
import re
from typing import Any

import msgspec

from shared.events import Column
from shared.view import RunView
from tui.cells import format_cell, heading, is_right_aligned, one_line, visible_columns

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&])")
# What a spreadsheet takes for a formula when a text begins with it.
_FORMULA = ("=", "+", "-", "@", "\t")


def to_csv(view: RunView) -> str:
    """RFC 4180 with LF line ends: a heading of column keys, then raw values (minutes, °C, degrees), unknown ones empty.

    A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers stay numbers.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_csv_cell(column.key) for column in view.columns])
    for row in view.shown_rows():
        writer.writerow([_csv_cell(row.cells.get(column.key)) for column in view.columns])
    return file.getvalue()


def to_json(view: RunView) -> str:
    """An array of objects, one a row, with every column's key; unknown cells are null."""
    rows = [{column.key: row.cells.get(column.key) for column in view.columns} for row in view.shown_rows()]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n"


def to_markdown(view: RunView) -> str:
    """A table as GitHub has it, cells written as the app shows them."""
    columns = visible_columns(view.columns)
    lines = [
        [_escaped(heading(column)) for column in columns],
        ["---:" if is_right_aligned(column) else "---" for column in columns],
        *([_markdown_cell(row.cells.get(column.key), column) for column in columns] for row in view.shown_rows()),
    ]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


FORMS = {"csv": to_csv, "json": to_json, "md": to_markdown}
"""What can be written, by the ending of a file."""


def export_rows(view: RunView, form: str) -> str:
    """The rows that are in, in one of FORMS."""
    return FORMS[form](view)


def _csv_cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple):
        value = "; ".join(str(item) for item in value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # the csv module quotes the line end it writes, no other
    return "'" + text if text.startswith(_FORMULA) else text


def _markdown_cell(value: Any, column: Column) -> str:
    return _escaped(format_cell(value, column))


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", one_line(text))
