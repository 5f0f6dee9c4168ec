"""h11's connection, which looks at the headers of a streamed response once, not three times.

To add that a response is chunked, h11 makes all its headers anew, twice, and holds each against two expressions each
time: a twentieth of what a replay costs. What h11 does there has no public place to change it: it is overridden here
alone, for the one kind of response that matters, and a test compares what comes out with h11's own, byte for byte.
"""

import h11
from h11._headers import Headers

from backend.chunks import is_chunked

_CHUNKED = (b"Transfer-Encoding", b"transfer-encoding", b"chunked")


class LeanConnection(h11.Connection):
    """The server's end of a connection."""

    def __init__(self, max_incomplete_event_size: int) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size)

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
