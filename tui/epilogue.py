"""What stays on the normal screen when the app has gone: the last question, its best rows, and how to see it again."""

import shutil
from collections.abc import Sequence

from shared.events import Column
from shared.view import RowView
from tui.cells import one_line, visible_columns
from tui.narration import counts, failure
from tui.table import cell_width, result_lines, shorten
from tui.watch import Watch

BEST = 10
"""Rows that are printed: the others are one command away."""


def epilogue(watch: Watch, width: int | None = None, url: str | None = None, again: str = "") -> str:
    """Nothing where nothing was answered. ``url``: the server that must be named to find the run again; ``again``: the
    command that shows a run, where it isn't our own."""
    view = watch.view
    if not view.run:
        return ""
    width = width or shutil.get_terminal_size().columns
    rows = view.shown_rows()
    failed = failure(view)
    lines = [one_line(watch.question)]
    if failed is not None:
        lines.append(failed[0])
    elif not view.finished:
        lines.append("The run was still going when you left.")
    lines += result_lines(_fitting(view.columns, rows[:BEST], width), rows[:BEST], width)
    if len(rows) > BEST:
        lines.append(shorten(f"The best {BEST} of {counts(view)}", width))
    ours = f"windowseat show {view.run[:8]}{f' --url {url}' if url else ''}"
    lines.append(f"All of it: {f'{again} {view.run}' if again else ours}")
    return "\n".join(lines) + "\n"


def _fitting(columns: Sequence[Column], rows: Sequence[RowView], width: int) -> Sequence[Column]:
    """The first columns, which matter most, as many as fit whole."""
    shown = visible_columns(columns)
    while len(shown) > 1 and max(map(cell_width, result_lines(shown, rows)), default=0) > width:
        shown = shown[:-1]
    return shown
