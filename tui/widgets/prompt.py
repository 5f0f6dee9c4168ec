"""Where the question is typed. Enter asks; the text stays until it was taken."""

from collections.abc import Sequence

from textual import events
from textual.widgets import Input

from shared.text import clean
from tui.cells import one_line
from tui.messages import QuestionAsked

PLACEHOLDER = "Ask a question, and press enter"
FOLLOWING = "Ask something else, and press enter"


class Prompt(Input):
    """A single line. Its cursor doesn't blink: over a slow line every blink is bytes."""

    def __init__(self) -> None:
        super().__init__(placeholder=PLACEHOLDER, compact=True, select_on_focus=False)
        self.cursor_blink = False

    def teach(self, examples: Sequence[str]) -> None:
        """Before the first question, show what one looks like."""
        if examples and self.placeholder == PLACEHOLDER:
            self.placeholder = f"e.g. {one_line(examples[0])}"

    def follow_up(self) -> None:
        """A question has been asked, here or elsewhere: the next one is welcome."""
        self.placeholder = FOLLOWING

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
