"""Frames of a streamed completion to text, however it is cut and whatever dialect it is in."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.pipelines.escape.sources.chat.deltas import Cleaner, Delta, Piece, ThinkSplitter, read_delta
from shared.text import MAX_MARKS, clean


def choice(**fields: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "choices": [{"index": 0, **fields}]}


@pytest.mark.parametrize(
    ("tree", "delta"),
    [
        (choice(delta={"role": "assistant", "content": ""}, finish_reason=None), Delta()),
        (choice(delta={"content": '{"days'}, finish_reason=None), Delta(answer='{"days')),
        (choice(delta={"reasoning": "User wants ", "channel": "analysis"}), Delta(reasoning="User wants ")),
        (choice(delta={"reasoning_content": "Hm", "content": None}), Delta(reasoning="Hm")),
        (choice(delta={"reasoning": "a", "reasoning_content": "a", "content": "b"}), Delta("b", "a")),
        (choice(delta={}, finish_reason="stop"), Delta(end="stop")),
        (choice(delta={"refusal": "No."}, finish_reason=None), Delta(refusal="No.")),
        (choice(delta={"content": [{"type": "text", "text": "ho"}, {"type": "text", "text": "t"}]}), Delta("hot")),
        (choice(message={"role": "assistant", "content": "whole"}, finish_reason="stop"), Delta("whole", end="stop")),
        (choice(finish_reason="length"), Delta(end="length")),
        ({"choices": [], "usage": {"total_tokens": 9}}, Delta()),
    ],
)
def test_what_a_frame_adds(tree: Any, delta: Delta) -> None:
    assert read_delta(tree) == delta


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["choices", "delta", "message", "content", "reasoning", "text", "finish_reason"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_a_frame_of_any_shape_adds_text_or_nothing(tree: Any) -> None:
    delta = read_delta(tree)
    assert all(isinstance(part, str) for part in (delta.answer, delta.reasoning, delta.refusal))
    assert delta.end is None or isinstance(delta.end, str)


def split(parts: list[str]) -> list[Piece]:
    splitter = ThinkSplitter()
    pieces = [piece for part in parts for piece in splitter.feed(part)]
    return [*pieces, *splitter.end()]


def joined(pieces: list[Piece]) -> dict[str, str]:
    return {kind: "".join(piece.text for piece in pieces if piece.kind == kind) for kind in ("answer", "reasoning")}


def test_thinking_is_told_from_the_answer_wherever_it_is_cut() -> None:
    text = '<think>They want < sun.</think>\n{"a": 1 } <b> <think>more</think>!'
    whole = {"answer": '\n{"a": 1 } <b> !', "reasoning": "They want < sun.more"}
    for cut in range(len(text) + 1):
        assert joined(split([text[:cut], text[cut:]])) == whole, cut
    assert joined(split(list(text))) == whole
    assert joined(split(["<think>no end"])) == {"answer": "", "reasoning": "no end"}
    assert joined(split(["half a <thi"])) == {"answer": "half a <thi", "reasoning": ""}


@given(st.lists(st.text("<>/thinkx", max_size=6), max_size=12))
def test_splitting_loses_nothing_but_tags_and_never_depends_on_the_cuts(parts: list[str]) -> None:
    assert joined(split(parts)) == joined(split(["".join(parts)]))


NASTY = st.text("ab \n\x1b[]0;\x07\x9b\u0301\u200d\u202e\ud83d\x00", max_size=8)


@given(st.lists(NASTY, max_size=10))
def test_what_is_cleaned_in_pieces_is_as_clean_together(parts: list[str]) -> None:
    cleaner = Cleaner()
    told = "".join(cleaner.feed(part) for part in parts)
    assert clean(told, max_chars=1 << 20, keep_newlines=True) == told


def test_marks_are_counted_over_pieces() -> None:
    cleaner = Cleaner()
    told = "".join(cleaner.feed(part) for part in ["a", *["\u0301"] * 100, "b"])
    assert sum(unicodedata.combining(char) > 0 for char in told) == MAX_MARKS
    assert told.startswith("a")
    assert told.endswith("b")
