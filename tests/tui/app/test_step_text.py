from typing import Any

import pytest

from shared import events as ev
from shared.view import LogLine, StepView
from tests.tui.app.scripted import call
from tui.widgets.detail import detail_lines
from tui.widgets.step_text import MAX_LINES, MAX_TEXT, describe, has_body


def a_step(**fields: Any) -> StepView:
    return StepView(id="s", title="A step", **fields)


def text_of(step: StepView) -> str:
    return describe(step).plain


@pytest.mark.parametrize("nothing", [None, {}, [], ""])
def test_a_step_with_nothing_inside_has_no_body(nothing: Any) -> None:
    assert not has_body(a_step(detail=nothing))


@pytest.mark.parametrize("something", [0, False, {"a": None}, "x"])
def test_an_outcome_of_any_other_value_is_worth_opening(something: Any) -> None:
    assert has_body(a_step(detail=something))


def test_the_earlier_lines_that_are_left_out_are_counted() -> None:
    log = tuple(LogLine(t=n, attempt=1, level="info", text=f"line {n}") for n in range(MAX_LINES + 31))
    text = text_of(a_step(log=log))
    assert "… 31 earlier lines" in text
    assert "line 30\n" not in text
    assert f"line {MAX_LINES + 30}" in text


def test_the_earlier_text_that_is_left_out_is_counted() -> None:
    assert text_of(a_step(text="a" * 500 + "b" * MAX_TEXT)).startswith("… 1,000 characters before\nb")


def test_text_that_grows_is_cut_at_the_same_place_for_a_while() -> None:
    seen = {text_of(a_step(text="a word " * (MAX_TEXT // 7 + n))).splitlines()[0] for n in range(100)}
    assert len(seen) == 2


def test_what_the_model_thought_stands_dim_before_what_it_answered() -> None:
    step = a_step(reasoning="They want the sun.\n", text='{"weather": "hot"}')
    assert has_body(a_step(reasoning="Hm."))
    content = describe(step)
    assert content.plain == 'They want the sun.\n{"weather": "hot"}'
    assert [content.plain[span.start : span.end] for span in content.spans if span.style == "dim"] == [
        "They want the sun."
    ]


def test_a_long_outcome_says_how_many_lines_are_left_out() -> None:
    detail = {f"key {n}": n for n in range(MAX_LINES + 7)}
    assert text_of(a_step(detail=detail)).endswith("… 7 more lines")


def test_a_call_tells_all_that_is_known_of_it() -> None:
    evidence = call(
        "AirLabs", operation="routes", status=429, ms=1234, retries=2, cached=True, bytes=10, as_of="2026-01-01"
    )
    line = LogLine(t=1, attempt=1, level="warning", text="slow down", evidence=evidence)
    text = text_of(a_step(log=(line,)))
    for part in (
        "→ AirLabs  routes  429",
        "1.2s",
        "cached",
        "2 retries",
        "10 bytes",
        "as of 1 January 2026",
        "  slow down",
    ):
        assert part in text


def test_calls_stand_in_columns() -> None:
    log = tuple(
        LogLine(t=1, attempt=1, level="info", text="", evidence=call(source, ms=ms))
        for source, ms in [("a", 1), ("abcdef", 2)]
    )
    first, second = text_of(a_step(log=log)).splitlines()
    assert first.index("routes") == second.index("routes")
    assert first.index(" ms") == second.index(" ms")


def test_a_call_that_went_well_says_on_its_line_what_came_of_it() -> None:
    log = (LogLine(t=1, attempt=1, level="info", text="Rome: 17.2 °C, kept for 3 h", evidence=call("a", ms=1)),)
    assert text_of(a_step(log=log)) == "→ a  routes  ok     1 ms · Rome: 17.2 °C, kept for 3 h"


def test_what_a_model_writes_is_read_as_markdown_once_it_has_ended() -> None:
    written = {"text": "Go to **Rome**.", "reasoning": "They *want* the sun."}
    assert text_of(a_step(state="running", **written)) == "They *want* the sun.\nGo to **Rome**."
    assert text_of(a_step(state="ok", **written)) == "They want the sun.\nGo to Rome."
    assert text_of(a_step(state="ok", text='{"a_b_c": "**"}')) == '{"a_b_c": "**"}'


def test_an_error_says_what_what_to_try_and_when_it_is_tried_again() -> None:
    error = ev.ErrorInfo(code="timeout", message="no answer", hint="wait", retryable=True)
    text = text_of(a_step(state="retrying", error=error, retry_in_ms=1500))
    assert text.splitlines() == ["✗ no answer", "  Try: wait", "  code timeout · again in 1.5s"]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ({"depart": "2026-11-23", "max_hours": 4.0}, [(0, "depart", "23 November 2026"), (0, "max hours", "4")]),
        ({"as_of": "2026-11-23T14:05:00Z"}, [(0, "as of", "23 Nov 2026, 14:05 UTC")]),
        ({"a": {"b": None, "c": True}}, [(0, "a", ""), (1, "b", "–"), (1, "c", "yes")]),
        ({"cities": ["Rome", "Oslo"], "none": []}, [(0, "cities", "Rome, Oslo"), (0, "none", "none")]),
        ({"best": [{"km": 3, "code": "A"}]}, [(0, "best", ""), (1, "", "- km: 3, code: A")]),
        (["x", 1.5, -0.0], [(0, "", "x, 1.5, -0")]),
        ("just a text", [(0, "", "just a text")]),
        (1e20, [(0, "", "100,000,000,000,000,000,000")]),
    ],
)
def test_json_becomes_readable_lines(value: Any, lines: list[tuple[int, str, str]]) -> None:
    assert list(detail_lines(value)) == lines


def test_objects_of_the_same_keys_are_a_table() -> None:
    value = [{"code": code, "km": km, "far_away": km > 99} for code, km in (("PMI", 260), ("LPA", 1900), ("X", 3))]
    assert list(detail_lines(value)) == [
        (0, "", "code    km  far away"),
        (0, "", "PMI    260  yes"),
        (0, "", "LPA   1900  yes"),
        (0, "", "X        3  no"),
    ]


def test_a_table_has_the_columns_that_fit_and_says_that_there_are_more() -> None:
    value = [{"a": "x" * 10, "b": "y" * 10, "c": "z" * 10} for _ in range(3)]
    lines = [text for _, _, text in detail_lines(value, width=26)]
    assert lines[:2] == ["a           b", "xxxxxxxxxx  yyyyyyyyyy"]
    assert lines[-1] == "… 1 more column in the inspector's JSON: c"


def test_numbers_of_a_column_stand_with_their_points_under_each_other() -> None:
    value = [{"high": high, "n": 1} for high in (9, 10.5, -2.25)]
    assert [text for _, _, text in detail_lines(value)][1:] == [" 9     1", "10.5   1", "-2.25  1"]


def test_a_long_list_says_how_many_it_leaves_to_the_inspector() -> None:
    value = {"all": [{"n": n} for n in range(20)]}
    assert list(detail_lines(value, most_items=5))[-1][2] == "… 15 more; the inspector has all of them"


def test_deeply_nested_json_stays_on_bounded_lines() -> None:
    value: Any = "end"
    for _ in range(60):
        value = {"k": value}
    assert len(list(detail_lines(value))) < 12
