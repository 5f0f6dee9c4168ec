"""The typed outcome of a step as lines for a reader: words for keys, lists on a line, lists of objects as tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from tui.cells import one_line
from tui.moments import moment
from tui.widgets.fitting import fit, shorten

DetailLine = tuple[int, str, str]
"""How deep, the label ("" for none), the value ("" where what is deeper follows)."""

_MAX_VALUE = 500
_MAX_DEPTH = 6
_TABLE_FROM = 3
"""So many objects of the same keys are a table; fewer are told one by one."""
_WIDEST_CELL = 28
_GAP = "  "


def detail_lines(
    value: Any, label: str = "", depth: int = 0, *, most_items: int = 1_000_000, width: int = 100
) -> Iterator[DetailLine]:
    """JSON as readable lines. Of a list of objects at most ``most_items`` are told, and how many there are more."""
    if isinstance(value, dict) and value and depth < _MAX_DEPTH:
        if label:
            yield depth, label, ""
            depth += 1
        for key, item in value.items():
            yield from detail_lines(item, _words(key), depth, most_items=most_items, width=width)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value) and depth < _MAX_DEPTH:
        if label:
            yield depth, label, ""
            depth += 1
        yield from _items(value, depth, most_items, width - 2 * depth)
        if len(value) > most_items:
            yield depth, "", f"… {len(value) - most_items:,} more; the inspector has all of them"
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
        case str():
            return moment(value)
    return str(value)


def _items(items: list[Any], depth: int, most: int, width: int) -> Iterator[DetailLine]:
    keys = _common_keys(items)
    if len(items) < _TABLE_FROM or not keys:
        for item in items[:most]:
            yield depth, "", "- " + shorten(flat(item), _MAX_VALUE)
        return
    names = [_words(key) for key in keys]
    right = [all(_is_number(item.get(key)) for item in items[:most]) for key in keys]
    columns = [
        _column([item.get(key) for item in items[:most]], numbers) for key, numbers in zip(keys, right, strict=True)
    ]
    widths = [max(cell_len(text) for text in (name, *column)) for name, column in zip(names, columns, strict=True)]
    shown = _fitting(widths, width)
    for row in [names, *zip(*columns, strict=True)]:
        cells = [_cell(row[place], widths[place], right[place]) for place in range(shown)]
        yield depth, "", _GAP.join(cells).rstrip()
    if shown < len(keys):
        more = (
            f"… {len(keys) - shown} more {'column' if len(keys) - shown == 1 else 'columns'} in the inspector's JSON: "
        )
        yield depth, "", more + shorten(", ".join(names[shown:]), max(10, width - cell_len(more)))


def _common_keys(items: Sequence[Any]) -> list[str]:
    """The keys that all the objects have, in their order; none where one item is no object."""
    if not all(isinstance(item, dict) for item in items):
        return []
    return [str(key) for key in items[0] if all(key in item for item in items)]


def _column(values: Sequence[Any], are_numbers: bool) -> list[str]:
    """The cells of a column; numbers with their decimal points under each other."""
    texts = [shorten(flat(value), _WIDEST_CELL) for value in values]
    if not are_numbers:
        return texts
    behind = [len(text) - text.find(".") if "." in text else 0 for text in texts]
    return [text + " " * (max(behind) - own) for text, own in zip(texts, behind, strict=True)]


def _fitting(widths: Sequence[int], room: int) -> int:
    used = 0
    for place, width in enumerate(widths):
        used += width + (len(_GAP) if place else 0)
        if used > room - 2 and place:
            return place
    return len(widths)


def _cell(text: str, width: int, right: bool) -> str:
    return " " * (width - cell_len(text)) + text if right else fit(text, width)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(key: Any) -> str:
    return one_line(str(key)).replace("_", " ")
