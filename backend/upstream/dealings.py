"""What all calls to an upstream have in common: may one be made, how did it end, what was learned."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from backend.upstream.answers import Answer, error_of
from backend.upstream.errors import UpstreamError
from backend.upstream.guard import Guard
from backend.upstream.request import Classify
from backend.upstream.usage import Usage
from backend.upstream.values import Quota, Spec, UpstreamState

_NEVER_SENT = ("connect", "offline", "pool")

_log = logging.getLogger(__name__)


class Dealings:
    """Our dealings with one upstream: its guard, its slots, its quota, how the last call ended."""

    def __init__(self, spec: Spec, usage: Usage, *, offline: bool) -> None:
        self.guard = Guard(spec.name, spec.windows)
        self.last_error: str | None = None
        self._spec, self._usage, self._offline = spec, usage, offline
        self._slots = asyncio.Semaphore(spec.concurrency)
        self._quota: Quota | None = None
        self._last_ok_at: datetime | None = None

    @property
    def configured(self) -> bool:
        """Whether there is what it needs."""
        return bool(self._spec.base_url) and (self._spec.key is not None or not self._spec.needs_key)

    def check(self) -> None:
        """Raises UpstreamError when it can't be asked at all."""
        name = self._spec.name
        if self._offline:
            said = f"{name} is not asked: Windowseat is set to stay offline"
            raise UpstreamError(name, "offline", said, unasked=True)
        if not self.configured:
            raise UpstreamError(name, "refused_key", f"{name} has no key", hint="Set its key.", unasked=True)

    @contextlib.asynccontextmanager
    async def turn(self, weight: float, deadline: float) -> AsyncIterator[None]:
        """A slot among those that may be used at once, when the guard lets a call through; it is counted at the end,
        unless it failed before anything was sent."""
        async with self._slots:
            await self.guard.admit(weight, deadline)
            try:
                yield
            except UpstreamError as error:
                if error.kind in _NEVER_SENT and not error.retryable:  # a connection that broke off had been made
                    weight = 0.0
                raise
            finally:
                if weight:
                    self._usage.count(self._spec.id, weight)

    @contextlib.asynccontextmanager
    async def within(self, deadline: float) -> AsyncIterator[None]:
        """What isn't done by the deadline is cancelled. Raises UpstreamError."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                yield
        except TimeoutError:
            raise self.late() from None

    @contextlib.contextmanager
    def reading(self, answer: Answer) -> Iterator[None]:
        """A body that whoever knows the service stumbles over is one that can't be read."""
        try:
            yield
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            _log.warning("%s answered what its reader stumbles over", self._spec.name, exc_info=error)
            raise self.unreadable(answer, "it has another shape than expected") from None

    def error_of(self, answer: Answer, classify: Classify | None) -> UpstreamError | None:
        """The error that an answer is, or None. What it says of the quota is noted."""
        with self.reading(answer):
            quota = self.note_quota(answer.status, answer.headers, answer.data)
            error = classify(answer.status, answer.data) if classify is not None else None
        error = error or error_of(answer, self._spec, time.time())
        if error is not None and error.retry_after_s is None and quota is not None and quota.left <= 0:
            error.retry_after_s = quota.resets_in_s
        return error

    def note_quota(self, status: int, headers: Mapping[str, str], data: Any) -> Quota | None:
        """Remember what an answer says of the quota."""
        quota = self._spec.read_quota(status, headers, data) if self._spec.read_quota is not None else None
        if quota is not None:
            self._quota = quota
            self.guard.note(quota)
        return quota

    def succeeded(self) -> None:
        """A call ended well."""
        self.guard.succeeded()
        self._last_ok_at, self.last_error = datetime.now(UTC), None

    def late(self) -> UpstreamError:
        """The error of a call that took too long."""
        return UpstreamError(self._spec.name, "timeout", f"{self._spec.name} didn't answer in time")

    def unreadable(self, answer: Answer, why: str | None = None) -> UpstreamError:
        """The error of an answer that is no use."""
        said = f"{self._spec.name} answered what can't be read: {why or answer.problem or 'it is no stream'}"
        return UpstreamError(self._spec.name, "bad_payload", said, status=answer.status, detail=answer.data)

    def state(self) -> UpstreamState:
        """All of it, without secrets."""
        return UpstreamState(
            id=self._spec.id,
            name=self._spec.name,
            host=urlsplit(self._spec.base_url).netloc.rpartition("@")[2],
            configured=self.configured,
            circuit=self.guard.circuit,
            quota=self._quota,
            calls=self._usage.of(self._spec.id),
            last_ok_at=self._last_ok_at,
            last_error=self.last_error,
            paused_s=self.guard.paused_s,
        )
