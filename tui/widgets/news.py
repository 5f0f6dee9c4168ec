"""How much has come below since the reader left the end. Lies over the last line, so that nothing moves."""

from textual.widgets import Static

_KEY = "end"


class News(Static):
    """Shown only while there is something unseen."""

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.display = False
        self._count = 0

    def show(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.display = count > 0
            if count:
                self.update(f" {count:,} new ↓ {_KEY} ")
