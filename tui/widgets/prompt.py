"""Where the question is typed. Enter asks; ↑ and ↓ go through the questions asked before, as a shell has them."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip
from textual.widgets import Input
from textual.widgets._input import Selection

from shared.text import clean
from tui.asked import AskedBefore
from tui.cells import one_line
from tui.messages import EndWanted, QuestionAsked
from tui.widgets.fitting import cells
from tui.widgets.one_line import OWN, Drawn, Look, Part
from tui.widgets.steady import Steady

PLACEHOLDER = "Ask a question, and press enter"
FOLLOWING = "Ask something else, and press enter"
REFINING = "Change the wish (warmer, max 2 hours, …) or ask anew"
_CURSOR = "input--cursor"


class Prompt(Drawn, Steady, Input):
    """A single line. Its cursor doesn't blink: over a slow line every blink is bytes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "older(1)", show=False),
        Binding("down", "older(-1)", show=False),
    ]

    def __init__(self, asked: AskedBefore) -> None:
        super().__init__(placeholder=PLACEHOLDER, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._asked = asked
        self._back = 0
        self._draft = ""
        self._measured = "", 0

    # --- letters ----------------------------------------------------------------------------------------------------

    def room_for(self, text: str) -> Look | None:
        """What it looks like, if with ``text`` it needn't scroll."""
        look = self._as_it_looks()
        return look if look and not self.scroll_x and self._wide(self.value) + cells(text) < look.room else None

    def take(self, text: str, look: Look) -> tuple[int, Strip | None]:
        """As if the keys of these letters had come, where there is room for them.

        The cell of the cursor then, and the line as it is to be drawn, None where Textual is to draw it. Nothing else
        is told. What Textual does for a letter is to look nine times whether somebody watches, to see whether it must
        scroll, and to go through validators: half of the time that an echo takes. A test compares what comes of it.
        """
        if not self._cursor_visible:
            self._restart_blink()
        if self._initial_value:  # what it does the first time stays done
            self.replace(text, *self.selection)
        else:
            start, end = sorted(self.selection)
            value = self.value
            self.set_reactive(Input.value, f"{value[:start]}{text}{value[end:]}")
            self.set_reactive(Input.selection, Selection.cursor(start + len(text)))
            self.set_reactive(Prompt.virtual_size, Size(self.content_width, 1))
            self.clear_cached_dimensions()
            self._layout_cache.clear()
            self._styles_cache.clear()
        return look.left + self._cursor_offset, self._whole(look)

    async def on_key(self, event: events.Key) -> None:
        """A key that is bound here acts before the next one is heard. Textual looks for it once the key has come up to
        the app, so that letters of the same breath, or of the same packet, overtake an enter."""
        if event.is_printable:
            return
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return

    # --- cheaper than Textual's -------------------------------------------------------------------------------------

    def replace(self, text: str, start: int, end: int) -> None:
        """Nobody wants to hear of each letter: on its way up such a message is a turn of every widget around."""
        with self.prevent(Input.Changed):
            super().replace(text, start, end)

    def watch_virtual_size(self, before: Size, after: Size) -> None:
        """There is no scrollbar to be brought up to it, and the line is drawn anyway."""
        if self.scroll_x:
            self.scroll_x = self.validate_scroll_x(self.scroll_x)

    def parts(self, width: int) -> Sequence[Part] | None:
        value, (at, until) = self.value, self.selection
        if not _is_simple(value) or at != until:
            return None
        parts, room = [(value, OWN)], width - self._wide(value)
        if self.has_focus and self._cursor_visible:
            parts = [(value[:at], OWN), (f"{value} "[at], _CURSOR), (value[at + 1 :], OWN)]
            room -= at == len(value)
        if self.scroll_x or room < 0:
            return _in_sight(parts, self.scroll_offset.x, width)
        return [part for part in (*parts, (" " * room, OWN)) if part[0]]

    def render_line(self, y: int) -> Strip:
        """As Textual's, which makes a rich text of the line and lays it out: a third of what a key costs."""
        parts = self.parts(self.scrollable_content_region.width + 1) if y == 0 else None
        return (
            super().render_line(y)
            if parts is None
            else Strip([Segment(text, self._named(name)) for text, name in parts])
        )

    def _named(self, name: str) -> Style:
        return self.rich_style + super()._named(name) if name else self.rich_style

    @property
    def content_width(self) -> int:
        value = self.value
        return self._wide(value) + 1 if _is_simple(value) else super().content_width

    def _wide(self, value: str) -> int:
        """Its cells, worked out once: a letter asks four times."""
        if self._measured[0] is not value:
            self._measured = value, cells(value)
        return self._measured[1]

    def _position_to_cell(self, position: int) -> int:
        """As Textual's, which measures tabs in it first; there are none in what is printable."""
        value = self.value
        if not _is_simple(value):
            return super()._position_to_cell(position)
        return self._wide(value) if position >= len(value) else cells(value[:position])

    # --- what is asked ----------------------------------------------------------------------------------------------

    def teach(self, examples: Sequence[str]) -> None:
        """Before the first question, show what one looks like."""
        if examples and self.placeholder == PLACEHOLDER:
            self.placeholder = f"e.g. {one_line(examples[0])}"

    def follow_up(self, *, refines: bool) -> None:
        """A question has been asked, here or elsewhere: the next one is welcome."""
        self.placeholder = REFINING if refines else FOLLOWING

    def remember(self, question: str) -> None:
        """``question`` was asked: the newest of the history."""
        self._asked.add(question)
        self._back = 0

    def action_older(self, by: int) -> None:
        """Take a question from the history; what was being typed comes back after the newest."""
        questions = self._asked.questions
        back = self._back + by
        if not 0 <= back <= len(questions):
            self.app.bell()
            return
        if self._back == 0:
            self._draft = self.value
        self._back = back
        self.value = questions[-back] if back else self._draft
        self.cursor_position = len(self.value)

    def action_end(self, select: bool = False) -> None:
        """At the end already, it is the transcript's that is meant."""
        if not select and self.cursor_at_end:
            self.post_message(EndWanted())
        super().action_end(select)

    def on_paste(self, event: events.Paste) -> None:
        """All lines of what is pasted, as one, without anything that would act on the terminal."""
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(one_line(clean(event.text)))

    async def action_submit(self) -> None:
        """At once: what is typed behind it is the next question's."""
        question = self.value.strip()
        if not question:
            self.app.bell()
            return
        self.value = ""
        self.post_message(QuestionAsked(question))


def _is_simple(value: str) -> bool:
    """Whether it is nothing but letters: rich takes out what would act on a terminal."""
    return value.isprintable() and bool(value)


def _in_sight(parts: Sequence[Part], left: int, width: int) -> list[Part]:
    """``width`` cells of them from ``left``."""
    names = {name: Style(meta={"name": name}) for _, name in parts}
    seen = Strip([Segment(text, names[name]) for text, name in parts]).crop(left, left + width)
    cut = [(text, style.meta["name"] if style is not None else OWN) for text, style, _ in seen]
    return [part for part in (*cut, (" " * (width - seen.cell_length), OWN)) if part[0]]
