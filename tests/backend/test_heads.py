"""Heads of responses as h11 makes them, byte for byte, whichever way they are made, and the state h11 is in then."""

import itertools
from typing import Any

import h11
import pytest

from backend.heads import DatedConfig, LeanConnection

LIMIT = 64 * 1024
STREAM = [(b"Content-Type", b"text/event-stream"), (b"x-one", b"1"), (b"X-One", b"2")]
HEADERS = {
    "stream": STREAM,
    "none": [],
    "a length": [*STREAM, (b"Content-Length", b"3")],
    "chunked": [*STREAM, (b"transfer-encoding", b"Chunked")],
    "both": [(b"transfer-encoding", b"chunked"), (b"content-length", b"3")],
    "close": [*STREAM, (b"Connection", b"close")],
    "kept": [*STREAM, (b"connection", b"keep-alive")],
}
METHODS = (b"GET", b"POST", b"HEAD", b"CONNECT", b"OPTIONS")


def answered(connection: h11.Connection, asked: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> Any:
    """What ``connection`` sends, and its state afterwards."""
    connection.receive_data(asked)
    if asked:
        assert isinstance(connection.next_event(), h11.Request)
        assert isinstance(connection.next_event(), h11.EndOfMessage)
    head = connection.send(h11.Response(status_code=status, headers=headers))
    if connection.our_state is h11.SWITCHED_PROTOCOL:  # CONNECT
        return head, connection.their_state
    has_body = b"HEAD" not in asked and status not in (204, 304)
    body = connection.send(h11.Data(data=b"abc")) if has_body else b""
    return head, body, connection.send(h11.EndOfMessage()), connection.our_state, connection.their_state


@pytest.mark.parametrize("named", HEADERS)
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_every_answer_is_h11s(named: str, version: bytes) -> None:
    for method, status, more in itertools.product(METHODS, (200, 204, 304, 404), (b"", b"Connection: close\r\n")):
        target = b"here:80" if method == b"CONNECT" else b"/"
        asked = b"%b %b HTTP/%b\r\nHost: here\r\n%b\r\n" % (method, target, version, more)
        ours = answered(LeanConnection(LIMIT), asked, status, HEADERS[named])
        theirs = answered(h11.Connection(h11.SERVER, LIMIT), asked, status, HEADERS[named])
        assert ours == theirs, (method, status, more)


def test_what_is_refused_is_answered_as_h11_answers_it() -> None:
    heads = []
    for connection in (LeanConnection(LIMIT), h11.Connection(h11.SERVER, LIMIT)):
        connection.receive_data(b"nonsense\r\n\r\n")
        with pytest.raises(h11.RemoteProtocolError):
            connection.next_event()
        heads.append(connection.send(h11.Response(status_code=400, headers=STREAM)))
    assert heads[0] == heads[1]


def test_what_is_no_header_is_still_refused() -> None:
    for bad in ((b"a b", b"c"), (b"a", b"b\r\nc: d")):
        with pytest.raises(h11.LocalProtocolError):
            answered(LeanConnection(LIMIT), b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", 200, [bad])


def test_a_stream_is_spared_h11s_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    theirs = h11.Connection._clean_up_response_headers_for_sending
    monkeypatch.setattr(
        h11.Connection,
        "_clean_up_response_headers_for_sending",
        lambda self, response: (seen.append(response.status_code), theirs(self, response))[1],  # type: ignore[func-returns-value]
    )
    for status in (200, 204):
        answered(LeanConnection(LIMIT), b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", status, STREAM)
    assert seen == [204], "h11 calls what is overridden, which asks h11 where it has to"


def test_the_time_of_day_is_hypercorns_and_written_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    config, now = DatedConfig(), 1_000_000_000.2
    config.include_server_header = False
    for module in ("backend.heads", "hypercorn.config"):
        monkeypatch.setattr(f"{module}.time", lambda: now)
    first = config.response_headers("h11")
    now += 0.7
    assert config.response_headers("h11") is first
    assert first == [(b"date", b"Sun, 09 Sep 2001 01:46:40 GMT")]
    now += 0.2
    assert config.response_headers("h11") == [(b"date", b"Sun, 09 Sep 2001 01:46:41 GMT")]
