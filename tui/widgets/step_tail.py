"""What a step does at this moment: the newest of what it has inside, in a window that does not grow with it.

A step may say a line twenty times a second. Were all of it shown while it runs, everything below would move at each,
the newest would soon be out of sight, and the whole screen would be laid out for every painting.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Literal, NamedTuple

from rich._wrap import divide_line
from textual.content import Content

from shared.view import StepView
from tui.widgets.step_text import MAX_LINES, MUTED, columns, error_lines, line, log_line

WINDOW = 10
"""Lines of a running step at most."""
_SHARE_OF_SCREEN = 4
_LEAST = 3


def window(screen_height: int) -> int:
    """How many lines of a running step are shown: at most a quarter of the screen."""
    return max(_LEAST, min(WINDOW, screen_height // _SHARE_OF_SCREEN))


class GrowingText:
    """The last lines of a text to which more is added. A line that is full never breaks elsewhere, and what it costs to
    add doesn't depend on how much came before."""

    def __init__(self) -> None:
        self._text = ""
        self._room = (0, 0)
        self._start = 0

    def last(self, text: str, width: int, most: int) -> list[tuple[int, str]]:
        """At most so many lines, each with the place in the text that it begins at."""
        text = text.rstrip()
        if (width, most) != self._room or not text.startswith(self._text):
            self._start = _word_at(text, len(text) - (most + 2) * width, width)
        self._text, self._room = text, (width, most)
        lines = list(_broken(text, self._start, width))[-most:] if text else []
        if lines:
            self._start = lines[0][0]
        return lines


def _word_at(text: str, wanted: int, width: int) -> int:
    """Where a word begins, at this place or less than a line after it."""
    if wanted <= 0:
        return 0
    space = text.find(" ", wanted, wanted + width)
    return wanted if space < 0 else space + 1


def _broken(text: str, start: int, width: int) -> Iterator[tuple[int, str]]:
    """The text from there on in lines, as Textual breaks them; a tab is a space, so that places stay what they are."""
    for paragraph in text[start:].replace("\t", " ").split("\n"):
        breaks = divide_line(paragraph, width)
        for first, last in zip([0, *breaks], [*breaks, len(paragraph)], strict=True):
            yield start + first, paragraph[first:last].rstrip()
        start += len(paragraph) + 1


class _Newest(NamedTuple):
    source: Literal["log", "reasoning", "text"]
    place: int
    """How many lines of the log, or characters of the text, are before it."""
    content: Content


class StepTail:
    """The newest lines of one step, as it goes on."""

    def __init__(self) -> None:
        self._text = GrowingText()
        self._reasoning = GrowingText()

    def lines(self, step: StepView, width: int, most: int) -> list[Content]:
        """At most so many, none of them wider than ``width``. What failed comes first, then what is left out."""
        failed = list(chain.from_iterable(one.wrap(width) for one in error_lines(step)))[: most - 2]
        room = most - len(failed)
        newest = list(islice(self._backwards(step, width, room), room))[::-1]
        if newest and (left_out := _left_out(step, newest[0])):
            if len(newest) == room:
                left_out = _left_out(step, newest[1]) or left_out
                del newest[0]
            failed.append(line(f"… {left_out} before", MUTED))
        return [*failed, *(one.content for one in newest)]

    def _backwards(self, step: StepView, width: int, most: int) -> Iterator[_Newest]:
        for place, text in reversed(self._text.last(step.text, width, most)):
            yield _Newest("text", place, line(text))
        for place, text in reversed(self._reasoning.last(step.reasoning, width, most)):
            yield _Newest("reasoning", place, line(text, MUTED))
        widths = columns(step.log[-MAX_LINES:])
        for place in range(len(step.log) - 1, -1, -1):
            said = chain.from_iterable(one.wrap(width) for one in log_line(step.log[place], widths))
            for nth, content in reversed(list(enumerate(said))):
                yield _Newest("log", place + (nth > 0), content)


def _left_out(step: StepView, first: _Newest) -> str:
    """What there is before this line, "" for nothing."""
    lines = first.place if first.source == "log" else len(step.log)
    characters = {"log": 0, "reasoning": first.place, "text": len(step.reasoning) + first.place}[first.source]
    said = (
        f"{lines:,} {'line' if lines == 1 else 'lines'}" if lines else "",
        f"{characters:,} characters" if characters else "",
    )
    return " and ".join(part for part in said if part)
