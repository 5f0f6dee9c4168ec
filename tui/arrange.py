"""Which rows of a result are shown and in which order: the user's filter and sort over the run's own. Values alone."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.events import Column
from shared.view import RowView, RunView
from tui.cells import format_cell, one_line, sort_key, visible_columns

_COMPARED = re.compile(r"(?P<column>[^<>=!]+)(?P<sign><=|>=|<|>|=)(?P<value>.+)", re.DOTALL)


@dataclass(frozen=True)
class Sort:
    """The user's order: a column and its direction."""

    column: Column
    descending: bool = False


class _Term(NamedTuple):
    """One word of a filter. ``column`` None: any column may have it. ``sign`` compares, else the text is contained."""

    text: str
    inverse: bool
    column: Column | None = None
    sign: str = ""


def arrange(view: RunView, *, sort: Sort | None = None, filter_text: str = "", left_out: bool = False) -> list[RowView]:
    """The rows that are in (or those that are out) and pass the filter, in the run's order or the user's.

    A filter is words that must all be found in a row, without regard to case and accents; ``!word`` must not be. A word
    like ``high>25``, ``country=spain`` or ``km<=900`` looks at one column, named by the beginning of its label or key.
    """
    rows = view.left_out() if left_out else view.shown_rows()
    terms = [_term(word, view.columns) for word in filter_text.split()]
    if terms:
        columns = visible_columns(view.columns)
        rows = [row for row in rows if all(_passes(row, term, columns) for term in terms)]
    return rows if sort is None else sorted_rows(rows, sort)


def sorted_rows(rows: Sequence[RowView], sort: Sort) -> list[RowView]:
    """Unknown values stay at the end in both directions: they say nothing about being small or large."""
    column = sort.column
    known = [row for row in rows if row.cells.get(column.key) is not None]
    unknown = [row for row in rows if row.cells.get(column.key) is None]
    known.sort(key=lambda row: sort_key(row.cells.get(column.key), column), reverse=sort.descending)
    return known + unknown


def folded(text: str) -> str:
    """``text`` for comparing: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _term(word: str, columns: Sequence[Column]) -> _Term:
    inverse = word.startswith("!") and len(word) > 1
    word = word[1:] if inverse else word
    match = _COMPARED.fullmatch(word)
    column = _named(match["column"], columns) if match else None
    if match is None or column is None:
        return _Term(folded(word), inverse)
    return _Term(folded(match["value"]), inverse, column, match["sign"])


def _named(name: str, columns: Sequence[Column]) -> Column | None:
    name = folded(name)
    for exact in (True, False):
        for column in columns:
            names = (folded(column.key), folded(one_line(column.label)).replace(" ", ""))
            if any(one == name if exact else one.startswith(name) for one in names):
                return column
    return None


def _passes(row: RowView, term: _Term, columns: Sequence[Column]) -> bool:
    if term.column is None:
        texts = [*(format_cell(row.cells.get(column.key), column) for column in columns), row.why or ""]
        found = term.text in folded("\n".join(texts))
    else:
        found = _compares(row.cells.get(term.column.key), term, term.column)
    return found is not term.inverse


def _compares(value: object, term: _Term, column: Column) -> bool:
    if value is None:
        return False
    number = _number(term.text)
    if number is not None and isinstance(value, int | float) and not isinstance(value, bool):
        return {
            "<": value < number,
            ">": value > number,
            "<=": value <= number,
            ">=": value >= number,
            "=": value == number,
        }[term.sign]
    text = folded(format_cell(value, column))
    if term.sign == "=":
        return term.text in text
    return text < term.text if term.sign[0] == "<" else text > term.text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
