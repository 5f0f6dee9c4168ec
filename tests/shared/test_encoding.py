"""encode_frame and encode_event_frame: exact bytes, what is refused, and the way back through FrameParser."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.encoding import encode_event_frame, encode_frame
from shared.frames import MAX_RETRY_MS, Frame, FrameParser


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


def test_the_hot_path_writes_the_same_bytes() -> None:
    assert encode_event_frame(b"r1.5", b'{"a":1}') == encode_frame('{"a":1}', id="r1.5")


@pytest.mark.parametrize(
    ("event_id", "data"),
    [(b"a\nb", b"x"), (b"a\rb", b"x"), (b"a\0b", b"x"), (b"a", b"x\ny"), (b"a", b"x\ry")],
)
def test_the_hot_path_refuses_what_is_not_one_line(event_id: bytes, data: bytes) -> None:
    with pytest.raises(ValueError, match="one line"):
        encode_event_frame(event_id, data)
