"""A run as the escape pipeline narrates it, small and true to form, for the page's tests. No test may change it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared import events as ev

RUN = "r-3f2a9c"
QUESTION = "somewhere hot tomorrow, under 4 hours, from Valencia"

PLAN = (
    ev.PlanStep(id="understand", title="Understand the request"),
    ev.PlanStep(id="intent", title="Read the wish", needs=("understand",)),
    ev.PlanStep(id="locate", title="Place you on the map", needs=("understand",)),
    ev.PlanStep(id="departure", title="Choose the airport", needs=("locate",)),
    ev.PlanStep(id="routes", title="Look up non-stops", needs=("departure",)),
    ev.PlanStep(id="distances", title="Measure distances", needs=("routes", "intent")),
    ev.PlanStep(id="weather", title="Read the sky", needs=("distances", "intent")),
    ev.PlanStep(id="result", title="Rank what is left", needs=("weather", "intent")),
)
COLUMNS = (
    ev.Column(key="city", label="City", kind="text"),
    ev.Column(key="airport", label="Airport", kind="code"),
    ev.Column(key="country", label="Country", kind="text"),
    ev.Column(key="km", label="Distance", kind="integer", unit="km"),
    ev.Column(key="flight", label="Flight time", kind="duration"),
    ev.Column(key="high", label="Typical high", kind="temperature", unit="°C"),
    ev.Column(key="rain", label="Rain", kind="percent"),
    ev.Column(key="flights", label="Flights", kind="list"),
    ev.Column(key="evidence", label="Evidence", kind="text"),
    ev.Column(key="lat", label="Latitude", kind="latitude"),
)
PLACES: tuple[tuple[str, str, str, int, int, int, int, list[str]], ...] = (
    ("Marrakesh", "RAK", "Morocco", 1129, 125, 38, 3, ["FR 4832"]),
    ("Seville", "SVQ", "Spain", 539, 75, 36, 1, ["VY 2316 07:05", "VY 2318 18:40", "FR 7021"]),
    ("Palma de Mallorca", "PMI", "Spain", 277, 55, 31, 5, ["VY 3901", "UX 4043"]),
    ("Rome", "FCO", "Italy", 1099, 120, 31, 7, ["FR 9631", "VY 6110"]),
    ("Naples", "NAP", "Italy", 1248, 130, 30, 8, ["U2 4190"]),
    ("Bologna", "BLQ", "Italy", 1105, 120, 31, 16, ["FR 1772"]),
    ("Budapest", "BUD", "Hungary", 1795, 170, 28, 24, ["W6 2381"]),
    ("Bucharest", "OTP", "Romania", 2295, 210, 31, 20, ["W6 3193", "FR 3004"]),
    ("Paris", "CDG", "France", 1066, 120, 25, 27, ["AF 1301", "VY 8240"]),
    ("Amsterdam", "AMS", "Netherlands", 1483, 150, 22, 36, ["KL 1502"]),
    ("London", "LGW", "United Kingdom", 1330, 145, 23, 30, ["U2 8072"]),
    ("Dublin", "DUB", "Ireland", 1676, 165, 19, 40, ["FR 9317"]),
)

_DETAILS: dict[str, Any] = {
    "intent": {"depart": "2026-07-14", "weather": "hot", "hours": 4, "origin": {"city": "Valencia", "country": "ES"}},
    "departure": {"airport": "VLC", "runners_up": ["ALC", "CDT"], "why": "the busiest within 120 km"},
}
_SAY = {
    "understand": ("Reading the question…", "A day, a kind of weather, a longest flight, a place"),
    "intent": ("Reading the wish…", "Hot (25 °C or more), tomorrow, at most 4 h in the air"),
    "locate": ("Looking for Valencia…", "Valencia, Spain: there are three; this one is in your time zone"),
    "departure": ("Looking for airports near Valencia…", "VLC Valencia, 8 km away, the busiest of three"),
    "routes": ("Looking up non-stops from VLC…", "48 non-stop destinations, 12 that fly tomorrow"),
    "distances": ("Measuring 12 flights…", "12 of 12 within 4 h"),
    "weather": ("Reading the sky over 12 cities…", "9 hot, 3 not"),
    "result": ("Ranking 9 places…", "9 places, Marrakesh first"),
}


class Script:
    """Numbers events and puts them in time: each ``add`` is one more event, ``t`` ms into the run."""

    def __init__(self) -> None:
        self.events: list[ev.KnownEvent] = []
        self.t = 0

    def add(self, cls: type[Any], after_ms: int = 0, **fields: Any) -> ev.KnownEvent:
        self.t += after_ms
        event: ev.KnownEvent = cls(seq=len(self.events) + 1, t=self.t, **fields)
        self.events.append(event)
        return event

    def started(self, question: str = QUESTION) -> None:
        self.add(
            ev.RunStarted,
            v=1,
            run=RUN,
            pipeline="escape",
            title="Where can I escape to?",
            question=question,
            started_at="2026-07-13T09:30:00Z",
            plan=PLAN,
            columns=COLUMNS,
        )

    def step(self, step: str, ms: int = 40) -> None:
        self.begin(step)
        self.end(step, ms)

    def begin(self, step: str) -> None:
        self.add(ev.StepStarted, 5, step=step, attempt=1, say=_SAY[step][0])

    def end(self, step: str, ms: int = 40, **fields: Any) -> None:
        given = {"status": "ok", "say": _SAY[step][1], "detail": _DETAILS.get(step), **fields}
        self.add(ev.StepFinished, ms, step=step, attempt=1, ms=ms, **given)

    def finished(self, status: str = "ok", say: str = "9 places, Marrakesh first", **fields: Any) -> None:
        self.add(ev.RunFinished, 5, status=status, say=say, ms=self.t, events=len(self.events) + 1, **fields)


def whole_run() -> list[ev.KnownEvent]:
    """Eight steps, twelve provisional rows, three of them removed, an order, one model text, two calls."""
    script = Script()
    script.started()
    script.step("understand")
    script.begin("intent")
    script.step("locate", 120)
    script.add(ev.StepToken, 40, step="intent", attempt=1, text="They want the sun.", kind="reasoning")
    for piece in ('{"weather": "hot",', ' "hours": 4}'):
        script.add(ev.StepToken, 60, step="intent", attempt=1, text=piece)
    script.end("intent", 310)
    script.step("departure", 30)
    script.begin("routes")
    script.add(ev.StepLog, 20, step="routes", attempt=1, level="info", text="48 routes from VLC", evidence=_evidence())
    script.add(ev.StepLog, 4, step="routes", attempt=1, level="warning", text="No timetable for this airport")
    script.end("routes", 55)
    script.begin("distances")
    for row in _provisional():
        script.add(ev.RowsChanged, 3, step="distances", attempt=1, upsert=(row,))
    script.end("distances", 48)
    _weather(script)
    script.step("result", 12)
    hot = [place for place in PLACES if place[5] >= 25]
    script.finished(order=tuple(place[1] for place in sorted(hot, key=lambda place: -place[5])))
    return script.events


def _weather(script: Script) -> None:
    script.begin("weather")
    for done, place in enumerate(PLACES, start=1):
        code, high, rain = place[1], place[5], place[6]
        if high >= 25:
            row = ev.RowUpsert(id=code, cells={"high": high, "rain": rain}, state="confirmed")
            script.add(ev.RowsChanged, 30, step="weather", attempt=1, upsert=(row,))
        else:
            out = ev.RowRemoval(id=code, why=f"{high} °C: not hot")
            script.add(ev.RowsChanged, 30, step="weather", attempt=1, remove=(out,))
        script.add(ev.StepProgress, step="weather", attempt=1, done=done, total=len(PLACES), unit="cities")
    script.end("weather", 360)


def _provisional() -> Iterator[ev.RowUpsert]:
    for city, code, country, km, minutes, _high, _rain, flights in PLACES:
        cells = {"city": city, "airport": code, "country": country, "km": km, "flight": minutes, "flights": flights}
        evidence = "timetable, 2026-06" if ":" in flights[0] else "network"
        yield ev.RowUpsert(id=code, cells={**cells, "evidence": evidence, "lat": 40.1}, state="provisional")


def _evidence() -> ev.Evidence:
    return ev.Evidence(
        id="c1",
        source="atlas",
        operation="routes",
        request={"from": "VLC", "min_confidence": 0.45},
        status="ok",
        ms=4,
        bytes=18_240,
        as_of="2026-05-01",
        excerpt='{"from": "VLC", "to": "SVQ", "km": 539}',
    )


def pipelines() -> dict[str, Any]:
    """What ``GET /pipelines`` answers."""

    escape = {
        "name": "escape",
        "title": "Where can I escape to?",
        "plan": msgspec.to_builtins(PLAN),
        "columns": msgspec.to_builtins(COLUMNS),
        "examples": [QUESTION, "escape the cold this weekend, leaving Berlin", "not too hot on Friday, max 2.5 hours"],
        "options": [{"key": "from", "label": "Leaving from", "kind": "text"}],
        "attributions": [
            {"text": "Climate: Deutscher Wetterdienst", "url": "https://www.dwd.de"},
            {"text": "Places: GeoNames, CC BY 4.0", "url": "https://www.geonames.org"},
        ],
    }
    return {"pipelines": [escape]}
