import msgspec
import pytest

from shared.events import ErrorInfo, Evidence
from shared.view import LogLine, RowView, RunView, StepView, fold_all
from tests.scripted_server import a_run
from tui import narration
from tui.table import cell_width

ERROR = ErrorInfo(code="timeout", message="the weather service\nwas silent", hint="try later", retryable=True)


def step(**fields: object) -> StepView:
    return StepView(**{"id": "sky", "title": "Read the sky", **fields})  # type: ignore[arg-type]  # a table of fields


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-5, "0.0s"),
        (0, "0.0s"),
        (440, "0.4s"),
        (9_949, "9.9s"),
        (12_345, "12s"),
        (65_000, "1m05s"),
        (3_720_000, "1h02m"),
    ],
)
def test_durations_stay_narrow(ms: int, text: str) -> None:
    assert narration.elapsed(ms) == text


RUNNING = step(state="running", say="Reading the sky…", started=1000, done=12, total=21, unit="cities")
RETRYING = step(state="retrying", error=ERROR, started=1000, ms=500, retry_in_ms=2000)


@pytest.mark.parametrize(
    ("at", "sentence", "time", "plain"),
    [
        (step(), "", "", "waiting"),
        (RUNNING, "Reading the sky… 12 of 21 cities", "3s", "running 3s"),
        (step(state="running", say="Asking…", started=1000, done=4), "Asking… 4", "3s", "running 3s"),
        (step(state="ok", say="21 cities", ms=420), "21 cities", "0.4s", "done 0.4s"),
        (step(state="ok", ms=420), "done", "0.4s", "done 0.4s"),
        (step(state="degraded", say="typical only", ms=420), "typical only", "0.4s", "degraded: typical only"),
        (step(state="failed", say="no", error=ERROR, ms=420), "the weather service was silent", "0.4s", None),
        (step(state="failed", ms=420), "failed", "0.4s", "failed"),
        (step(state="skipped", say="nothing to read"), "nothing to read", "", "skipped: nothing to read"),
        (step(state="skipped"), "skipped", "", "skipped"),
        (step(state="cancelled", say="cancelled by you", ms=420), "cancelled by you", "0.4s", None),
        (RETRYING, "the weather service was silent; trying again in 0.5s", "0.5s", None),
    ],
)
def test_a_step_has_a_sentence_and_a_time_in_every_state(
    at: StepView, sentence: str, time: str, plain: str | None
) -> None:
    now = 3000 if at.state == "retrying" else 4200
    assert narration.outcome(at, now) == sentence
    assert narration.step_time(at, now) == time
    assert narration.plain_state(at, now) == (plain or f"{at.state}: {sentence}")


def test_a_retry_that_is_due_no_longer_counts_down() -> None:
    assert narration.outcome(RETRYING, 9000).endswith("; trying again")


def test_every_state_has_a_glyph_one_cell_wide_and_a_word_of_at_most_four_letters() -> None:
    assert narration.GLYPHS.keys() == narration.WORDS.keys()
    assert all(cell_width(glyph) == 1 for glyph in [*narration.GLYPHS.values(), *narration.SPINNER])
    assert all(word.isascii() and len(word) <= 4 for word in narration.WORDS.values())


def test_a_call_tells_source_operation_status_time_and_what_was_odd() -> None:
    call = Evidence(
        id="e1",
        source="open-meteo",
        operation="forecast",
        status=200,
        ms=812,
        cached=True,
        retries=2,
        as_of="2026-11-22T14:05:09Z",
    )
    line = LogLine(t=1, attempt=1, level="info", text="Asked", evidence=call)
    assert narration.log_line(line) == (
        "Asked (open-meteo forecast: 200, 812 ms, from cache, 2 retries, as of 22 Nov 2026, 14:05 UTC)"
    )
    assert narration.log_line(LogLine(t=1, attempt=1, level="info", text="a\nb")) == "a b"


def test_rows_left_out_are_counted_by_what_they_have_in_common() -> None:
    whys = ["21 °C: not hot", "19 °C: not hot", "too far", "closed", "5 h: too long", None]
    rows = tuple(RowView(id=str(n), cells={}, state="removed", why=why, layers=()) for n, why in enumerate(whys))
    kept = RowView(id="in", cells={}, state="confirmed", layers=())
    assert narration.counts(RunView(rows=(kept, *rows))) == (
        "1 row, 6 left out (2 not hot, 1 too far, 1 closed, 2 for other reasons)"
    )
    assert narration.counts(RunView(rows=(kept, kept))) == "2 rows"


def test_what_two_steps_miss_is_one_warning() -> None:
    line = LogLine(t=0, attempt=1, level="warning", text="AirLabs refuses the key; the atlas is used instead.")
    both = [step(id=name, title=name, state="degraded", log=(line,)) for name in ("One", "Two")]
    told = RunView(state="partial", steps=(*both, step(id="c", title="Three", state="degraded", say="Cut")))
    assert narration.warnings(told) == ["One, Two: AirLabs refuses the key; the atlas is used instead.", "Three: Cut"]


def test_a_whole_answer_needs_no_warning_and_has_no_failure() -> None:
    view = fold_all(a_run())
    assert narration.warnings(view) == []
    assert narration.failure(view) is None


def test_what_is_missing_is_said() -> None:
    assert narration.warnings(fold_all(a_run(status="partial"))) == ["Read the sky: typical temperatures only"]
    why = LogLine(t=1, attempt=1, level="warning", text="There is no place called “Xyz”", evidence=None)
    placed = step(state="degraded", say="Madrid (a guess)", log=(why,), ms=4)
    assert narration.warnings(RunView(state="partial", steps=(placed,))) == [
        "Read the sky: There is no place called “Xyz”"
    ]
    sentence = LogLine(t=1, attempt=1, level="warning", text="It is so.", evidence=None)
    told = RunView(state="partial", steps=(step(state="degraded", log=(why, sentence, sentence, why)),))
    assert narration.warnings(told)[0].endswith("There is no place called “Xyz”; It is so.")
    told = RunView(
        state="partial",
        steps=(step(state="degraded", log=(sentence, msgspec.structs.replace(why, text="No sky"), why)),),
    )
    assert narration.warnings(told)[0].endswith("It is so. No sky; There is no place called “Xyz”")
    provisional = RowView(id="a", cells={}, state="provisional", layers=())
    assert "1 row is provisional" in narration.warnings(RunView(state="failed", rows=(provisional,)))[0]
    assert narration.warnings(RunView(state="partial")) == ["a part of the answer is missing"]


def test_a_failure_is_a_sentence_and_a_hint() -> None:
    assert narration.failure(RunView(state="failed", error=ERROR)) == ("the weather service was silent", "try later")
    assert narration.failure(RunView(state="interrupted")) == ("the run was interrupted", None)
    assert narration.failure(RunView(state="cancelled", say="cancelled by you")) == ("cancelled by you", None)
    assert narration.failure(RunView(state="running")) is None
