"""Calls to Redis or Valkey that end in time, however the store is: answered, repeated, or a StorageError.

A call is repeated when its answer didn't come: whatever is called here may be done twice without harm. Appends of many
runs share a round trip, and so do those who read in the same turn of the event loop.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, NoScriptError, RedisError, TimeoutError

from backend.errors import ConfigError, StorageError

ANSWER_S = 0.45
LAST_TRY_S = 0.45
"""No try begins later than this: viewers must hear of a dead store within a second."""
OPENING_S = 5.0
"""A store that is started together with its servers gets this long."""
MOST_AT_ONCE = 200
MOST_CONNECTIONS = 32
MOST_READING = 4
"""Calls at once of those who read. It is this process that large answers keep busy: were there more of them, none would
be read whole within ANSWER_S. And writers needn't wait for a connection."""
READ_AT_ONCE = 8
"""What one round trip brings to readers: 300 KB or so, which are parsed in a millisecond."""
ALIVE_S = 5.0
"""A call that isn't answered though others are is tried so long: it is the process that has too much to do."""

T = TypeVar("T")
_Job = tuple[str, tuple[Any, ...], "asyncio.Future[Any]"]
_Wish = tuple[tuple[Any, ...], "asyncio.Future[Any]"]


def client(url: str, answer_s: float) -> "Redis":
    """A client whose calls take at most ``answer_s`` seconds and are tried once, over at most MOST_CONNECTIONS. Raises
    ConfigError for a URL that is none, without showing it: it may hold a password."""
    try:
        pool = BlockingConnectionPool.from_url(
            url.replace("valkey", "redis", 1) if url.startswith("valkey") else url,
            max_connections=MOST_CONNECTIONS,
            timeout=answer_s,
            socket_timeout=answer_s,
            socket_connect_timeout=answer_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        return Redis.from_pool(pool)
    except (ValueError, TypeError) as error:
        raise ConfigError("log must be a URL like redis://host:6379/0 (or rediss://, valkey://, unix://)") from error


class _Unanswered(Exception):
    """No answer, but there is time for another try."""


class Store:
    """Commands and scripts on one store."""

    def __init__(self, url: str) -> None:
        self.redis = client(url, ANSWER_S)
        self._jobs: list[_Job] = []
        self._flusher: asyncio.Task[None] | None = None
        self._wanted: list[_Wish] = []
        self._reading: set[asyncio.Task[None]] = set()
        self._closed = False
        self._readers = asyncio.Semaphore(MOST_READING)
        self._answered_at = 0.0
        self._silence: Exception | None = None

    async def call(self, command: Callable[[], Awaitable[T]], patience_s: float = LAST_TRY_S) -> T:
        """The answer to ``command``, tried again until the store has answered nobody for ``patience_s`` seconds. Raises
        StorageError.

        Where very many call at once they wait for each other: that is no silence of the store.
        """
        waits_since, began = time.monotonic(), 0.0
        while True:
            async with self._readers:
                now = time.monotonic()
                # Who waited while the store became silent needn't find that out once more.
                silent_since = max(waits_since, self._answered_at)
                if self._silence is not None and now > silent_since + patience_s + ANSWER_S:
                    raise storage_error(self._silence)
                began = began or now
                with suppress(_Unanswered):
                    return await self._answer(command, self._last_try(began, patience_s))
            await asyncio.sleep(random.uniform(0.01, 0.05))

    async def read(self, *command: Any) -> Any:
        """The answer to a command that only reads, in one round trip with what others read in this turn of the loop.

        Raises StorageError as ``call`` does.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        self._wanted.append((command, done))
        if len(self._wanted) == 1:
            loop.call_soon(self._begin_reading)
        return await done

    def _begin_reading(self) -> None:
        wanted, self._wanted = self._wanted, []
        for start in range(0, len(wanted), READ_AT_ONCE):
            task = asyncio.create_task(self._read(wanted[start : start + READ_AT_ONCE]), name="read the run log")
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, wanted: Sequence[_Wish]) -> None:
        commands = [command for command, _ in wanted]
        await _answer_each([done for _, done in wanted], self.call(lambda: self._commands(commands)))

    async def _urgent(self, command: Callable[[], Awaitable[T]]) -> T:
        """``call`` for who writes: not behind readers."""
        began = time.monotonic()
        while True:
            with suppress(_Unanswered):
                return await self._answer(command, self._last_try(began, LAST_TRY_S))
            await asyncio.sleep(random.uniform(0.01, 0.05))

    def _last_try(self, began: float, patience_s: float) -> float:
        return min(max(began, self._answered_at) + patience_s, began + max(patience_s, ALIVE_S))

    async def _answer(self, command: Callable[[], Awaitable[T]], last_try: float) -> T:
        """Raises _Unanswered where another try may help."""
        if self._closed:  # a client that is closed would open itself again
            raise StorageError("the run log is closed")
        try:
            answer = await heeding_cancellation(command())
        except (ConnectionError, TimeoutError, BusyLoadingError, OSError) as error:
            self._silence = error
            if time.monotonic() > last_try:
                raise storage_error(error) from None
            raise _Unanswered from None
        except RedisError as error:
            raise storage_error(error) from None
        self._answered_at, self._silence = time.monotonic(), None
        return answer

    async def script(self, script: str, *arguments: Any) -> Any:
        """The answer of a script. Raises StorageError."""
        (answer,) = await self._urgent(lambda: self._scripts([(script, arguments)]))
        if isinstance(answer, Exception):
            raise storage_error(answer)
        return answer

    async def together(self, script: str, *arguments: Any) -> Any:
        """Like ``script``, in one round trip with all that others call this way meanwhile."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.append((script, arguments, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush(), name="write the run log")
        return await done

    async def _flush(self) -> None:
        while self._jobs:
            batch, self._jobs = self._jobs[:MOST_AT_ONCE], self._jobs[MOST_AT_ONCE:]
            calls = [(script, arguments) for script, arguments, _ in batch]
            asked = self._urgent(lambda calls=calls: self._scripts(calls))  # type: ignore[misc]  # binds the loop's value
            await _answer_each([done for *_, done in batch], asked)

    async def _scripts(self, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        for _ in range(2):
            answers = await self._commands([("EVALSHA", _sha(script), 0, *given) for script, given in calls])
            if not any(isinstance(answer, NoScriptError) for answer in answers):
                break
            for script in {script for script, _ in calls}:  # the store was started anew
                await self.redis.script_load(script)
        return answers

    async def _commands(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The answers, which may be errors, to commands that go in one round trip. Raises what another try may help."""
        pipe = self.redis.pipeline(transaction=False)
        for command in commands:
            pipe.execute_command(*command)
        answers: list[Any] = await pipe.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, ConnectionError | TimeoutError | BusyLoadingError):
                raise answer
        return answers

    async def aclose(self) -> None:
        while self._flusher is not None and not self._flusher.done():
            await asyncio.wait([self._flusher])
        self._closed = True
        await self.redis.aclose()


async def heeding_cancellation(call: Awaitable[T]) -> T:
    """What ``call`` gives, unless it was cancelled meanwhile: redis-py 8.1 now and then swallows that, and goes on."""
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    try:
        return await call
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


_shas: dict[str, str] = {}


def _sha(script: str) -> str:
    if script not in _shas:
        _shas[script] = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
    return _shas[script]


async def _answer_each(waiting: Sequence["asyncio.Future[Any]"], asked: Awaitable[Sequence[Any]]) -> None:
    """Give each who waits the answer that is theirs, or the error that is everybody's."""
    answers: Sequence[Any]
    try:
        answers = await asked
    except StorageError as error:
        answers = [error] * len(waiting)
    except BaseException as error:  # nobody may wait for ever
        answers = [StorageError(f"the run log can't be used: {error!r}")] * len(waiting)
        raise
    finally:
        for done, answer in zip(waiting, answers, strict=True):
            if not done.cancelled():
                _resolve(done, answer)


def _resolve(done: "asyncio.Future[Any]", answer: Any) -> None:
    if isinstance(answer, Exception):
        done.set_exception(storage_error(answer))
    else:
        done.set_result(answer)


def storage_error(error: Exception) -> StorageError:
    """What the store said, as the error that everybody knows."""
    if isinstance(error, StorageError):
        return error
    return StorageError(f"the run log can't be used: {str(error) or type(error).__name__}")
