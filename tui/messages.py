"""What the widgets of the app tell its screen. A message carries values and never a widget."""

from textual.message import Message


class QuestionAsked(Message):
    """Somebody wants this question answered."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question


class SortChanged(Message):
    """The order of the results changed by the user's hand."""
