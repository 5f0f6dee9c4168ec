"""The client of the wire: one POST and its narrated answer, resumed where it was cut; and what else a server does.

Events come out contiguous and cleaned, or not at all.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from shared.text import clean_json
from shared.view import RunView
from tui.connection import (
    ClientError,
    Connection,
    NotReachable,
    PipelineInfo,
    ProtocolViolation,
    Received,
    Refused,
    RunList,
    RunSummary,
    SourcesInfo,
    StreamCut,
)
from tui.cursor import NOT_OURS, Cursor
from tui.following import ATTEMPTS, SETTLED_S, STALL_S, Following, Patience
from tui.lean_httpx import httpx
from tui.transport import CONNECT_S, answer, http_client

__all__ = [
    "ATTEMPTS",
    "STALL_S",
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

_ANSWER_S = 15.0  # for answers that are not streams

T = TypeVar("T")


class _RunState(msgspec.Struct):
    run: str = ""
    status: str = ""


class AssistClient:
    """A Windowseat server at ``url`` (http or https), as an async context manager.

    ``stall_s``: a stream silent for so long is cut. The rest of the numbers: see ``Patience``.
    ``on_connection`` hears of every change of the stream's connection. ``headers`` go with every
    request. ``gather_s``: how long to let events gather before they are read on, where many streams share a process.
    """

    def __init__(
        self,
        url: str,
        *,
        stall_s: float = STALL_S,
        attempts: int = ATTEMPTS,
        pause_s: float = 0.5,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        settled_s: float = SETTLED_S,
        on_connection: Callable[[Connection], None] | None = None,
        headers: Mapping[str, str] | None = None,
        gather_s: Callable[[], float] | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.on_connection = on_connection
        self._patience = Patience(
            attempts=attempts, pause_s=pause_s, sleep=sleep, settled_s=settled_s, gather_s=gather_s
        )
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

    def ask(
        self, q: str, *, pipeline: str | None = None, options: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Sequence[Received], None]:
        """Start a run and receive its events, 1 … ``run.finished``, at each turn those that came together.

        Closing the generator leaves the run to the server.

        Raises NotReachable, Refused, StreamCut and ProtocolViolation.
        """
        body: dict[str, Any] = {"q": q}
        if pipeline:
            body["pipeline"] = pipeline
        if options:
            body["options"] = dict(options)
        headers = {"Idempotency-Key": secrets.token_urlsafe(18)}

        def request(cursor: Cursor) -> httpx.Request:
            if cursor.seq == 0 and not cursor.anew:
                return self._request("POST", "/assist", json=body, headers=headers, stream=True)
            return self._resume_request(cursor)

        return self._follow(Cursor(), request)

    def attach(self, run: str, *, after: int = 0) -> AsyncGenerator[Sequence[Received], None]:
        """Receive the events of ``run`` after ``after``, those that exist at once, as ``ask`` does; and raises so."""
        return self._follow(Cursor(run=run, seq=after), self._resume_request)

    async def cancel(self, run: str) -> str:
        """Ask the server to cancel ``run``; its state now: ``cancelling``, or how it had ended before.

        Raises NotReachable, Refused.
        """
        state = await self._call("POST", f"/runs/{quote(run, safe='')}/cancel", _RunState, repeatable=True)
        return state.status

    async def delete(self, run: str) -> None:
        """Delete ``run``, which is over, from the server's log. Raises NotReachable, Refused."""
        await self._answer(self._request("DELETE", f"/runs/{quote(run, safe='')}"), repeatable=False)

    async def import_run(self, recorded: bytes) -> str:
        """Give the server a run to keep, as ``tui.recording`` has it; its id. Raises NotReachable, Refused."""
        headers = {"Content-Type": "application/x-ndjson"}
        request = self._request("POST", "/runs/import", content=recorded, headers=headers)
        # The same run again is no conflict, so that an answer that was lost may be asked for again.
        return self._decode(await self._answer(request, repeatable=True), "POST /runs/import", _RunState).run

    async def runs(self, limit: int = 50, *, before: str | None = None, search: str | None = None) -> list[RunSummary]:
        """The newest runs, newest first; only those older than the run ``before``, and those whose question has all the
        words of ``search``."""
        asked = {"limit": limit, **({"before": before} if before else {}), **({"q": search} if search else {})}
        return (await self._call("GET", f"/runs?{urlencode(asked)}", RunList)).runs

    async def run(self, run: str) -> RunView:
        """What is known of ``run`` now. Raises Refused with status 404 for an unknown one."""
        return await self._call("GET", f"/runs/{quote(run, safe='')}", RunView)

    async def pipelines(self) -> list[PipelineInfo]:
        """What can be asked."""
        return (await self._call("GET", "/pipelines", dict[str, list[PipelineInfo]])).get("pipelines", [])

    async def sources(self) -> SourcesInfo:
        """How the sources of facts fare. Takes as long as the slowest of them, within the server's limit."""
        return await self._call("GET", "/sources", SourcesInfo)

    def _request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> httpx.Request:
        accept = "text/event-stream" if stream else "application/json"
        return self._http.build_request(
            method,
            self.url + path,
            json=json,
            content=content,
            headers={"Accept": accept, "Accept-Encoding": "identity", **(headers or {})},
            timeout=self._stream_timeout if stream else httpx.Timeout(_ANSWER_S, connect=CONNECT_S),
        )

    def _resume_request(self, cursor: Cursor) -> httpx.Request:
        place = "snapshot=1" if cursor.anew else f"after={cursor.seq}"
        headers = {"Last-Event-ID": cursor.event_id} if cursor.event_id else None
        return self._request(
            "GET", f"/runs/{quote(cursor.run or '', safe='')}/events?{place}", headers=headers, stream=True
        )

    def _follow(
        self, cursor: Cursor, request: Callable[[Cursor], httpx.Request]
    ) -> AsyncGenerator[Sequence[Received], None]:
        tell = self.on_connection or (lambda connection: None)
        return Following(self._http, cursor, request, self._patience, tell).events()

    async def _call(self, method: str, path: str, kind: type[T], *, repeatable: bool = True) -> T:
        return self._decode(
            await self._answer(self._request(method, path), repeatable=repeatable), f"{method} {path}", kind
        )

    async def _answer(self, request: httpx.Request, *, repeatable: bool) -> bytes:
        return await answer(self._http, request, repeatable=repeatable)

    @staticmethod
    def _decode(body: bytes, asked: str, kind: type[T]) -> T:
        try:
            return msgspec.convert(clean_json(msgspec.json.decode(body)), kind)
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            raise ProtocolViolation(f"the answer to {asked} can't be read: {error}", hint=NOT_OURS) from error
