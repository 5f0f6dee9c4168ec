"""An upstream: what a source of facts calls. Everything that each call needs is done here, once for all of them."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from backend.upstream.errors import UpstreamError
from backend.upstream.event_stream import EventStream
from backend.upstream.exchange import Answer, Exchange, error_of
from backend.upstream.flights import Flight, Flights
from backend.upstream.guard import Guard
from backend.upstream.memory import Memory, again, conditions, confirmed, is_fresh, key_of
from backend.upstream.redaction import Redactor
from backend.upstream.request import Call, Classify, Credentials, Params, Request, Scrub, SecretParams
from backend.upstream.retrying import RetryBudget, wait_before_retry
from backend.upstream.store import Kept
from backend.upstream.usage import Usage
from backend.upstream.values import Lifetime, Quota, Reply, Spec, UpstreamState

MAX_STREAM_BYTES = 2 << 20

_log = logging.getLogger(__name__)


class Upstream:
    """One service, with one key. Made by ``Upstreams.open``; use it from the event loop that made it."""

    def __init__(
        self, spec: Spec, exchange: Exchange, redact: Redactor, memory: Memory, usage: Usage, *, offline: bool = False
    ) -> None:
        self.spec = spec
        self.id, self.name, self.base_url = spec.id, spec.name, spec.base_url
        self._exchange, self._redact, self._memory, self._usage = exchange, redact, memory, usage
        self._credentials, self._offline = Credentials(spec, redact), offline
        self._guard = Guard(spec.name, spec.windows)
        self._budget = RetryBudget()
        self._flights: Flights[Reply] = Flights()
        self._slots = asyncio.Semaphore(spec.concurrency)
        self._quota: Quota | None = None
        self._last_error: str | None = None
        self._last_ok_at: datetime | None = None

    @property
    def configured(self) -> bool:
        """Whether it has what it needs: an address, and a key where there must be one."""
        return bool(self.spec.base_url) and (self.spec.key is not None or not self.spec.needs_key)

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
            self._check()
            reply = await self._get(request, deadline)
        except UpstreamError as error:
            self._last_error = str(error)
            if call is not None:
                call.status, call.retries = error.code, error.retries
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
        sent_headers = (
            dict(headers or {})
            | self._credentials.headers()
            | {
                "Content-Type": "application/json",
                "Accept": "text/event-stream",
            }
        )
        try:
            self._check()
            async with self._within(deadline), self._slots:
                await self._guard.admit(weight, deadline)
                await self._usage.count(self.id, weight)
                body = msgspec.json.encode(json)
                async with self._exchange.post(path, self._credentials.query(), sent_headers, body) as (
                    response,
                    answer,
                ):
                    if answer is not None:
                        raise self._error(answer, classify) or self._unreadable(answer)
                    self._note_quota(response.status_code, self._exchange.headers_of(response), None)
                    stream = EventStream(self.name, self._exchange.body_parts(response), max_bytes, self._redact)
                    if call is not None:
                        call.status = response.status_code
                    try:
                        yield stream
                    finally:
                        if call is not None:
                            call.bytes = stream.bytes
                    self._succeeded()  # not before: a service that begins well and never ends fails each time
        except UpstreamError as error:
            self._guard.failed(error)
            self._last_error = str(error)
            if call is not None:
                call.status = error.code
            raise
        except BaseException:
            self._guard.gave_up()
            raise

    def state(self) -> UpstreamState:
        """How it fares, for who asks (``windowseat doctor``)."""
        return UpstreamState(
            id=self.id,
            name=self.name,
            host=urlsplit(self.base_url).netloc.rpartition("@")[2],
            configured=self.configured,
            circuit=self._guard.circuit,
            quota=self._quota,
            calls=self._usage.of(self.id),
            last_ok_at=self._last_ok_at,
            last_error=self._last_error,
            paused_s=self._guard.paused_s,
        )

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
                raise self._late() from None
        except UpstreamError as error:
            if kept is None:
                raise
            self._last_error = str(error)
            return again(kept, because=error)

    async def _fetch(self, request: Request, kept: Kept | None, flight: Flight[Reply]) -> Reply:
        self._budget.earn()
        while True:
            try:
                answer = await self._send(request, kept, flight)
                reply = self._reply(request, answer, kept, flight.retries)
                self._succeeded()
                await self._memory.keep(request.key, request.lifetime, reply)
                return reply
            except UpstreamError as error:
                error.retries = flight.retries
                wait_s = wait_before_retry(error, flight.retries, flight.deadline)
                if wait_s is None or not self._budget.spend():
                    self._guard.failed(error)
                    raise
                self._guard.gave_up()
            except BaseException:
                self._guard.gave_up()
                raise
            flight.retries += 1
            await asyncio.sleep(wait_s)

    async def _send(self, request: Request, kept: Kept | None, flight: Flight[Reply]) -> Answer:
        async with self._slots:
            await self._guard.admit(request.weight, flight.deadline)
            await self._usage.count(self.id, request.weight)
            try:
                return await self._exchange.get(request.path, request.query, request.headers | conditions(kept))
            except asyncio.CancelledError:
                if flight.overdue:
                    self._guard.failed(self._late())
                raise

    def _reply(self, request: Request, answer: Answer, kept: Kept | None, retries: int) -> Reply:
        if answer.status == 304 and kept is not None:
            return confirmed(kept, answer, retries)
        if (error := self._error(answer, request.classify)) is not None:
            raise error
        if answer.problem is not None:
            raise self._unreadable(answer)
        with self._reading(answer):
            data = request.scrub(answer.data) if request.scrub is not None else answer.data
        return Reply(
            status=answer.status,
            headers=answer.headers,
            data=data,
            fetched_at=datetime.now(UTC),
            retries=retries,
            bytes=answer.bytes,
        )

    def _check(self) -> None:
        if self._offline:
            raise UpstreamError(
                self.name, "offline", f"{self.name} is not asked: Windowseat is set to stay offline", unasked=True
            )
        if not self.configured:
            raise UpstreamError(self.name, "refused_key", f"{self.name} has no key", hint="Set its key.", unasked=True)

    @contextlib.asynccontextmanager
    async def _within(self, deadline: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                yield
        except TimeoutError:
            raise self._late() from None

    def _error(self, answer: Answer, classify: Classify | None) -> UpstreamError | None:
        with self._reading(answer):
            quota = self._note_quota(answer.status, answer.headers, answer.data)
            error = classify(answer.status, answer.data) if classify is not None else None
        error = error or error_of(answer, self.spec, time.time())
        if error is not None and error.retry_after_s is None and quota is not None and quota.left <= 0:
            error.retry_after_s = quota.resets_in_s
        return error

    def _note_quota(self, status: int, headers: Mapping[str, str], data: Any) -> Quota | None:
        quota = self.spec.read_quota(status, headers, data) if self.spec.read_quota is not None else None
        if quota is not None:
            self._quota = quota
            self._guard.note(quota)
        return quota

    def _succeeded(self) -> None:
        self._guard.succeeded()
        self._last_ok_at, self._last_error = datetime.now(UTC), None

    def _late(self) -> UpstreamError:
        return UpstreamError(self.name, "timeout", f"{self.name} didn't answer in time")

    @contextlib.contextmanager
    def _reading(self, answer: Answer) -> Iterator[None]:
        """A body that whoever knows the service stumbles over is one that can't be read."""
        try:
            yield
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            _log.warning("%s answered what its reader stumbles over", self.name, exc_info=error)
            raise self._unreadable(answer, "it has another shape than expected") from None

    def _unreadable(self, answer: Answer, why: str | None = None) -> UpstreamError:
        said = f"{self.name} answered what can't be read: {why or answer.problem or 'it is no stream'}"
        return UpstreamError(self.name, "bad_payload", said, status=answer.status, detail=answer.data)
