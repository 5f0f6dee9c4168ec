"""An upstream: what a source of facts calls. Everything that each call needs is done here, once for all of them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from backend.upstream.answers import Answer
from backend.upstream.dealings import Dealings
from backend.upstream.errors import UpstreamError
from backend.upstream.event_stream import EventStream
from backend.upstream.flights import Flight, Flights
from backend.upstream.memory import Memory, again, conditions, confirmed, is_fresh, key_of
from backend.upstream.redaction import Redactor
from backend.upstream.request import Call, Classify, Credentials, Params, Request, Scrub, SecretParams
from backend.upstream.retrying import RetryBudget, wait_before_retry
from backend.upstream.store import Kept
from backend.upstream.usage import Usage
from backend.upstream.values import Lifetime, Reply, Spec, UpstreamState

if TYPE_CHECKING:
    from backend.upstream.exchange import Exchange

MAX_STREAM_BYTES = 2 << 20

_STREAM_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}


class Upstream:
    """One service, with one key. Made by ``Upstreams.open``; use it from the event loop that made it."""

    def __init__(
        self,
        spec: Spec,
        exchange: "Callable[[], Awaitable[Exchange]]",
        redact: Redactor,
        memory: Memory,
        usage: Usage,
        *,
        offline: bool = False,
    ) -> None:
        self.spec = spec
        self.id, self.name, self.base_url = spec.id, spec.name, spec.base_url
        self._exchange, self._redact, self._memory = exchange, redact, memory
        self._credentials = Credentials(spec, redact)
        self._dealings = Dealings(spec, usage, offline=offline)
        self._budget = RetryBudget()
        self._flights: Flights[Reply] = Flights()

    @property
    def configured(self) -> bool:
        """Whether it has what it needs: an address, and a key where there must be one."""
        return self._dealings.configured

    async def get_json(
        self,
        path: str,
        *,
        params: Params = (),
        secret_params: SecretParams = (),
        headers: Mapping[str, str] | None = None,
        deadline: float,
        lifetime: Lifetime | None = None,
        weight: float = 1.0,
        classify: Classify | None = None,
        scrub: Scrub | None = None,
        call: Call | None = None,
    ) -> Reply:
        """The answer to a GET, from the cache where ``lifetime`` allows it. Raises UpstreamError.

        ``deadline`` is on ``time.monotonic()`` and holds for everything: waiting, retries, the body. ``weight`` is what
        the call counts in the windows. ``classify`` gets the status and the decoded body and tells the error that they
        are; None leaves it to the status. ``scrub`` takes out of the body what must not be kept or shown (the key is
        gone already); it raises UpstreamError for a body of another shape, which is then not kept either. ``call`` gets
        status, cached, retries, bytes and as_of, also when it fails. ``secret_params`` are hidden like the key.
        """
        began = time.monotonic()
        query = [(name, str(value)) for name, value in params]
        given = dict(headers or {})
        request = Request(
            key=key_of([self.id, self.base_url, path], query, given),
            path=path,
            query=query + self._credentials.query(secret_params),
            headers=given | self._credentials.headers(),
            lifetime=lifetime,
            weight=weight,
            classify=classify,
            scrub=scrub,
        )
        try:
            self._dealings.check()
            reply = await self._get(request, deadline)
        except UpstreamError as error:
            self._failed(error, call)
            raise
        if call is not None:
            call.status = reply.status if reply.stale_because is None else "stale"
            call.cached, call.retries, call.bytes = reply.cached, reply.retries, reply.bytes
            call.as_of = reply.fetched_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        return msgspec.structs.replace(reply, ms=round((time.monotonic() - began) * 1000))

    @contextlib.asynccontextmanager
    async def post_stream(
        self,
        path: str,
        *,
        json: Any,
        headers: Mapping[str, str] | None = None,
        deadline: float,
        weight: float = 1.0,
        max_bytes: int = MAX_STREAM_BYTES,
        classify: Classify | None = None,
        call: Call | None = None,
    ) -> AsyncIterator[EventStream]:
        """The streamed answer to a POST of ``json``; it is never repeated by itself.

        An answer that is an error raises UpstreamError before the block is entered; one that breaks off, or passes the
        deadline or the caps, raises it inside. The block must end before ``deadline``.
        """
        headers = {**(headers or {}), **self._credentials.headers(), **_STREAM_HEADERS}
        dealings, asked = self._dealings, False
        try:
            dealings.check()
            async with dealings.within(deadline), dealings.turn(weight, deadline):
                exchange = await self._exchange()
                asked = True
                post = exchange.post(path, self._credentials.query(), headers, msgspec.json.encode(json))
                async with post as (response, answer):
                    if answer is not None:
                        raise dealings.error_of(answer, classify) or dealings.unreadable(answer)
                    dealings.note_quota(response.status_code, exchange.headers_of(response), None)
                    stream = EventStream(self.name, exchange.body_parts(response), max_bytes, self._redact)
                    with _told(call, response.status_code, stream):
                        yield stream
                    dealings.succeeded()  # not before: a service that begins well and never ends fails each time
        except UpstreamError as error:
            error.unasked = error.unasked or not asked  # waiting for a slot is no fault of theirs
            self._failed(error, call)
            dealings.guard.failed(error)
            raise
        except BaseException:
            dealings.guard.gave_up()
            raise

    def state(self) -> UpstreamState:
        """How it fares, for who asks (``windowseat doctor``)."""
        return self._dealings.state()

    async def aclose(self) -> None:
        """End what is under way."""
        await self._flights.aclose()

    async def _get(self, request: Request, deadline: float) -> Reply:
        kept = await self._memory.find(request.key, request.lifetime)
        if kept is not None and is_fresh(kept):
            return again(kept)
        try:
            try:
                return await self._flights.join(
                    request.key, deadline, lambda flight: self._fetch(request, kept, flight)
                )
            except TimeoutError:
                raise self._dealings.late() from None
        except UpstreamError as error:
            if kept is None:
                raise
            self._dealings.last_error = str(error)
            return again(kept, because=error)

    async def _fetch(self, request: Request, kept: Kept | None, flight: Flight[Reply]) -> Reply:
        self._budget.earn()
        while True:
            try:
                answer = await self._send(request, kept, flight)
                reply = self._reply(request, answer, kept, flight.retries)
                self._dealings.succeeded()
                self._memory.keep(request.key, request.lifetime, reply)
                return reply
            except UpstreamError as error:
                error.retries = flight.retries
                wait_s = wait_before_retry(error, flight.retries, flight.deadline)
                if wait_s is None or not self._budget.spend():
                    self._dealings.guard.failed(error)
                    raise
                self._dealings.guard.gave_up()
            except BaseException:
                self._dealings.guard.gave_up()
                raise
            flight.retries += 1
            await asyncio.sleep(wait_s)

    async def _send(self, request: Request, kept: Kept | None, flight: Flight[Reply]) -> Answer:
        async with self._dealings.turn(request.weight, flight.deadline):
            try:
                exchange = await self._exchange()
                return await exchange.get(request.path, request.query, request.headers | conditions(kept))
            except asyncio.CancelledError:
                if flight.overdue:
                    self._dealings.guard.failed(self._dealings.late())
                raise

    def _reply(self, request: Request, answer: Answer, kept: Kept | None, retries: int) -> Reply:
        if answer.status == 304 and kept is not None:
            return confirmed(kept, answer, retries)
        if (error := self._dealings.error_of(answer, request.classify)) is not None:
            raise error
        if answer.problem is not None:
            raise self._dealings.unreadable(answer)
        with self._dealings.reading(answer):
            data = request.scrub(answer.data) if request.scrub is not None else answer.data
        return Reply(
            status=answer.status,
            headers=answer.headers,
            data=data,
            fetched_at=datetime.now(UTC),
            retries=retries,
            bytes=answer.bytes,
        )

    def _failed(self, error: UpstreamError, call: Call | None) -> None:
        self._dealings.last_error = str(error)
        if call is not None:
            call.status, call.retries = error.code, error.retries


@contextlib.contextmanager
def _told(call: Call | None, status: int, stream: EventStream) -> Iterator[None]:
    """What is known of a stream goes into the evidence, however it ends."""
    try:
        yield
    finally:
        if call is not None:
            call.status, call.bytes = status, stream.bytes
