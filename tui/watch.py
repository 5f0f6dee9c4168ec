"""One run as the terminal app watches it: the folded view, the clock beside it and the state of the connection.

Events are folded as they come and nothing is painted here: a reader of ``version`` learns that there is something new.
Never Textual, never I/O, so that what the app believes can be tested without a screen.
"""

import time
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from shared.events import PlanStep, StreamBye, StreamSnapshot, WireEvent
from shared.view import EMPTY, RunView, StepView, fold

QUIET_AFTER_S = 10.0
"""Without an event for so long, a live run says that there is no news."""

LinkState: TypeAlias = Literal["starting", "connected", "reconnecting", "interrupted", "unreachable"]


class Link(NamedTuple):
    """The connection to the server in one word, and ``text`` for who wants to know more."""

    state: LinkState
    text: str = ""


class Trouble(NamedTuple):
    """Why there is no (more) news of the run: what failed and what to try, for a person."""

    message: str
    hint: str = ""


class Watch:
    """A run from the moment that its question is sent. ``clock`` gives seconds that never fall."""

    def __init__(self, question: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.question = question
        self.view: RunView = EMPTY
        self.trouble: Trouble | None = None
        self.asked_cancel = False
        self.version = 0
        self._clock = clock
        self._asked_at = self._heard_at = clock()
        self._stopped_at: float | None = None

    def receive(self, event: WireEvent) -> None:
        """Fold one event. A snapshot (a client's, see ``Received``) replaces what was known."""
        self._heard_at = self._clock()
        if isinstance(event, StreamBye):
            return
        self.view = event.view if isinstance(event, StreamSnapshot) else fold(self.view, event)
        self.version += 1

    def fail(self, trouble: Trouble) -> None:
        """The stream ended for good before the run did; what is known so far stays."""
        self.trouble = trouble
        self._stopped_at = self._clock()
        self.version += 1

    @property
    def live(self) -> bool:
        """Whether more may come: neither is the run over, nor has its stream been given up."""
        return not self.view.finished and self.trouble is None

    def now_ms(self) -> int:
        """Milliseconds since the run began, by the last event's ``t`` and the time that passed since it came."""
        if self.view.finished:
            return self.view.ms if self.view.ms is not None else self.view.t
        now = self._clock() if self._stopped_at is None else self._stopped_at
        if self.view.upto == 0:
            return int((now - self._asked_at) * 1000)
        return self.view.t + int((now - self._heard_at) * 1000)

    def quiet_s(self) -> int:
        """Whole seconds without news, 0 until there are enough to be worth a word."""
        quiet = self._clock() - self._heard_at
        return int(quiet) if self.live and quiet >= QUIET_AFTER_S else 0


def planned(plan: Sequence[PlanStep]) -> tuple[StepView, ...]:
    """The steps of a pipeline as they look before any run: all of them waiting."""
    return tuple(
        StepView(id=step.id, title=step.title, needs=step.needs, parent=step.parent, optional=step.optional)
        for step in plan
    )
