"""The fold, rule by rule, and its property: folding from any point gives the same view."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events as ev
from shared.view import EMPTY, RunView, StepView, fold, fold_all, step_numbers

PLAN = (
    ev.PlanStep(id="a", title="A"),
    ev.PlanStep(id="b", title="B", needs=("a",), optional=True),
    ev.PlanStep(id="c", title="C", parent="b"),
)
COLUMNS = (ev.Column(key="n", label="N", kind="integer"),)
ERROR = ev.ErrorInfo(code="x", message="No.", retryable=True)


def numbered(*kinds: tuple[type[ev.Event], dict[str, Any]], t: int = 10) -> list[Any]:
    """A log: ``run.started``, then ``kinds``, each one ms after the other."""
    start: dict[str, Any] = {
        "v": 1, "run": "r", "pipeline": "p", "title": "T", "question": "Q", "started_at": "S", "plan": PLAN,
        "columns": COLUMNS,
    }  # fmt: skip
    chosen: list[tuple[type[ev.Event], dict[str, Any]]] = [(ev.RunStarted, start), *kinds]
    return [kind(seq=seq, t=seq * t, **fields) for seq, (kind, fields) in enumerate(chosen, 1)]


def begin(step: str, attempt: int = 1, say: str = "…") -> tuple[type[ev.Event], dict[str, Any]]:
    return ev.StepStarted, {"step": step, "attempt": attempt, "say": say}


def end(step: str, attempt: int = 1, status: str = "ok", **more: Any) -> tuple[type[ev.Event], dict[str, Any]]:
    return ev.StepFinished, {"step": step, "attempt": attempt, "status": status, "ms": 5, "say": "Done", **more}


def change(
    step: str, *rows: tuple[str, dict[str, Any], str], attempt: int = 1, out: dict[str, str] | None = None, **more: Any
) -> tuple[type[ev.Event], dict[str, Any]]:
    upsert = tuple(ev.RowUpsert(id=row, cells=cells, state=state, **more) for row, cells, state in rows)  # type: ignore[arg-type]  # a state
    remove = tuple(ev.RowRemoval(id=row, why=why) for row, why in (out or {}).items())
    return ev.RowsChanged, {"step": step, "attempt": attempt, "upsert": upsert, "remove": remove}


def view_of(*kinds: tuple[type[ev.Event], dict[str, Any]]) -> RunView:
    return fold_all(numbered(*kinds))


def step_of(view: RunView, step: str) -> StepView:
    found = view.step(step)
    assert found is not None
    return found


def rows_of(view: RunView) -> dict[str, tuple[dict[str, Any], str, str | None]]:
    return {row.id: (row.cells, row.state, row.why) for row in view.rows}


# ---- the run


def test_nothing_is_known_before_the_first_event() -> None:
    assert (EMPTY.state, EMPTY.upto, EMPTY.finished, EMPTY.steps) == ("new", 0, False, ())


def test_the_first_event_draws_every_step_waiting() -> None:
    view = view_of()
    assert (view.state, view.run, view.pipeline, view.title, view.question) == ("running", "r", "p", "T", "Q")
    assert (view.started_at, view.columns, view.upto, view.t) == ("S", COLUMNS, 1, 10)
    assert [(s.id, s.title, s.needs, s.parent, s.optional, s.state, s.attempt) for s in view.steps] == [
        ("a", "A", (), None, False, "waiting", 0),
        ("b", "B", ("a",), None, True, "waiting", 0),
        ("c", "C", (), "b", False, "waiting", 0),
    ]
    assert view.step("nobody") is None


@pytest.mark.parametrize("status", ["ok", "partial", "failed", "cancelled", "interrupted"])
def test_the_last_event_ends_the_run(status: str) -> None:
    last = {"status": status, "say": "So.", "ms": 7, "events": 2, "degraded": ("a",), "error": ERROR, "order": ("x",)}
    view = view_of((ev.RunFinished, last))
    assert view.finished
    assert (view.state, view.say, view.ms, view.degraded, view.error, view.order) == (
        status, "So.", 7, ("a",), ERROR, ("x",)
    )  # fmt: skip


def test_a_run_that_is_being_cancelled_is_not_over() -> None:
    view = view_of((ev.RunNotice, {"kind": "cancelling", "text": "Wait."}))
    assert (view.state, view.finished) == ("cancelling", False)


@pytest.mark.parametrize("kind", ["queued", "degraded", "recovered", "deadline"])
def test_other_notices_are_kept_and_change_no_state(kind: str) -> None:
    view = view_of((ev.RunNotice, {"kind": kind, "text": "Hm."}), (ev.RunNotice, {"kind": kind, "text": "Hm."}))
    assert [(notice.t, notice.kind, notice.text) for notice in view.notices] == [(20, kind, "Hm."), (30, kind, "Hm.")]
    assert view.state == "running"


def test_an_end_that_was_written_stays_whatever_is_noticed_later() -> None:
    view = view_of(
        (ev.RunFinished, {"status": "ok", "say": "", "ms": 1, "events": 2}),
        (ev.RunNotice, {"kind": "cancelling", "text": "Too late."}),
    )
    assert view.state == "ok"


# ---- steps


def test_a_step_begins_works_and_ends() -> None:
    log = numbered(
        begin("a", say="Working…"),
        (ev.StepProgress, {"step": "a", "attempt": 1, "done": 1, "total": 4, "unit": "cities"}),
        (ev.StepToken, {"step": "a", "attempt": 1, "text": "Hel"}),
        (ev.StepToken, {"step": "a", "attempt": 1, "text": "lo"}),
        (ev.StepLog, {"step": "a", "attempt": 1, "level": "warning", "text": "Hm."}),
        end("a", status="degraded", detail={"n": 1}, error=ERROR),
    )
    running = step_of(fold_all(log[:-1]), "a")
    assert (running.state, running.attempt, running.say, running.started) == ("running", 1, "Working…", 20)
    assert (running.done, running.total, running.unit, running.text, running.ms) == (1, 4, "cities", "Hello", None)
    assert [(line.t, line.attempt, line.level, line.text) for line in running.log] == [(60, 1, "warning", "Hm.")]
    ended = step_of(fold_all(log), "a")
    assert (ended.state, ended.ms, ended.say, ended.detail, ended.error) == ("degraded", 5, "Done", {"n": 1}, ERROR)
    assert ended.text == "Hello"


def test_what_a_model_thinks_is_kept_apart_from_what_it_answers() -> None:
    def told(kind: ev.TokenKind, text: str) -> Any:
        return ev.StepToken, {"step": "a", "attempt": 1, "text": text, "kind": kind}

    said = [told("reasoning", "A sunny "), told("answer", "Ho"), told("reasoning", "place."), told("answer", "t")]
    step = step_of(view_of(begin("a"), *said), "a")
    assert (step.text, step.reasoning) == ("Hot", "A sunny place.")
    again = step_of(view_of(begin("a"), *said, begin("a", 2)), "a")
    assert (again.text, again.reasoning) == ("", ""), "a superseded attempt's thoughts are superseded"


def test_the_latest_progress_counts() -> None:
    first = (ev.StepProgress, {"step": "a", "attempt": 1, "done": 1, "total": 4, "unit": "km"})
    view = view_of(begin("a"), first, (ev.StepProgress, {"step": "a", "attempt": 1, "done": 3}))
    step = step_of(view, "a")
    assert (step.done, step.total, step.unit) == (3, None, None)


def test_a_failed_attempt_waits_for_the_next_which_supersedes_it() -> None:
    log = numbered(
        begin("a"),
        (ev.StepProgress, {"step": "a", "attempt": 1, "done": 1}),
        (ev.StepToken, {"step": "a", "attempt": 1, "text": "half a sen"}),
        (ev.StepLog, {"step": "a", "attempt": 1, "level": "info", "text": "asked"}),
        end("a", status="failed", error=ERROR, retry_in_ms=100, detail=1),
        begin("a", 2, "Again…"),
    )
    waiting = step_of(fold_all(log[:-1]), "a")
    assert (waiting.state, waiting.retry_in_ms, waiting.error) == ("retrying", 100, ERROR)
    again = step_of(fold_all(log), "a")
    assert (again.state, again.attempt, again.say, again.started) == ("running", 2, "Again…", 70)
    assert (again.text, again.done, again.ms, again.error, again.detail, again.retry_in_ms) == (
        "", None, None, None, None, None
    )  # fmt: skip
    assert [(line.attempt, line.text) for line in again.log] == [(1, "asked")], "calls that were made stay evidence"


def test_a_retry_at_once_is_a_retry() -> None:
    assert step_of(view_of(begin("a"), end("a", status="failed", retry_in_ms=0)), "a").state == "retrying"


@pytest.mark.parametrize(
    "late",
    [
        (ev.StepToken, {"step": "a", "attempt": 1, "text": "late"}),
        (ev.StepLog, {"step": "a", "attempt": 1, "level": "info", "text": "late"}),
        (ev.StepProgress, {"step": "a", "attempt": 1, "done": 9}),
        end("a", 1),
        change("a", ("r", {"n": 1}, "confirmed"), attempt=1),
    ],
    ids=["token", "log", "progress", "finished", "rows"],
)
def test_what_a_superseded_attempt_still_says_changes_nothing_but_the_number(late: Any) -> None:
    log = numbered(begin("a"), end("a", status="failed", retry_in_ms=1), begin("a", 2), late)
    before, after = fold_all(log[:-1]), fold_all(log)
    assert after == msgspec.structs.replace(before, upto=before.upto + 1, t=after.t)


def test_a_step_that_never_began_ends_all_the_same() -> None:
    step = step_of(view_of(end("b", 0, "skipped")), "b")
    assert (step.state, step.attempt, step.started) == ("skipped", 0, None)


@pytest.mark.parametrize(
    "strange",
    [
        ev.UnknownEvent(type="step.painted", seq=2, t=99),
        ev.StepStarted(seq=2, t=99, step="nobody", attempt=1, say="…"),
        ev.StepFinished(seq=2, t=99, step="nobody", attempt=1, status="ok", ms=1, say="…"),
        ev.RowsChanged(seq=2, t=99, step="nobody", attempt=1, remove=(ev.RowRemoval(id="r", why="x"),)),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_is_not_understood_counts_in_the_sequence_and_changes_nothing_else(strange: Any) -> None:
    view = view_of()
    assert fold(view, strange) == msgspec.structs.replace(view, upto=2, t=99)


def test_time_never_falls_in_the_view_either() -> None:
    view = fold(fold_all(numbered(t=100)), ev.RunNotice(seq=2, t=5, kind="queued", text=""))
    assert view.t == 100


# ---- rows


def test_later_layers_lie_over_earlier_ones_and_cells_not_given_stay() -> None:
    view = view_of(
        begin("a"), begin("b"),
        change("a", ("r", {"n": 1, "m": 1}, "confirmed"), from_={"n": "c1", "m": "c2"}),
        change("b", ("r", {"n": 2, "k": 3}, "provisional"), from_={"n": "c3"}),
    )  # fmt: skip
    (row,) = view.rows
    assert (row.cells, row.state) == ({"n": 2, "m": 1, "k": 3}, "provisional")
    assert row.from_ == {"n": "c3", "m": "c2"}
    assert [layer.step for layer in row.layers] == ["a", "b"]


def test_a_step_that_speaks_again_adds_to_its_layer_and_puts_it_on_top() -> None:
    view = view_of(
        begin("a"), begin("b"),
        change("a", ("r", {"n": 1, "m": 1}, "provisional")),
        change("b", ("r", {"n": 2}, "provisional")),
        change("a", ("r", {"n": 3}, "confirmed")),
    )  # fmt: skip
    (row,) = view.rows
    assert (row.cells, row.state, [layer.step for layer in row.layers]) == ({"n": 3, "m": 1}, "confirmed", ["b", "a"])


def test_a_removed_row_keeps_its_cells_and_says_why_it_is_out() -> None:
    view = view_of(
        begin("a"), change("a", ("r", {"n": 1}, "provisional"), ("s", {}, "confirmed"), out={"r": "too low"})
    )
    assert rows_of(view) == {"r": ({"n": 1}, "removed", "too low"), "s": ({}, "confirmed", None)}
    assert [row.id for row in view.shown_rows()] == ["s"]
    assert [row.id for row in view.left_out()] == ["r"]


def test_a_row_that_nobody_had_named_can_be_removed() -> None:
    view = view_of(begin("a"), change("a", out={"r": "never in"}))
    assert rows_of(view) == {"r": ({}, "removed", "never in")}


def test_a_removed_row_comes_back_when_it_is_told_again() -> None:
    same = view_of(
        begin("a"), change("a", ("r", {"n": 1}, "provisional"), out={"r": "x"}), change("a", ("r", {}, "confirmed"))
    )
    assert rows_of(same) == {"r": ({"n": 1}, "confirmed", None)}
    other = view_of(
        begin("a"), begin("b"), change("a", ("r", {"n": 1}, "provisional"), out={"r": "x"}),
        change("b", ("r", {"n": 2}, "confirmed")),
    )  # fmt: skip
    assert rows_of(other) == {"r": ({"n": 2}, "confirmed", None)}


def test_another_attempt_takes_away_what_the_superseded_one_had_said() -> None:
    view = view_of(
        begin("a"), begin("b"),
        change("a", ("both", {"n": 1}, "provisional"), ("mine", {"n": 1}, "provisional")),
        change("b", ("both", {"n": 2}, "confirmed"), ("theirs", {"n": 2}, "confirmed"), out={"mine": "out"}),
        end("b", status="failed", retry_in_ms=1),
        begin("b", 2),
    )  # fmt: skip
    assert rows_of(view) == {"both": ({"n": 1}, "provisional", None), "mine": ({"n": 1}, "provisional", None)}


def test_rows_come_as_they_came_until_the_order_is_told() -> None:
    change_rows = change("a", *((row, {}, "confirmed") for row in "zyxw"))
    view = view_of(begin("a"), change_rows)
    assert [row.id for row in view.shown_rows()] == list("zyxw")
    last = {"status": "ok", "say": "", "ms": 1, "events": 4, "order": ("x", "gone", "z")}
    ordered = view_of(begin("a"), change_rows, (ev.RunFinished, last))
    assert [row.id for row in ordered.shown_rows()] == list("xzyw"), "those that it lacks come last, as they came"


# ---- properties

steps = st.sampled_from(["a", "b", "nobody"])
kinds = st.one_of(
    st.builds(begin, steps, st.integers(1, 3)),
    st.builds(end, steps, st.integers(0, 3), st.sampled_from(["ok", "failed"]), retry_in_ms=st.none() | st.just(5)),
    st.builds(
        lambda step, rows, attempt, out: change(step, *rows, attempt=attempt, out=out),
        steps,
        st.lists(
            st.tuples(
                st.sampled_from("xyz"),
                st.dictionaries(st.sampled_from("nm"), st.integers(0, 3), max_size=2),
                st.sampled_from(["provisional", "confirmed"]),
            ),
            max_size=2,
        ),
        st.integers(1, 3),
        st.dictionaries(st.sampled_from("xyz"), st.just("out"), max_size=1),
    ),
    st.builds(
        lambda step, text, kind: (ev.StepToken, {"step": step, "attempt": 1, "text": text, "kind": kind}),
        steps,
        st.text(max_size=3),
        st.sampled_from(["answer", "reasoning"]),
    ),
    st.just((ev.RunNotice, {"kind": "cancelling", "text": ""})),
)
logs = st.lists(kinds, max_size=25).map(lambda chosen: numbered(*chosen))


@given(logs, st.data())
def test_folding_from_any_point_gives_the_same_view(log: list[Any], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(log)))
    assert fold_all(log[cut:], fold_all(log[:cut])) == fold_all(log)


@given(logs, st.data())
def test_what_was_folded_before_changes_nothing(log: list[Any], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(log), max_size=5))
    view = fold_all(log)
    assert fold_all(again, view) == view


@given(logs)
def test_a_view_survives_its_own_json(log: list[Any]) -> None:
    view = fold_all(log)
    assert msgspec.json.decode(msgspec.json.encode(view), type=RunView) == view


@given(logs)
def test_folding_never_changes_the_view_it_was_given(log: list[Any]) -> None:
    view = EMPTY
    for event in log:
        before = msgspec.json.encode(view)
        after = fold(view, event)
        assert msgspec.json.encode(view) == before
        view = after


# ---- numbers for a reader


@pytest.mark.parametrize(
    ("needs", "numbers"),
    [
        ([], []),
        ([()], ["1"]),
        ([(), ("s0",), ("s1",)], ["1", "2", "3"]),
        ([(), ("s0",), ("s0",), ("s2",)], ["1", "2a", "2b", "3"]),
        ([(), ()], ["1a", "1b"]),
        ([(), ("s0",), ("s1",), ("s0",)], ["1", "2", "3", "4"]),
        ([(), (), ("s0", "s1"), ("s1", "s0")], ["1a", "1b", "2a", "2b"]),
    ],
    ids=["none", "one", "a chain", "a fork", "two roots", "not neighbours", "any order of needs"],
)
def test_neighbours_that_wait_for_the_same_share_a_number(needs: list[tuple[str, ...]], numbers: list[str]) -> None:
    plan = [ev.PlanStep(id=f"s{place}", title="", needs=each) for place, each in enumerate(needs)]
    assert step_numbers(plan) == numbers


@given(st.lists(st.booleans(), max_size=80))
def test_every_step_has_a_number_of_its_own(shared: list[bool]) -> None:
    group = itertools.accumulate(shared, lambda number, same: number if same else number + 1, initial=0)
    plan = [ev.PlanStep(id=f"s{place}", title="", needs=(str(each),)) for place, each in enumerate(group)]
    assert len(set(step_numbers(plan))) == len(plan)


def test_thirty_steps_at_once_have_a_number_each_too() -> None:
    plan = [ev.PlanStep(id=f"s{place}", title="") for place in range(30)]
    assert step_numbers(plan)[24:28] == ["1y", "1z", "1aa", "1ab"]
