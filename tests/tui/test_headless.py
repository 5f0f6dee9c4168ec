import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events as ev
from shared.view import fold_all
from tests.scripted_server import a_run
from tui.connection import (
    Connection,
    LocalServerError,
    NotReachable,
    ProtocolViolation,
    Received,
    Refused,
    StreamCut,
    exit_code_of,
)
from tui.narrator import Narrator, Style
from tui.report import Report, json_line

TREES = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(TREES, st.booleans(), st.sampled_from([None, 1]))
def test_a_line_of_json_keeps_its_value_is_one_line_and_bears_nothing_that_a_terminal_obeys(
    tree: Any, ascii_only: bool, indent: int | None
) -> None:
    line = json_line(json.dumps(tree, ensure_ascii=ascii_only, indent=indent))
    assert json.loads(line) == tree
    assert line.index("\n") == len(line) - 1
    assert not [char for char in line[:-1] if char < " " or "\x7f" <= char <= "\x9f" or char in "\u202e\u2066\u2028"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotReachable(""), 3),
        (StreamCut("", run="r"), 3),
        (ProtocolViolation(""), 3),
        (Refused(500, ""), 3),
        (Refused(503, ""), 3),
        (Refused(429, ""), 3),
        (LocalServerError(""), 3),
        (LocalServerError("", usage=True), 2),
        (Refused(404, ""), 2),
        (Refused(422, ""), 2),
    ],
)
def test_the_exit_code_tells_whether_trying_again_may_help(error: Any, code: int) -> None:
    assert exit_code_of(error) == code


def told(events: list[ev.KnownEvent], style: Style) -> str:
    out = io.StringIO()
    report = Report(Narrator(out, style), stdout=io.StringIO())
    for event in events:
        report.event(Received(event, ""))
    report.finish()
    return out.getvalue()


def test_the_inside_of_steps_is_shown_as_the_setting_says() -> None:
    call = "        Asked for the weather (normals monthly: ok, 12 ms)"
    warned = call.replace("Asked", "warning: Asked")
    assert call in told(a_run(), Style(expand="always")).splitlines()
    assert call not in told(a_run(), Style(expand="failed"))
    assert warned in told(a_run(status="partial"), Style(expand="failed")).splitlines()
    assert warned not in told(a_run(status="partial"), Style(expand="never")).splitlines()


def test_quiet_leaves_warnings_and_errors() -> None:
    assert told(a_run(), Style(quiet=True)) == ""
    assert told(a_run(status="partial"), Style(quiet=True)) == "warning: Read the sky: typical temperatures only\n"
    assert told(a_run(status="failed"), Style(quiet=True)) == "error: 2 places for Monday\n"


def test_a_retried_step_is_told_twice_and_its_hint_once() -> None:
    error = ev.ErrorInfo(code="timeout", message="silence", hint="wait", retryable=True)
    events = a_run()
    first = ev.StepFinished(
        seq=4, t=20, step="wish", attempt=1, status="failed", ms=19, say="", error=error, retry_in_ms=500
    )
    last = ev.StepFinished(seq=6, t=600, step="wish", attempt=2, status="failed", ms=19, say="", error=error)
    lines = told([*events[:3], first, ev.StepStarted(seq=5, t=520, step="wish", attempt=2, say=""), last], Style())
    assert lines.splitlines()[1:4] == [
        "try  1a Read the wish: silence; trying again in 0.5s  0.0s",
        "fail 1a Read the wish: silence  0.0s",
        "        hint: wait",
    ]


def test_a_stream_that_nobody_reads_any_more_silences_the_narration() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    narrator = Narrator(Closed())
    narrator.note("a")
    narrator.note("b")
    narrator.ending(fold_all(a_run()))


def test_a_dead_server_is_not_waited_for() -> None:
    report = Report(Narrator(io.StringIO()), stdout=io.StringIO(), obituary=lambda: "it died")
    report.connection(Connection("connected"))
    with pytest.raises(StreamCut, match="it died"):
        report.connection(Connection("reconnecting", 1, 0.5, "cut"))
