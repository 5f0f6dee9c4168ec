"""One source after another until one answers, each try on record.

What the user configured and didn't get makes the step ``degraded``; what was tried without being asked for, and didn't
answer, is a line in the log.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from backend.errors import SourceError
from backend.pipeline import Call, Context
from backend.upstream import UpstreamError

T = TypeVar("T")


class Attempt(msgspec.Struct, Generic[T], frozen=True):
    """How to ask one source. ``ask`` gets the recorded call, to say in it what was found; it returns None where the
    source has no answer (which is no failure), or raises UpstreamError.

    ``source``, ``operation`` and ``request`` are shown as evidence: they hold no secret. ``configured`` is that of
    ``Chosen``. ``spoken`` is what the source is called in a sentence, if not by its name.
    """

    source: str
    operation: str
    ask: Callable[[Call], Awaitable[T | None]]
    request: Mapping[str, Any] = {}
    configured: bool = False
    spoken: str = ""


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What the first source with an answer said. ``call`` is the id of its evidence, ``failed`` what went before."""

    value: T
    source: str
    call: str
    failed: tuple[UpstreamError, ...] = ()


async def first_answer(ctx: Context, attempts: Sequence[Attempt[T]], *, required: bool = True) -> Answer[T] | None:
    """Ask each in turn; None when none has an answer. Every try is a call in the log of the step.

    The step is ``degraded`` when a configured source failed, whether another answered or not. Raises SourceError when
    the last one failed and was configured, unless the step knows another way (``required`` is False).
    """
    failed: list[tuple[Attempt[T], UpstreamError]] = []
    for attempt in attempts:
        async with ctx.call(attempt.source, attempt.operation, **attempt.request) as call:
            try:
                value = await attempt.ask(call)
            except UpstreamError as error:
                failed.append((attempt, error))
                call.status, call.text = error.code, str(error)
                continue
        if value is not None:
            _tell(ctx, failed, f"{attempt.spoken or attempt.source} is used instead")
            return Answer(value, attempt.source, call.id, tuple(error for _, error in failed))
    if required and failed and failed[-1][0] is attempts[-1] and failed[-1][0].configured:
        raise source_error(failed[-1][1])
    _tell(ctx, failed, "nothing else answered")
    return None


def source_error(error: UpstreamError) -> SourceError:
    """The error as a step raises it."""
    return SourceError(str(error), code=str(error.code), hint=error.hint, retryable=error.retryable)


def _tell(ctx: Context, failed: Sequence[tuple[Attempt[T], UpstreamError]], instead: str) -> None:
    for attempt, error in failed:
        if attempt.configured:
            hint = f" {error.hint}" if error.hint else ""
            ctx.degraded(f"{_remediable(error)}; {instead}.{hint}")


def _remediable(error: UpstreamError) -> BaseException:
    """Without for how long a source is left alone that refused its key: waiting is no remedy, and another step that
    misses it says the same."""
    return error.__cause__ if error.kind == "refused_key" and error.__cause__ is not None else error
