"""Every field of an answer, one at a time, as something that it shouldn't be."""

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

MISSING: Final = object()
POISON: Final = {
    "escapes": "\x1b]52;c;b3duZWQ=\x07\x1b[2J\x1b[31mred\x9b31m",
    "bidi": "\u202egnol ot thgir\u2066\u2069",
    "markup": "[bold red]x[/bold red] [@click=app.quit]x[/]",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "sql": "'; DROP TABLE runs; --",
    "url": "http://evil.example/?key={key}",
    "lines": "data: x\n\nid: 7\r\nevent: run.finished\r\n\r\n",
    "null": "nul\x00inside",
    "long": "Ab" * 20_000,
    "marks": "Z" + "\u0301" * 3000,
}
"""Texts that must not reach a terminal or a page as they are."""
VALUES: Final[dict[str, Any]] = {
    "missing": MISSING, "null": None, "true": True, "a text": "banana", "an empty text": "", "a number": 7,
    "minus one": -1, "huge": 10**30, "a fraction": 0.1, "a list": [], "an object": {}, "nested": [[{"a": [None]}]],
}  # fmt: skip
RAW: Final = {
    "NaN": "NaN", "infinite": "-Infinity", "1e999": "1e999", "5,000 digits": "8" * 5000, "a surrogate": '"\\udfff x"',
}  # fmt: skip
"""What json.dumps doesn't write, by what it is called."""
_HOLE: Final = "@@hole@@"
Path = tuple[str | int, ...]


def mutations(valid: Any) -> Iterator[tuple[str, bytes]]:
    """(name, body) for each field of ``valid``; of a list only the first two elements are touched."""
    for number, path in enumerate(paths(valid)):
        named = ".".join(map(str, path))
        value = at(valid, path)
        for name, other in VALUES.items():
            if type(other) is not type(value) or isinstance(other, str | int | float):
                yield f"{named} is {name}", json.dumps(replaced(valid, path, other)).encode()
        raw = list(RAW.items())[number % len(RAW)]
        with_hole = json.dumps(replaced(valid, path, _HOLE))
        yield f"{named} is {raw[0]}", with_hole.replace(f'"{_HOLE}"', raw[1]).encode()
        if isinstance(value, str):
            poison = list(POISON.items())[number % len(POISON)]
            yield f"{named} has {poison[0]}", json.dumps(replaced(valid, path, poison[1])).encode()
    for name, text in POISON.items():
        yield f"every text has {name}", json.dumps(all_texts(valid, text)).encode()


def paths(tree: Any, prefix: Path = ()) -> Iterator[Path]:
    """The paths of all members, outer ones first."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(tree, dict):
        inner = list(tree.items())
    elif isinstance(tree, list):
        inner = list(enumerate(tree[:2]))
    for key, value in inner:
        yield (*prefix, key)
        yield from paths(value, (*prefix, key))


def at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def replaced(tree: Any, path: Path, value: Any) -> Any:
    """A copy with another value at ``path``, or without it."""
    tree = copy.deepcopy(tree)
    inside = at(tree, path[:-1])
    if value is MISSING:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return tree


def all_texts(tree: Any, text: str) -> Any:
    """A copy with ``text`` after each text in it."""
    if isinstance(tree, dict):
        return {key: all_texts(value, text) for key, value in tree.items()}
    if isinstance(tree, list):
        return [all_texts(value, text) for value in tree]
    return tree + text if isinstance(tree, str) else tree
