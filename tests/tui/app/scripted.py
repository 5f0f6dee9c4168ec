"""A client whose stream the test writes, event by event, and a sample run for it. For the tests of the app alone."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from shared import events as ev
from tui.connection import ClientError, Connection, PipelineInfo, Received, Refused, RunSummary
from tui.run_client import Connect

PLAN = (
    ev.PlanStep(id="understand", title="Understand the request"),
    ev.PlanStep(id="intent", title="Read the wish", needs=("understand",)),
    ev.PlanStep(id="locate", title="Place you on the map", needs=("understand",)),
    ev.PlanStep(id="departure", title="Choose the airport", needs=("locate",)),
    ev.PlanStep(id="routes", title="Look up non-stops", needs=("departure",)),
    ev.PlanStep(id="distances", title="Measure distances", needs=("routes", "intent")),
    ev.PlanStep(id="weather", title="Read the sky", needs=("distances",)),
    ev.PlanStep(id="result", title="Rank what is left", needs=("weather",)),
)
COLUMNS = (
    ev.Column(key="city", label="City", kind="text"),
    ev.Column(key="airport", label="Airport", kind="code"),
    ev.Column(key="country", label="Country", kind="text"),
    ev.Column(key="km", label="Distance", kind="integer", unit="km"),
    ev.Column(key="flight", label="Flight", kind="duration"),
    ev.Column(key="high", label="High", kind="temperature", unit="°C"),
    ev.Column(key="rain", label="Rain", kind="percent", unit="%"),
    ev.Column(key="flights", label="Flights", kind="list"),
    ev.Column(key="lat", label="Latitude", kind="latitude"),
)
EXAMPLES = ("somewhere hot tomorrow, under 4 hours, from Valencia", "ski this weekend from Munich")
INFO = PipelineInfo(name="escape", title="Where can I escape to?", plan=PLAN, columns=COLUMNS, examples=EXAMPLES)


def started(
    plan: Sequence[ev.PlanStep] = PLAN, columns: Sequence[ev.Column] = COLUMNS, run: str = "3f2a9c1d"
) -> ev.RunStarted:
    return ev.RunStarted(
        seq=1, t=0, v=1, run=run, pipeline="escape", title="Where can I escape to?", question="somewhere hot",
        started_at="2026-11-22T10:00:00Z", plan=tuple(plan), columns=tuple(columns),
    )  # fmt: skip


def row(
    row_id: str, city: str, high: int | None = 26, state: ev.RowState = "provisional", km: int = 900
) -> ev.RowUpsert:
    cells = {
        "city": city,
        "airport": row_id,
        "country": "Spain",
        "km": km,
        "flight": 60 + km // 10,
        "high": high,
        "rain": 20,
        "flights": ["VY 1234 08:15", "FR 77 19:40"],
        "lat": 39.5,
    }
    return ev.RowUpsert(id=row_id, cells=cells, state=state)


class ScriptedClient:
    """``say`` puts events on the wire with the next ``seq``; ``break_off`` ends the stream with an error."""

    def __init__(self) -> None:
        self.url = "http://127.0.0.1:8765"
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.pipelines_asked: list[str | None] = []
        self.cancelled: list[str] = []
        self.closed = 0
        self.left = False
        self.listener: Callable[[Connection], None] = lambda connection: None
        self.infos: Sequence[PipelineInfo] = (INFO,)
        self.past: dict[str, Sequence[ev.KnownEvent]] = {}
        self.summaries: list[RunSummary] = []
        self.attached: list[str] = []
        self._wire: asyncio.Queue[ev.KnownEvent | ClientError] = asyncio.Queue()
        self._seq = 0

    async def ask(
        self, q: str, *, pipeline: str | None = None, options: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Sequence[Received], None]:
        self.asked.append((q, dict(options or {})))
        self.pipelines_asked.append(pipeline)
        self._wire, self._seq = asyncio.Queue(), 0
        self.listener(Connection("connected"))
        try:
            while True:
                item = await self._wire.get()
                if isinstance(item, ClientError):
                    raise item
                yield (received(item),)
                if isinstance(item, ev.RunFinished):
                    return
        finally:
            self.closed += 1

    async def attach(self, run: str) -> AsyncGenerator[Sequence[Received], None]:
        """The events of a past run, as ``remember`` was given them."""
        self.attached.append(run)
        if run not in self.past:
            raise Refused(404, "Not Found", "there is no such run")
        yield [received(event) for event in self.past[run]]

    async def runs(self, limit: int = 50) -> Sequence[RunSummary]:
        return self.summaries[:limit]

    def remember(self, run: str, question: str, events: Sequence[ev.KnownEvent]) -> None:
        """A run of the past, newer than those remembered before."""
        self.past[run] = numbered(
            msgspec.structs.replace(event, run=run, question=question) if isinstance(event, ev.RunStarted) else event
            for event in events
        )
        self.summaries.insert(
            0,
            RunSummary(
                run=run,
                pipeline="escape",
                question=question,
                started_at="2026-11-21T10:00:00Z",
                status="ok",
                events=len(events),
                ms=25,
            ),
        )

    async def cancel(self, run: str) -> None:
        self.cancelled.append(run)

    async def pipelines(self) -> Sequence[PipelineInfo]:
        return self.infos

    def say(self, *events: ev.KnownEvent) -> None:
        for event in events:
            self._seq += 1
            self._wire.put_nowait(msgspec.structs.replace(event, seq=self._seq))

    def break_off(self, error: ClientError) -> None:
        self._wire.put_nowait(error)

    def connect(self) -> Connect:
        @asynccontextmanager
        async def enter(listener: Callable[[Connection], None]) -> AsyncIterator["ScriptedClient"]:
            self.listener = listener
            try:
                yield self
            finally:
                self.left = True

        return enter


def received(event: ev.KnownEvent) -> Received:
    """The event as it comes from the client."""
    return Received(event, ev.encode_event(event).decode())


def numbered(events: Iterable[Any]) -> list[Any]:
    """The events with ``seq`` 1, 2, 3 …"""
    return [msgspec.structs.replace(event, seq=seq) for seq, event in enumerate(events, start=1)]


def step_started(step: str, say: str = "Working…", t: int = 0, attempt: int = 1) -> ev.StepStarted:
    return ev.StepStarted(seq=0, t=t, step=step, attempt=attempt, say=say)


def step_finished(
    step: str, say: str = "Done", t: int = 0, status: ev.StepStatus = "ok", **more: Any
) -> ev.StepFinished:
    fields: dict[str, Any] = {"attempt": 1, "ms": 120, **more}
    return ev.StepFinished(seq=0, t=t, step=step, status=status, say=say, **fields)


def log(step: str, text: str, t: int = 0, level: ev.Level = "info", evidence: ev.Evidence | None = None) -> ev.StepLog:
    return ev.StepLog(seq=0, t=t, step=step, attempt=1, level=level, text=text, evidence=evidence)


def call(source: str = "atlas", **more: Any) -> ev.Evidence:
    fields: dict[str, Any] = {"id": "c1", "operation": "routes", "status": "ok", "ms": 4, **more}
    return ev.Evidence(source=source, **fields)


def rows(
    *upserts: ev.RowUpsert, step: str = "distances", t: int = 0, remove: Sequence[ev.RowRemoval] = ()
) -> ev.RowsChanged:
    return ev.RowsChanged(seq=0, t=t, step=step, attempt=1, upsert=tuple(upserts), remove=tuple(remove))


def finished(status: ev.RunStatus = "ok", say: str = "2 places", t: int = 0, **more: Any) -> ev.RunFinished:
    return ev.RunFinished(seq=0, t=t, status=status, say=say, ms=t, events=0, **more)


def sample_run() -> list[ev.KnownEvent]:
    """A whole run that went well, as the escape pipeline tells it."""
    return [
        started(),
        step_started("understand", "Reading the question…", 1),
        step_finished("understand", "A trip by air, in English", 3, detail={"language": "en", "ignored": []}),
        step_started("intent", "Reading the wish…", 3),
        step_started("locate", "Looking for Valencia…", 3),
        log("intent", "built-in reader", 4, evidence=call("built-in reader", operation="read", ms=1)),
        step_finished(
            "intent",
            "Hot (25 °C or more) on Monday 23 November, at most 4 h",
            5,
            detail={"depart": "2026-11-23", "weather": "hot", "hours": 4.0, "origin": "Valencia"},
        ),
        log("locate", "two Valencias", 5, "warning"),
        step_finished("locate", "Valencia, Spain (also: Valencia, Venezuela)", 7),
        step_started("departure", "Choosing the airport…", 7),
        step_finished(
            "departure",
            "Valencia (VLC), 9 km away",
            8,
            detail={"runners_up": [{"airport": "ALC", "km": 120}, {"airport": "CDT", "km": 61}]},
        ),
        step_started("routes", "Looking up non-stops from VLC…", 8),
        log("routes", "", 12, evidence=call("atlas", ms=4, as_of="2026-10-01", bytes=18_231)),
        log("routes", "", 14, evidence=call("timetable", operation="weekday", ms=2, cached=True, retries=1)),
        step_finished("routes", "37 non-stop destinations on Monday", 15),
        step_started("distances", "Measuring distances…", 15),
        rows(row("PMI", "Palma", km=260), row("LPA", "Las Palmas", km=1900), row("FCO", "Rome", km=1100), t=16),
        rows(row("OSL", "Oslo", km=2400), t=16),
        step_finished("distances", "4 within 4 h 15 min", 17),
        step_started("weather", "Reading the sky over 4 cities…", 17),
        ev.StepProgress(seq=0, t=18, step="weather", attempt=1, done=2, total=4, unit="cities"),
        rows(row("LPA", "Las Palmas", 26, "confirmed", 1900), step="weather", t=20),
        rows(
            step="weather",
            t=21,
            remove=[ev.RowRemoval(id="OSL", why="3 °C: not hot"), ev.RowRemoval(id="FCO", why="17 °C: not hot")],
        ),
        rows(row("PMI", "Palma", 25, "confirmed", 260), step="weather", t=22),
        step_finished("weather", "Typical highs for 4 cities; 2 are hot", 23),
        step_started("result", "Ranking…", 23),
        step_finished("result", "Las Palmas first: hot, 3 h 30 away", 24),
        finished("ok", "2 places are hot on Monday within 4 hours of Valencia", 25, order=("LPA", "PMI")),
    ]
