"""What models write, and what of it can come out: a closed schema, whatever it was."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources.chat.answer import (
    COLDEST_C,
    HOTTEST_C,
    Answer,
    Date,
    NotAnAnswer,
    decode_answer,
    objects,
)

GOOD = '{"days_ahead": 1, "weather": "hot", "max_hours": 4, "origin": "Valencia"}'
READ = Answer(days_ahead=1, weather="hot", max_hours=4.0, origin="Valencia")


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"Sure! Here is the JSON you asked for:\n```json\n{GOOD}\n```\nAnything else?",
        f'<think>They said {{tomorrow}}… {{"days_ahead": 9}}</think>{GOOD}',
        f'no opening tag {{"days_ahead": 7}} </think>\n\n{GOOD}',
        f'{{"days_ahead": 5}} no, wait: {GOOD}',
        f"It's {{ broken. {GOOD}",
        f"{GOOD} }} trailing",
        GOOD[:-1] + ', "weekday": null, "week": "none", "date": "", "ignored": null}',
        GOOD.replace("1", '"1"').replace('"hot"', '" HOT "').replace("4", '"4.0"'),
        "\ufeff" + GOOD,
    ],
)
def test_the_object_is_found_in_whatever_stands_around_it(text: str) -> None:
    answer, remarks = decode_answer(text)
    assert (answer, remarks) == (READ, ())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"weekday": "Friday", "week": "next"}, Answer(weekday="friday", week="next")),
        ({"weekday": "weekend"}, Answer(weekday="weekend")),
        ({"date": "2026-12-24"}, Answer(date=Date(12, 24, 2026))),
        ({"date": "2026-12-24T00:00:00Z"}, Answer(date=Date(12, 24, 2026))),
        ({"date": "12-24"}, Answer(date=Date(12, 24))),
        ({"date": "02-29"}, Answer(date=Date(2, 29))),
        ({"weather": "mild", "min_c": 18, "max_c": 22.55}, Answer(weather="normal", min_c=18.0, max_c=22.6)),
        ({"ignored": ["two  bags", "", 7, "x" * 61]}, Answer(ignored=("two bags",))),
        ({"ignored": "two bags"}, Answer(ignored=("two bags",))),
        ({"days_ahead": 3.0}, Answer(days_ahead=3)),
        ({"days_ahead": -2}, Answer(days_ahead=-2)),
    ],
)
def test_values_as_models_write_them(written: Any, read: Answer) -> None:
    assert decode_answer(json.dumps(written)) == (read, ())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("days_ahead", True), ("days_ahead", 1.5), ("days_ahead", "soon"), ("days_ahead", [1]), ("days_ahead", 10**12),
        ("days_ahead", {"$gt": 0}), ("weekday", "someday"), ("weekday", 5), ("weather", "http://evil.example"),
        ("weather", ["hot"]), ("min_c", 1000), ("max_c", -300), ("max_c", "-inf"), ("max_hours", 0), ("max_hours", -4),
        ("max_hours", "nan"), ("date", "2026-13-01"), ("date", "2026-02-30"), ("date", "tomorrow"), ("date", 20261224),
        ("date", "2026-12-24 or 2026-12-25"), ("origin", 7), ("origin", "x" * 61), ("week", "last"),
    ],
)  # fmt: skip
def test_a_value_that_cant_be_is_left_out_and_said_and_the_rest_is_used(key: str, value: Any) -> None:
    answer, remarks = decode_answer(json.dumps({key: value, "weather" if key != "weather" else "max_c": None}))
    assert answer == Answer()
    assert remarks == (f"The model's “{key}” can't be used",)


def test_keys_that_nobody_asked_for_are_said_and_not_used() -> None:
    answer, remarks = decode_answer('{"weather": "hot", "url": "http://evil.example/", "host": "x", "limit": 1}')
    assert answer == Answer(weather="hot")
    assert remarks == ("The model wrote 3 keys that nobody asked for; not used",)


def test_of_several_days_one_counts() -> None:
    answer, remarks = decode_answer('{"days_ahead": 3, "weekday": "friday", "date": "2026-12-24"}')
    assert answer == Answer(date=Date(12, 24, 2026))
    assert [remark.partition("its ")[2] for remark in remarks] == ["“weekday” is not used", "“days_ahead” is not used"]


@pytest.mark.parametrize(
    "text",
    ["", " \n", "I can't help with that.", "{", "}", "[]", "null", "{}", '{"days_ahead": 1', "{'days_ahead': 1}",
     '{"days_ahead": NaN}', '{"days_ahead": 1e999}', '["days_ahead"]', '{"error": {"message": "no"}}',
     "<think>{\"days_ahead\": 1}", '"{\\"days_ahead\\": 1"', "{" * 9000, '{"days_ahead":' * 4000,
     '{"a":"' + "\\" * 9001, '{"days_ahead": 1, "x": ' + "[" * 100 + "]" * 100 + "}"],
)  # fmt: skip
def test_what_holds_no_answer_is_said_to_hold_none(text: str) -> None:
    with pytest.raises(NotAnAnswer):
        decode_answer(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = [*Answer.__struct_fields__, "url", "__class__", ""]


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8))
def test_whatever_json_comes_the_answer_is_of_the_schema_and_within_its_bounds(tree: Any) -> None:
    try:
        answer, _ = decode_answer(json.dumps(tree))
    except NotAnAnswer:
        return
    assert msgspec.convert(msgspec.to_builtins(answer), Answer) == answer
    assert all(limit is None or COLDEST_C <= limit <= HOTTEST_C for limit in (answer.min_c, answer.max_c))
    assert answer.max_hours is None or answer.max_hours > 0
    assert sum(day is not None for day in (answer.days_ahead, answer.weekday, answer.date)) <= 1
    assert answer.origin is None or len(answer.origin) <= 60
    assert len(answer.ignored) <= 12


@given(st.text('{}"\\a:1 \n', max_size=60))
def test_objects_are_whole_and_apart(text: str) -> None:
    at = 0
    for one in objects(text):
        assert one.startswith("{")
        assert one.endswith("}")
        at = text.index(one, at) + len(one)


@pytest.mark.parametrize("piece", ['{"', "{", '"', '{"\\', "<think>", "</think>", '{"a":', "{}", '\\"', '{"a":1}'])
def test_the_time_is_linear_in_the_text(piece: str) -> None:
    # A quadratic search would be cut off by the time limit of the test.
    with contextlib.suppress(NotAnAnswer):
        decode_answer(piece * (200_000 // len(piece)))
