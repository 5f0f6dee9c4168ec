"""A run of the real server with the bundled data, as it was recorded: the demo, the picture, the fixture of snapshots.

Recorded with ``windowseat ask --offline --json "a mild weekend, max 4 hours, from Madrid"``.
"""

from pathlib import Path

from shared import events as ev
from shared.events import decode_event
from tui.connection import PipelineInfo

FILE = Path(__file__).with_name("fixtures") / "golden_run.ndjson"
QUESTION = "a mild weekend, max 4 hours, from Madrid"


def golden_run() -> list[ev.KnownEvent]:
    events = [decode_event(line) for line in FILE.read_bytes().splitlines()]
    assert all(isinstance(event, ev.KnownEvent) for event in events)
    return events  # type: ignore[return-value]  # as asserted


def golden_info() -> PipelineInfo:
    """The pipeline that answered, as far as the run tells it."""
    begun = golden_run()[0]
    assert isinstance(begun, ev.RunStarted)
    examples = (QUESTION, "somewhere hot tomorrow, under 5 hours, from New York", "Schnee am Freitag ab München")
    return PipelineInfo(
        name=begun.pipeline,
        title=begun.title,
        plan=begun.plan,
        columns=begun.columns,
        examples=examples,
        follow_ups=True,
    )
