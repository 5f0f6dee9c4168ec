"""Before the first question: questions that can be chosen, as the server's pipelines offer them."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList

from tui.cells import one_line
from tui.connection import PipelineInfo
from tui.messages import QuestionAsked


class Examples(OptionList):
    """Choosing a line asks it, of the pipeline that it is an example of."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._offered: list[tuple[str, PipelineInfo]] = []

    def offer(self, pipelines: Sequence[PipelineInfo]) -> None:
        """Show the examples of all pipelines; where there are several, with what each is for."""
        self._offered = [(question, info) for info in pipelines for question in info.examples]
        several = len(pipelines) > 1
        self.clear_options()
        self.add_options(
            [
                Content(one_line(question)) + Content.styled(f"   {one_line(info.title)}" if several else "", "dim")
                for question, info in self._offered
            ]
        )
        self.highlighted = 0 if self._offered else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        question, info = self._offered[event.option_index]
        self.post_message(QuestionAsked(question, info.name))
