"""h11's connection, which looks at the headers of a streamed response once, not three times, and at those that answers
have in common once in all.

To add that a response is chunked, h11 makes all its headers anew, twice, and holds each against two expressions each
time: a twentieth of what a replay costs. What h11 does there has no public place to change it: it is overridden here
alone, for the one kind of response that matters, and a test compares what comes out with h11's own, byte for byte.
Headers that mean nothing to h11 go past it, and past Hypercorn, as lines that h11 has made of them before.
"""

import functools
from collections.abc import Iterable
from time import time
from typing import Any

import h11
from h11._headers import Headers
from hypercorn.config import Config

_FRAMED = (b"content-length", b"transfer-encoding")
_CHUNKED = (b"Transfer-Encoding", b"transfer-encoding", b"chunked")
_MEANT_FOR_H11 = (*_FRAMED, b"connection", b"upgrade")


def is_chunked(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether h11 says ``Transfer-Encoding: chunked`` for such a response to an HTTP/1.1 request."""
    return status >= 200 and status not in (204, 304) and not any(name.lower() in _FRAMED for name, _ in headers)


def as_lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """``headers`` as a head has them; None if h11 must see one of them, for what it means or since it is none."""
    lines = [_line(name, value) for name, value in headers]
    return None if None in lines else b"".join(lines)  # type: ignore[arg-type]  # there is no None


def _line(name: bytes, value: bytes) -> bytes | None:
    if not value.isalnum():
        return _checked(name, value)
    begun = _checked(name, b"")  # such a value is always one, and a run's id is another one in each answer
    return None if begun is None else begun[:-2] + value + b"\r\n"


@functools.lru_cache(maxsize=256)
def _checked(name: bytes, value: bytes) -> bytes | None:
    """A header as h11 writes it, which looks at each once: answers have nearly all of them in common."""
    if name.lower() in _MEANT_FOR_H11:
        return None
    try:
        response = h11.Response(status_code=200, headers=[(name, value)])
    except h11.LocalProtocolError:
        return None
    return b"".join(b"%b: %b\r\n" % header for header in response.headers.raw_items())


class DatedConfig(Config):
    """Hypercorn's settings. The time of day, which each response tells, is written once a second."""

    _dated: tuple[int, list[tuple[bytes, bytes]]] = (0, [])

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        now = int(time())
        if now != self._dated[0]:
            self._dated = (now, super().response_headers(protocol))
        return self._dated[1]


class LeanConnection(h11.Connection):
    """The server's end of a connection. ``lines``: headers of the next response beside those that h11 is given,
    ``as_lines``."""

    def __init__(self, max_incomplete_event_size: int) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size)
        self.lines = b""

    def send(self, event: Any) -> Any:
        data = super().send(event)
        if data and self.lines and type(event) is h11.Response:
            status, end, others = data.partition(b"\r\n")
            data, self.lines = status + end + self.lines + others, b""
        return data

    def _clean_up_response_headers_for_sending(self, response: h11.Response) -> h11.Response:
        items = response.headers._full_items
        if (
            not self._cstate.keep_alive
            or self.their_http_version != b"1.1"
            or self._request_method in (b"HEAD", b"CONNECT")
            or not is_chunked(response.status_code, [(name, value) for _, name, value in items])
        ):
            return super()._clean_up_response_headers_for_sending(response)
        return h11.Response(
            headers=Headers([*items, _CHUNKED]),
            status_code=response.status_code,
            http_version=response.http_version,
            reason=response.reason,
        )
