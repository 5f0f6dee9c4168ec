"""How much has come below since the reader left the end. Lies over the last line, so that nothing moves."""

from textual.widgets import Static

from tui.messages import EndWanted


class News(Static):
    """Shown only while there is something unseen. ``key`` follows again, as a click does."""

    ALLOW_SELECT = False

    def __init__(self, key: str) -> None:
        super().__init__(markup=False)
        self.display = False
        self._key = key
        self._count = 0

    def show(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.display = count > 0
            if count:
                self.update(f" {count:,} new ↓ {self._key} ")

    def on_click(self) -> None:
        self.post_message(EndWanted())
