"""encode_frame and EventFrames: exact bytes, what is refused, and the way back through FrameParser."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.blocks import MAX_RETRY_MS
from shared.encoding import EventFrames, encode_frame
from shared.frames import Frame, FrameParser


@pytest.mark.parametrize(
    ("fields", "frame"),
    [
        ({"data": "x"}, b"data: x\n\n"),
        ({"data": ""}, b"data: \n\n"),
        ({"data": " x"}, b"data:  x\n\n"),
        ({"data": "a\nb\rc\r\nd"}, b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data": "a\n"}, b"data: a\ndata: \n\n"),
        ({"data": "{}", "id": "r1.5"}, b"id: r1.5\ndata: {}\n\n"),
        ({"data": "{}", "id": "7", "event": "e", "retry": 0}, b"id: 7\nevent: e\nretry: 0\ndata: {}\n\n"),
        ({"data": "é☀\0\u2028"}, "data: é☀\0\u2028\n\n".encode()),
        ({"comment": "hb 12"}, b": hb 12\n\n"),
        ({"comment": ""}, b": \n\n"),
        ({"comment": "a\r\nb"}, b": a\n: b\n\n"),
        ({"comment": "data: x\ndata: y"}, b": data: x\n: data: y\n\n"),
        ({"id": ""}, b"id: \n\n"),
        ({"retry": MAX_RETRY_MS}, b"retry: 9007199254740991\n\n"),
        ({"comment": "c", "retry": 5}, b": c\nretry: 5\n\n"),
    ],
)
def test_exact_bytes(fields: dict[str, Any], frame: bytes) -> None:
    assert encode_frame(**fields) == frame


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({}, "at least one"),
        ({"data": "x", "id": "a\nb"}, "id must be one line"),
        ({"data": "x", "id": "a\rb"}, "id must be one line"),
        ({"data": "x", "id": "a\0b"}, "NUL"),
        ({"data": "x", "event": "a\nb"}, "event must be one line"),
        ({"data": "x", "event": "a\rb"}, "event must be one line"),
        ({"data": "x", "event": ""}, "event type"),
        ({"event": "e"}, "event type"),
        ({"retry": -1}, "retry"),
        ({"retry": MAX_RETRY_MS + 1}, "retry"),
        ({"retry": True}, "retry"),
        ({"data": "\ud800"}, "surrogate"),
        ({"comment": "\udfff"}, "surrogate"),
        ({"data": "x", "id": "\ud800"}, "surrogate"),
    ],
)
def test_what_a_reader_would_not_give_back_is_refused(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encode_frame(**fields)


anything = st.text(st.one_of(st.sampled_from("\r\n\0: \ufeff\u2028"), st.characters()), max_size=12)
maybe = st.one_of(st.none(), anything)


@settings(deadline=None)
@given(
    data=maybe,
    event=maybe,
    id=maybe,
    comment=maybe,
    retry=st.one_of(st.none(), st.integers(-2, MAX_RETRY_MS)),
)
def test_what_is_written_is_read_back_or_refused(
    data: str | None, event: str | None, id: str | None, comment: str | None, retry: int | None
) -> None:
    try:
        written = encode_frame(data, event=event, id=id, retry=retry, comment=comment)
    except ValueError:
        return
    parser = FrameParser()
    parser.feed(b"id: before\n\n")
    expected_id = "before" if id is None else id
    expected = []
    if data is not None:
        normalised = data.replace("\r\n", "\n").replace("\r", "\n")
        expected = [Frame(normalised, event or "message", expected_id, retry)]
    assert parser.feed(written) == expected
    assert (parser.last_event_id, parser.retry) == (expected_id, retry)
    assert parser.flush() == 0
    assert b"\r" not in written


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), st.text())
def test_only_bad_input_is_refused(id: str, data: str) -> None:
    if data.isascii():
        assert encode_frame(data, id=id, event="e", retry=1, comment=data)


def test_a_frame_of_an_event_has_its_id_and_one_line_of_data() -> None:
    assert EventFrames("abc").encode(7, b'{"a":1}') == b'id: abc.7\ndata: {"a":1}\n\n'


@pytest.mark.parametrize("run", ["r1", "Málaga", "100%d", ""])
def test_the_hot_path_writes_the_same_bytes(run: str) -> None:
    assert EventFrames(run).encode(5, '{"a":"ö"}'.encode()) == encode_frame('{"a":"ö"}', id=f"{run}.5")


@pytest.mark.parametrize("run", ["a\nb", "a\rb", "a\0b", "a\ud800"])
def test_the_hot_path_refuses_a_run_that_no_id_can_hold(run: str) -> None:
    with pytest.raises(ValueError, match=r"one line|NUL|surrogate"):
        EventFrames(run)
