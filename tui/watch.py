"""One run as the terminal app watches it: the folded view, the clock beside it and the state of the connection.

Events are folded as they come and nothing is painted here: a reader of ``version`` learns that there is something new.
Never Textual, never I/O, so that what the app believes can be tested without a screen.
"""

import time
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from shared.events import PlanStep
from shared.view import EMPTY, RunView, StepView
from tui.connection import Received, RunSummary, view_after
from tui.frame_log import FrameLog

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
    """A run from the moment that its question is sent; or one of the past, of which first only ``summary`` is known.

    ``refines`` is the id of the run whose wish this question changes. ``clock`` gives seconds that never fall.
    """

    def __init__(
        self,
        question: str,
        clock: Callable[[], float] = time.monotonic,
        *,
        summary: RunSummary | None = None,
        refines: str | None = None,
    ) -> None:
        self.question = question
        self.view: RunView = EMPTY
        self.frames = FrameLog()
        self.summary = summary
        self.refines = refines
        self.loading = False
        self.trouble: Trouble | None = None
        self.asked_cancel = False
        self.version = 0
        self._clock = clock
        self._asked_at = self._heard_at = clock()
        self._stopped_at: float | None = None

    def receive(self, received: Received) -> None:
        """Fold one event, and keep its frame. A snapshot (a client's) replaces what was known."""
        self._heard_at = self._clock()
        self.view = view_after(self.view, received)
        self.frames.add(received)
        self.version += 1

    def fail(self, trouble: Trouble) -> None:
        """The stream ended for good before the run did; what is known so far stays."""
        self.trouble = trouble
        self.loading = False
        self._stopped_at = self._clock()
        self.version += 1

    def load(self) -> None:
        """The events of a past run are asked for."""
        self.loading, self.trouble, self._stopped_at = True, None, None
        self.version += 1

    def forget(self) -> None:
        """Keep of a run that is over what its one line needs: the server has the rest."""
        view = self.view
        if not view.finished:
            return
        self.summary = RunSummary(
            run=view.run, pipeline=view.pipeline, question=self.question, started_at=view.started_at,
            status=view.state, events=view.upto, ms=view.ms,
        )  # fmt: skip
        self.view, self.frames, self.loading = EMPTY, FrameLog(), False
        self.version += 1

    @property
    def run(self) -> str:
        """The id of the run, "" as long as nobody knows it."""
        return self.view.run or (self.summary.run if self.summary is not None else "")

    @property
    def pipeline(self) -> str:
        return self.view.pipeline or (self.summary.pipeline if self.summary is not None else "")

    @property
    def dormant(self) -> bool:
        """Whether only the summary is known, and nobody has asked for more."""
        return self.summary is not None and self.view.upto == 0 and not self.loading

    @property
    def live(self) -> bool:
        """Whether more may come: neither is the run over, nor has its stream been given up."""
        return not self.view.finished and self.trouble is None and not self.dormant

    def now_ms(self) -> int:
        """Milliseconds since the run began, by the last event's ``t`` and the time that passed since it came."""
        if self.view.finished:
            return self.view.ms if self.view.ms is not None else self.view.t
        if self.view.upto == 0 and self.summary is not None:
            return self.summary.ms or 0
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
