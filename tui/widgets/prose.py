"""What a model wrote, read as Markdown, as one text with styles.

Textual's own Markdown is a widget for every paragraph, and its links act at a click. Here a link says where it leads,
and an image is its description.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from textual.content import Content

from shared.text import clean
from tui.widgets.fitting import shorten

if TYPE_CHECKING:
    from markdown_it.token import Token

LONGEST = 20_000
"""Characters of a text that is read as Markdown: reading a longer one would hold up the keys."""
_LONGEST_LINK = 200
_HEADING, _CODE, _MUTED = "bold $text-accent", "$text-primary", "dim"
_SPANS = {"strong_open": "bold", "em_open": "italic", "s_open": "strike", "link_open": "underline"}
_QUOTED, _RULE = "▏ ", "─" * 12


def is_prose(text: str) -> bool:
    """Whether to read it as Markdown: neither too long nor JSON, which is what a model that fills a form writes."""
    begins = text.lstrip()[:1]
    if begins in ("", "{") or len(text) > LONGEST:
        return False
    try:
        return begins != "[" or not isinstance(msgspec.json.decode(text), list)
    except msgspec.DecodeError:
        return True


@lru_cache(maxsize=32)
def prose(text: str) -> Content:
    """``text`` read as Markdown. A step is told anew whenever something comes: the same text again costs nothing."""
    from markdown_it import MarkdownIt  # what is rarely wanted is imported when it is

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return Content("\n").join(_Page().lines(markdown.parse(text)))


class _Page:
    """Blocks become lines. ``_before`` is what stands before each of them: the room of list items, marks of quotes."""

    def __init__(self) -> None:
        self._before: list[str] = []
        self._marks: dict[int, str] = {}
        """Of items that have no line yet, what stands in their room on the first one."""
        self._numbers: list[int | None] = []
        self._style = ""
        self._is_tight = False

    def lines(self, tokens: Sequence["Token"]) -> Iterator[Content]:
        rows: list[list[Content]] = []
        in_table = False
        above: list[str] | None = None
        for token in tokens:
            if token.type in ("table_open", "table_close"):
                in_table = not in_table
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline" and in_table:
                rows[-1].append(_inline(token.children or []))
            elif token.type in ("inline", "fence", "code_block", "hr", "table_close"):
                if above is not None and not (token.type == "inline" and self._is_tight):
                    shared = [room for room, other in zip(above, self._before, strict=False) if room == other]
                    yield Content.styled("".join(shared).rstrip(), _MUTED)
                above = [*self._before]
                for line in _block(token, rows):
                    yield self._margin() + (line.stylize(self._style) if self._style else line)
                rows = []
            elif token.type == "list_item_close" and len(self._before) - 1 in self._marks:
                yield self._margin()
            self._turn(token)

    def _margin(self) -> Content:
        parts = [self._marks.pop(place, before) for place, before in enumerate(self._before)]
        return Content.styled("".join(parts), _MUTED)

    def _turn(self, token: "Token") -> None:
        """What is no text itself, but says where text stands."""
        match token.type:
            case "heading_open":
                self._style, self._is_tight = _HEADING, False
            case "heading_close":
                self._style = ""
            case "paragraph_open":
                self._is_tight = token.hidden
            case "bullet_list_open" | "ordered_list_open":
                is_numbered = token.type == "ordered_list_open"
                self._numbers.append(int(token.attrs.get("start", 1)) if is_numbered else None)
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                self._begin_item()
            case "blockquote_open":
                self._before.append(_QUOTED)
            case "list_item_close" | "blockquote_close":
                self._before.pop()

    def _begin_item(self) -> None:
        number = self._numbers[-1]
        mark = "- " if number is None else f"{number}. "
        self._numbers[-1] = None if number is None else number + 1
        self._marks[len(self._before)] = mark
        self._before.append(" " * len(mark))


def _block(token: "Token", rows: Sequence[Sequence[Content]]) -> Iterator[Content]:
    match token.type:
        case "inline":
            yield from _inline(token.children or []).split("\n", allow_blank=True)
        case "hr":
            yield Content.styled(_RULE, _MUTED)
        case "table_close":
            yield from _table(rows)
        case _:
            for line in token.content.rstrip("\n").split("\n"):
                yield Content.styled(f"  {line}", _CODE)


def _inline(tokens: Sequence["Token"]) -> Content:
    parts: list[Content] = []
    styles: list[str] = []
    links: list[str] = []
    for token in tokens:
        if token.type in _SPANS:
            styles.append(_SPANS[token.type])
            links += [str(token.attrs["href"])] if token.type == "link_open" else []
        elif token.nesting < 0:
            styles.pop()
            if token.type == "link_close":
                parts.append(_leads_to(links.pop(), parts[-1].plain if parts else ""))
        else:
            style = " ".join([*styles, *([_CODE] if token.type == "code_inline" else [])])
            parts.append(Content.styled(_text(token), style) if style else Content(_text(token)))
    return Content("").join(parts)


def _text(token: "Token") -> str:
    """Cleaned once more: Markdown may spell characters that were none when they came, as ``&#x202e;`` is one."""
    match token.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "image":
            return f"[image: {clean(token.content)}]"
    return clean(token.content)


def _leads_to(address: str, told: str) -> Content:
    address = clean(address)
    return Content("") if address == told else Content.styled(f" ({shorten(address, _LONGEST_LINK)})", _MUTED)


def _table(rows: Sequence[Sequence[Content]]) -> Iterator[Content]:
    """The first row is the headings'; every row has as many cells as that."""
    widths = [max(cell.cell_length for cell in column) for column in zip(*rows, strict=True)]
    for place, row in enumerate(rows):
        cells = [cell.pad_right(width - cell.cell_length) for cell, width in zip(row, widths, strict=True)]
        line = Content("  ").join(cells)
        yield line if place else line.stylize("bold")
