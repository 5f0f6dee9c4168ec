"""An upstream: what a source of facts calls. Everything that each call needs is done here, once for all of them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from backend.upstream.errors import UpstreamError
from backend.upstream.event_stream import EventStream
from backend.upstream.exchange import Answer, Exchange, error_of
from backend.upstream.redaction import Redactor
from backend.upstream.retrying import RetryBudget, wait_before_retry
from backend.upstream.values import Lifetime, Quota, Reply, Spec, UpstreamState
from shared.secret import Secret

MAX_STREAM_BYTES = 2 << 20

Params = Iterable[tuple[str, str | int | float]]
Classify = Callable[[int, Any], UpstreamError | None]
Scrub = Callable[[Any], Any]


class Call(Protocol):
    """What is filled in for the evidence: ``backend.pipeline.Call`` is one."""

    status: int | str
    cached: bool
    retries: int
    bytes: int
    as_of: str | None


class Upstream:
    """One service, with one key. Made by ``Upstreams.open``; use it from the event loop that made it."""

    def __init__(self, spec: Spec, exchange: Exchange, redact: Redactor, *, offline: bool = False) -> None:
        self.spec = spec
        self.id, self.name, self.base_url = spec.id, spec.name, spec.base_url
        self._exchange, self._redact, self._offline = exchange, redact, offline
        self._budget = RetryBudget()
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
        secret_params: Iterable[tuple[str, Secret]] = (),
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
        gone already). ``call`` gets status, cached, retries, bytes and as_of, also when it fails. ``secret_params`` are
        hidden like the key.
        """
        began = time.monotonic()
        try:
            reply = await self._get(path, params, secret_params, headers or {}, deadline, classify, scrub)
        except UpstreamError as error:
            self._note_failure(error, call)
            raise
        self._last_ok_at = reply.fetched_at
        if call is not None:
            call.status, call.cached, call.retries, call.bytes = reply.status, reply.cached, reply.retries, reply.bytes
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
        try:
            self._check()
            async with self._within(deadline), self._slots:
                sent = self._exchange.post(
                    path, self._secrets(()), self._headers(headers, json=True), msgspec.json.encode(json)
                )
                async with sent as (response, answer):
                    if answer is not None:
                        raise self._error(answer, classify) or self._unreadable(answer)
                    stream = EventStream(self.name, self._exchange.body_parts(response), max_bytes, self._redact)
                    if call is not None:
                        call.status = response.status_code
                    try:
                        yield stream
                    finally:
                        if call is not None:
                            call.bytes = stream.bytes
            self._last_ok_at = datetime.now(UTC)
        except UpstreamError as error:
            self._note_failure(error, call)
            raise

    def state(self) -> UpstreamState:
        """How it fares, for who asks (``windowseat doctor``)."""
        return UpstreamState(
            id=self.id,
            name=self.name,
            host=urlsplit(self.base_url).netloc.rpartition("@")[2],
            configured=self.configured,
            quota=self._quota,
            last_ok_at=self._last_ok_at,
            last_error=self._last_error,
        )

    async def _get(
        self,
        path: str,
        params: Params,
        secret_params: Iterable[tuple[str, Secret]],
        headers: Mapping[str, str],
        deadline: float,
        classify: Classify | None,
        scrub: Scrub | None,
    ) -> Reply:
        self._check()
        query = [(name, str(value)) for name, value in params] + self._secrets(secret_params)
        retries = 0
        self._budget.earn()
        while True:
            try:
                async with self._within(deadline), self._slots:
                    answer = await self._exchange.get(path, query, self._headers(headers))
                if (error := self._error(answer, classify)) is not None:
                    raise error
                if answer.problem is not None:
                    raise self._unreadable(answer)
                return self._reply(answer, retries, scrub)
            except UpstreamError as error:
                error.retries = retries
                wait_s = wait_before_retry(error, retries, deadline)
                if wait_s is None or not self._budget.spend():
                    raise
            retries += 1
            await asyncio.sleep(wait_s)

    def _check(self) -> None:
        if self._offline:
            raise UpstreamError(self.name, "offline", f"{self.name} is not asked: Windowseat is set to stay offline")
        if not self.configured:
            raise UpstreamError(self.name, "refused_key", f"{self.name} has no key", hint="Set its key.")

    def _secrets(self, secret_params: Iterable[tuple[str, Secret]]) -> list[tuple[str, str]]:
        found = []
        for name, secret in secret_params:
            self._redact.add(secret)
            found.append((name, secret.reveal()))
        if self.spec.key is not None and self.spec.key_param is not None:
            found.append((self.spec.key_param, self.spec.key.reveal()))
        return found

    def _headers(self, headers: Mapping[str, str] | None, *, json: bool = False) -> dict[str, str]:
        found = dict(headers or {})
        if json:
            found |= {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self.spec.key is not None and self.spec.key_header is not None:
            found[self.spec.key_header] = self.spec.key_prefix + self.spec.key.reveal()
        return found

    @contextlib.asynccontextmanager
    async def _within(self, deadline: float) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(loop.time() + deadline - time.monotonic()):
                yield
        except TimeoutError:
            raise UpstreamError(self.name, "timeout", f"{self.name} didn't answer in time") from None

    def _error(self, answer: Answer, classify: Classify | None) -> UpstreamError | None:
        if self.spec.read_quota is not None:
            self._quota = self.spec.read_quota(answer.status, answer.headers, answer.data) or self._quota
        error = classify(answer.status, answer.data) if classify is not None else None
        return error or error_of(answer, self.spec, time.time())

    def _unreadable(self, answer: Answer) -> UpstreamError:
        said = f"{self.name} answered what can't be read: {answer.problem or 'it is no stream'}"
        return UpstreamError(self.name, "bad_payload", said, status=answer.status, detail=answer.data)

    def _reply(self, answer: Answer, retries: int, scrub: Scrub | None) -> Reply:
        return Reply(
            status=answer.status,
            headers=answer.headers,
            data=scrub(answer.data) if scrub is not None else answer.data,
            fetched_at=datetime.now(UTC),
            retries=retries,
            ms=answer.ms,
            bytes=answer.bytes,
        )

    def _note_failure(self, error: UpstreamError, call: Call | None) -> None:
        self._last_error = str(error)
        if call is not None:
            call.status, call.retries = error.code, error.retries
