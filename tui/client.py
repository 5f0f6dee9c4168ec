"""The client of the wire: one POST and its narrated answer, resumed where it was cut.

The end of a stream proves nothing: only ``run.finished`` ends a run, anything else is resumed from the last event
received, a few times, with growing random pauses. Events come out contiguous and cleaned, or not at all.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import msgspec

from shared.errors import WireError
from shared.events import PROTOCOL_VERSION, RunFinished, RunStarted, StreamBye, StreamSnapshot, decode_untrusted
from shared.frames import Frame, FrameParser
from shared.text import clean, clean_json
from shared.view import RunView
from tui.connection import (
    ClientError,
    Connection,
    NotReachable,
    PipelineInfo,
    ProtocolViolation,
    Received,
    Refused,
    RunSummary,
    SourcesInfo,
    StreamCut,
)
from tui.lean_httpx import httpx
from tui.transport import CONNECT_S, NOT_OURS, check_stream, http_client, read_body, reason, refusal

__all__ = [
    "AssistClient",
    "ClientError",
    "Connection",
    "NotReachable",
    "PipelineInfo",
    "ProtocolViolation",
    "Received",
    "Refused",
    "RunSummary",
    "StreamCut",
]

STALL_S = 30.0
"""How long a stream may be silent: three of the server's heartbeats."""

_ANSWER_S = 15.0  # for answers that are not streams
_LONGEST_PAUSE_S = 8.0
_LONGEST_RETRY_MS = 30_000

T = TypeVar("T")


@dataclass(slots=True)
class _Cursor:
    """How far a run was received. ``tried`` counts attempts since the last event."""

    run: str | None = None
    seq: int = 0
    finished: bool = False
    tried: int = 0
    retry_ms: int | None = None
    bye: str | None = None


class AssistClient:
    """A Windowseat server at ``url`` (http or https), as an async context manager.

    ``stall_s``: a stream silent for so long is cut. ``attempts``: how often to resume without receiving any event
    before giving up; the pause before attempt n is random in 0 … ``pause_s`` · 2ⁿ⁻¹ (at most 8 s), more if the server
    asks for it. ``on_connection`` hears of every change of the stream's connection. ``headers`` go with every request.
    ``gather_s``: how long to let a stream's events gather before they are read on, where many streams share a process.
    """

    def __init__(
        self,
        url: str,
        *,
        stall_s: float = STALL_S,
        attempts: int = 6,
        pause_s: float = 0.5,
        on_connection: Callable[[Connection], None] | None = None,
        headers: Mapping[str, str] | None = None,
        gather_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.url = url.rstrip("/")
        self.on_connection = on_connection
        self._attempts = attempts
        self._gather_s = gather_s
        self._pause_s = pause_s
        self._stream_timeout = httpx.Timeout(stall_s, connect=CONNECT_S)
        self._http = http_client(self.url)
        self._http.headers.update(headers or {})

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def ask(
        self, q: str, *, pipeline: str | None = None, options: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Received, None]:
        """Start a run and receive its events, 1 … ``run.finished``. Closing the generator leaves the run to the server.

        Raises NotReachable, Refused, StreamCut and ProtocolViolation.
        """
        body: dict[str, Any] = {"q": q}
        if pipeline:
            body["pipeline"] = pipeline
        if options:
            body["options"] = dict(options)
        request = self._request(
            "POST", "/assist", json=body, headers={"Idempotency-Key": secrets.token_urlsafe(18)}, stream=True
        )
        async with aclosing(self._follow(request, _Cursor())) as stream:
            async for received in stream:
                yield received

    async def attach(self, run: str, *, after: int = 0) -> AsyncGenerator[Received, None]:
        """Receive the events of ``run`` after ``after``, those that exist at once. Raises as ``ask`` does."""
        cursor = _Cursor(run=run, seq=after)
        async with aclosing(self._follow(self._resume_request(cursor), cursor)) as stream:
            async for received in stream:
                yield received

    async def cancel(self, run: str) -> None:
        """Ask the server to cancel ``run``; one that is over stays as it ended. Raises NotReachable, Refused."""
        await self._answer(self._request("POST", f"/runs/{quote(run, safe='')}/cancel"))

    async def runs(self, limit: int = 50) -> list[RunSummary]:
        """The newest runs, newest first."""
        return (await self._get(f"/runs?limit={limit}", dict[str, list[RunSummary]])).get("runs", [])

    async def run(self, run: str) -> RunView:
        """What is known of ``run`` now. Raises Refused with status 404 for an unknown one."""
        return await self._get(f"/runs/{quote(run, safe='')}", RunView)

    async def pipelines(self) -> list[PipelineInfo]:
        """What can be asked."""
        return (await self._get("/pipelines", dict[str, list[PipelineInfo]])).get("pipelines", [])

    async def sources(self) -> SourcesInfo:
        """How the sources of facts fare. Takes as long as the slowest of them, within the server's limit."""
        return await self._get("/sources", SourcesInfo)

    def _request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> httpx.Request:
        accept = "text/event-stream" if stream else "application/json"
        return self._http.build_request(
            method,
            self.url + path,
            json=json,
            headers={"Accept": accept, "Accept-Encoding": "identity", **(headers or {})},
            timeout=self._stream_timeout if stream else httpx.Timeout(_ANSWER_S, connect=CONNECT_S),
        )

    def _resume_request(self, cursor: _Cursor) -> httpx.Request:
        path = f"/runs/{quote(cursor.run or '', safe='')}/events?after={cursor.seq}"
        return self._request("GET", path, stream=True)

    async def _follow(self, request: httpx.Request, cursor: _Cursor) -> AsyncGenerator[Received, None]:
        self._tell(Connection("connecting"))
        began = False
        while True:
            try:
                async with aclosing(self._read(request, cursor)) as stream:
                    async for received in stream:
                        began = True
                        yield received
                        if cursor.finished:
                            self._tell(Connection("ended"))
                            return
                began, why = True, cursor.bye or "the connection closed before the run ended"
            except (NotReachable, Refused) as error:
                if not began:
                    raise
                why = str(error)
                if isinstance(error, Refused):
                    _heed(error, cursor)
            except httpx.TransportError as error:
                began, why = True, reason(error)
            await self._pause(cursor, why)
            request = self._resume_request(cursor)

    async def _pause(self, cursor: _Cursor, why: str) -> None:
        if cursor.run is None:
            raise StreamCut(
                f"the connection to {self.url} was lost before the run began: {why}",
                run=None,
                hint="ask again; the server may have begun the run, `windowseat runs` lists it then",
            )
        cursor.tried += 1
        if cursor.tried > self._attempts:
            raise StreamCut(
                f"the run was cut off after event {cursor.seq}, {self._attempts} attempts to resume it failed: {why}",
                run=cursor.run,
                hint=f"it may go on at the server: `windowseat show {cursor.run}`",
            )
        longest = min(_LONGEST_PAUSE_S, self._pause_s * 2 ** (cursor.tried - 1))
        wait_s = random.uniform(0, longest) + min(cursor.retry_ms or 0, _LONGEST_RETRY_MS) / 1000
        self._tell(Connection("reconnecting", cursor.tried, wait_s, why))
        cursor.bye = None
        await asyncio.sleep(wait_s)

    async def _read(self, request: httpx.Request, cursor: _Cursor) -> AsyncGenerator[Received, None]:
        response = await self._send(request)
        try:
            await check_stream(response)
            self._tell(Connection("connected"))
            parser = FrameParser()
            async for chunk in response.aiter_raw():
                for frame in parser.feed(chunk):
                    received = _receive(frame, cursor)
                    if received is not None:
                        yield received
                if parser.retry is not None:
                    cursor.retry_ms = parser.retry
                if cursor.bye:
                    return
                if gather_s := self._gather_s():
                    await asyncio.sleep(gather_s)
        except WireError as error:
            raise ProtocolViolation(str(error), hint=NOT_OURS) from error
        finally:
            await response.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._http.send(request, stream=True)
        except httpx.TransportError as error:
            raise NotReachable(
                f"no answer from {self.url}: {reason(error)}",
                hint="is the server running? `windowseat serve` starts one; without --url a local one is started",
            ) from error

    async def _get(self, path: str, kind: type[T]) -> T:
        body = await self._answer(self._request("GET", path))
        try:
            return msgspec.convert(clean_json(msgspec.json.decode(body)), kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            raise ProtocolViolation(f"the answer to GET {path} can't be read: {error}", hint=NOT_OURS) from error

    async def _answer(self, request: httpx.Request) -> bytes:
        response = await self._send(request)
        try:
            if response.is_success:
                return await read_body(response)
            raise await refusal(response)
        except httpx.TransportError as error:
            raise NotReachable(f"{self.url} stopped in the middle of its answer: {reason(error)}") from error
        finally:
            await response.aclose()

    def _tell(self, connection: Connection) -> None:
        if self.on_connection is not None:
            self.on_connection(connection)


def _receive(frame: Frame, cursor: _Cursor) -> Received | None:
    if frame.event != "message" or cursor.finished:
        return None
    event = decode_untrusted(frame.data)
    if isinstance(event, StreamBye):
        cursor.bye = {"shutdown": "the server is shutting down", "slow": "this reader was too slow"}.get(
            event.reason, "the server ended the stream"
        )
        cursor.retry_ms = max(0, event.retry_ms)
        return None
    if isinstance(event, StreamSnapshot) or 0 < event.seq <= cursor.seq:
        return None
    if event.seq != cursor.seq + 1:
        raise ProtocolViolation(
            f"event {event.seq} came after event {cursor.seq}: what is between is missing",
            hint="ask again; if it happens again the server, or a proxy before it, drops events",
        )
    if event.seq == 1:
        _check_first(event)
    elif frame.id and frame.id.rpartition(".")[0] != cursor.run:
        raise ProtocolViolation(f"an event of another run ({clean(frame.id)}) is in the stream of {cursor.run}")
    if isinstance(event, RunStarted):
        cursor.run = event.run
    cursor.seq, cursor.tried, cursor.finished = event.seq, 0, isinstance(event, RunFinished)
    return Received(event, frame.data)


def _heed(refused: Refused, cursor: _Cursor) -> None:
    if not refused.passing:
        raise StreamCut(
            f"the run was cut off after event {cursor.seq} and can't be resumed: {refused}",
            run=cursor.run,
            hint=refused.hint,
        ) from refused
    if refused.retry_after_s is not None:
        cursor.retry_ms = round(refused.retry_after_s * 1000)


def _check_first(event: object) -> None:
    if not isinstance(event, RunStarted):
        raise ProtocolViolation("the stream doesn't begin with run.started", hint=NOT_OURS)
    if event.v != PROTOCOL_VERSION:
        raise ProtocolViolation(
            f"the server speaks version {event.v} of the protocol, this client version {PROTOCOL_VERSION}",
            hint="update the older of the two",
        )
