"""The kit's own eyes: requests as they should be and as they shouldn't, answers as bytes with the time they came.

It shares no code with the client that it would judge along with the server, but for the connection itself.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from tui.conform.verdict import Broken
from tui.connection import NotReachable
from tui.lean_httpx import httpx
from tui.transport import http_client, reason

LARGEST_STREAM = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds. ``silence_s``: the rule's 10 and what a busy machine may add; ``at_once_s``: what "at once" may take;
    ``run_s``: how long a run may last; ``tries``: how often to try to catch a run while it is under way."""

    silence_s: float = 12.5
    at_once_s: float = 2.5
    run_s: float = 180.0
    tries: int = 5


@dataclass(slots=True)
class Answer:
    """An answer that came whole."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def kind(self) -> str:
        """The media type, without parameters."""
        kind: str = self.headers.get("content-type", "")
        return kind.partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Raises Broken if the body isn't JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise Broken(f"the body of the {self.status} answer is no JSON: {self.body[:80]!r}") from None


@dataclass(slots=True)
class Reading:
    """A stream while it is read. ``data``: its bytes so far; ``gaps``: seconds between one piece and the next, the
    first since the request was sent."""

    status: int
    headers: httpx.Headers
    _pieces: AsyncIterator[bytes]
    _since: float
    _until: float
    data: bytes = b""
    ended: bool = False
    gaps: list[float] = field(default_factory=list)

    async def more(self) -> bool:
        """Wait for one more piece; False at the end. Raises Broken when it stays silent or lasts too long."""
        try:
            self.data += await anext(self._pieces)
        except StopAsyncIteration:
            self.ended = True
        except httpx.TimeoutException:
            said = f"nothing came for {time.monotonic() - self._since:.1f} s, not even a heartbeat"
            raise Broken(said) from None
        except httpx.TransportError as error:
            raise Broken(f"the stream broke off: {reason(error)}") from None
        now = time.monotonic()
        self.gaps.append(now - self._since)
        self._since = now
        if now > self._until or len(self.data) > LARGEST_STREAM:
            raise Broken("the stream has no end")
        return not self.ended

    async def until(self, enough: Callable[[bytes], bool]) -> None:
        """Read until ``enough`` of the data; Broken if the stream ends before."""
        while not enough(self.data):
            if not await self.more():
                raise Broken("the stream ended before the run did")

    async def to_end(self) -> None:
        while await self.more():
            pass


class Probe:
    """Speaks to the server at ``url``; an async context manager. Raises NotReachable when nobody answers."""

    def __init__(self, url: str, limits: Limits) -> None:
        self.url = url.rstrip("/")
        self.limits = limits
        self._http = http_client(self.url, reuse=False)

    async def __aenter__(self) -> "Probe":
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._http.__aexit__(*error)

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A whole answer, whatever its status. One that doesn't end is cut where it is known to be a stream."""
        request = self._request(method, path, body, headers)
        response = await self._send(request)
        try:
            data = b""
            async for piece in response.aiter_raw():
                data += piece
                if len(data) > LARGEST_STREAM:
                    raise Broken(f"the answer to {method} {path[:60]} has no end")
                if response.status_code == 200 and "text/event-stream" in response.headers.get("content-type", ""):
                    break
            return Answer(response.status_code, response.headers, data)
        except httpx.TransportError as error:
            raise Broken(f"the answer to {method} {path[:60]} broke off: {reason(error)}") from None
        finally:
            await response.aclose()

    @asynccontextmanager
    async def open(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Reading]:
        """A stream, to be read by hand; it is left when the block ends. Raises Broken for any status but 200."""
        began = time.monotonic()
        response = await self._send(self._request(method, path, body, headers))
        try:
            if response.status_code != 200:
                said = (await response.aread())[:200]
                raise Broken(f"{method} {path[:60]} was answered with {response.status_code}: {said!r}")
            until = began + self.limits.run_s
            yield Reading(response.status_code, response.headers, response.aiter_raw(), began, until)
        finally:
            await response.aclose()

    async def read(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reading:
        """A stream, read to its end."""
        async with self.open(method, path, body=body, headers=headers) as reading:
            await reading.to_end()
        return reading

    def _request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None) -> httpx.Request:
        # Compression is offered, as browsers do: a stream must not take it.
        defaults = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        if body is not None:
            defaults["Content-Type"] = "application/json"
        given = {name: value for name, value in {**defaults, **(headers or {})}.items() if value != ""}
        return self._http.build_request(
            method,
            self.url + path,
            content=body,
            headers=given,
            timeout=httpx.Timeout(self.limits.silence_s, connect=5.0),
        )

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._http.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotReachable(f"no answer from {self.url}: {reason(error)}") from error
        except httpx.TransportError as error:
            raise Broken(f"{request.method} {request.url.path[:60]} had no answer: {reason(error)}") from None


def events_path(run: str, query: str = "") -> str:
    """``/runs/<run>/events``."""
    return f"/runs/{quote(run, safe='')}/events{'?' + query if query else ''}"
