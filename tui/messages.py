"""What the widgets of the app tell its screen. A message carries values and never a widget."""

from textual.message import Message

from tui.watch import Watch


class QuestionAsked(Message):
    """Somebody wants this question answered; ``pipeline`` names by which one, None for the one in use."""

    def __init__(self, question: str, pipeline: str | None = None) -> None:
        super().__init__()
        self.question = question
        self.pipeline = pipeline


class EndWanted(Message):
    """The end of the transcript is wanted, and to follow it again."""


class RunOpened(Message):
    """A run of the transcript was opened; what is not known of it is wanted now."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch
