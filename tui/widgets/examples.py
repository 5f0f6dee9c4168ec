"""Before the first question: questions that can be chosen, as the server's pipelines offer them."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList

from tui.messages import QuestionAsked


class Examples(OptionList):
    """Choosing a line asks it."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._questions: tuple[str, ...] = ()

    def offer(self, questions: Sequence[str]) -> None:
        self._questions = tuple(questions)
        self.clear_options()
        self.add_options([Content(question) for question in self._questions])
        self.highlighted = 0 if self._questions else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(QuestionAsked(self._questions[event.option_index]))
