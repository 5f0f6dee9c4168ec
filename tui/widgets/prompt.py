"""Where the question is typed. Enter asks; ↑ and ↓ go through the questions asked before, as a shell has them."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from shared.text import clean
from tui.asked import AskedBefore
from tui.cells import one_line
from tui.messages import EndWanted, QuestionAsked
from tui.widgets.steady import Steady

PLACEHOLDER = "Ask a question, and press enter"
FOLLOWING = "Ask something else, and press enter"
REFINING = "Change the wish (warmer, max 2 hours, …) or ask anew"


class Prompt(Steady, Input):
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

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        question = event.value.strip()
        if not question:
            self.app.bell()
            return
        self.value = ""
        self.post_message(QuestionAsked(question))
