"""Events to frames and back: msgspec structs beside a ``json.dumps`` f-string and pydantic's union; the view of a run.

Run: ``python -m tests.benchmarks.bench_codec [--rounds N]``. 17 tokens, a line of a step's log with its evidence, a row
and the end of a step; what a token is made of is the cheapest for everybody.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from shared import events as ev
from shared.encoding import EventFrames, encode_frame
from shared.view import RunView, StepView, fold_all
from tests.benchmarks.harness import Options, Row, alone, interleaved, ratio, timed

RUN = "r7f3a9c2d1e4b58k2mvq5x3zha"
EVIDENCE = ev.Evidence(id="c3", source="AirLabs", operation="routes", request={"dep_iata": "VLC"}, status=200, ms=212)
EVENTS: list[Any] = [
    *(ev.StepToken(seq=n, t=n * 50, step="wish", attempt=1, text="somewhere warm, ") for n in range(1, 18)),
    ev.StepLog(seq=18, t=910, step="routes", attempt=1, level="info", text="AirLabs: 91 routes", evidence=EVIDENCE),
    ev.RowsChanged(
        seq=19, t=930, step="distances", attempt=1,
        upsert=(ev.RowUpsert(id="LIS", cells={"city": "Lisbon", "km": 795, "min": 95}, state="provisional"),),
    ),
    ev.StepFinished(seq=20, t=950, step="distances", attempt=1, status="ok", ms=20, say="91 places within 4 h"),
]  # fmt: skip
STEPS = ("place", "wish", "routes", "distances", "weather", "score")
VIEW = RunView(run=RUN, steps=tuple(StepView(id=name, title=name.title()) for name in STEPS), state="running")


class _Base(BaseModel):
    seq: int
    t: int
    step: str
    attempt: int


class Token(_Base):
    type: Literal["step.token"]
    text: str
    kind: Literal["answer", "reasoning"] = "answer"


class Evidence(BaseModel):
    id: str
    source: str
    operation: str
    request: dict[str, Any] = {}
    status: int | str
    ms: int


class Log(_Base):
    type: Literal["step.log"]
    level: Literal["info", "warning", "error"]
    text: str
    evidence: Evidence | None = None


class Upsert(BaseModel):
    id: str
    cells: dict[str, Any]
    state: Literal["provisional", "confirmed"]


class Rows(_Base):
    type: Literal["rows.changed"]
    upsert: list[Upsert] = []


class Finished(_Base):
    type: Literal["step.finished"]
    status: Literal["ok", "degraded", "failed", "skipped", "cancelled"]
    ms: int
    say: str


UNION: TypeAdapter[Any] = TypeAdapter(Annotated[Token | Log | Rows | Finished, Field(discriminator="type")])


DATA = [ev.encode_event(event) for event in EVENTS]
TREES = [json.loads(one) for one in DATA]
TEXTS = [one.decode() for one in DATA]
encode_frame_of = EventFrames(RUN).encode


def ours() -> None:
    for event in EVENTS:
        encode_frame_of(event.seq, ev.encode_event(event))


def f_string() -> None:
    for tree in TREES:
        f"id: {RUN}.{tree['seq']}\ndata: {json.dumps(tree)}\n\n".encode()


def decoded() -> None:
    for one in DATA:
        ev.decode_event(one)


def untrusted() -> None:
    for one in TEXTS:
        ev.decode_untrusted(one)


def pydantic() -> None:
    for one in DATA:
        UNION.validate_json(one)


def fast_frames() -> None:
    for seq, one in enumerate(DATA):
        encode_frame_of(seq, one)


def any_frames() -> None:
    for seq, text in enumerate(TEXTS):
        encode_frame(text, id=f"{RUN}.{seq}")


def folded() -> None:
    fold_all(EVENTS, VIEW)


def rows(options: Options) -> Iterator[Row]:
    told: dict[str, Any] = {"scale": 1e9 / len(EVENTS), "each": "ns/event"}
    calls = (ours, f_string, decoded, untrusted, pydantic, fast_frames, any_frames, folded)
    found = interleaved({call.__name__: timed(call, 1_000) for call in calls}, options.rounds)
    yield ratio("encode and frame / json.dumps f-string", found["ours"], found["f_string"], target=0.15, **told)
    yield ratio("decode / pydantic union", found["decoded"], found["pydantic"], target=0.25, **told)
    yield ratio("decode what isn't trusted / pydantic union", found["untrusted"], found["pydantic"], **told)
    yield ratio("fold / decode", found["folded"], found["decoded"], **told)
    yield ratio("EventFrames / encode_frame", found["fast_frames"], found["any_frames"], **told)


if __name__ == "__main__":
    alone(rows)
