"""The values of one run: what its steps hand to each other, and what is kept of it for the process that may have to go
on with the run."""

import asyncio
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from backend.pipeline import Later, Need, Pipeline, Question, Step
from shared import events as ev


class Recipe(msgspec.Struct, frozen=True):
    """What a run was asked for with, beyond what its first event tells."""

    question: Question
    on_disconnect: Literal["grace", "continue", "cancel"]


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    value: msgspec.Raw
    order: tuple[str, ...] | None = None


class Values:
    """By type, each given once. ``given`` are those that exist from the start."""

    def __init__(self, pipeline: Pipeline, given: Mapping[Any, Any]) -> None:
        loop = asyncio.get_running_loop()
        self._kinds = pipeline.returns  # a step itself looks its hints up at each question
        self._futures: dict[Any, asyncio.Future[Any]] = {kind: loop.create_future() for kind in pipeline.producers}
        for kind, value in given.items():
            self._futures[kind] = loop.create_future()
            self._futures[kind].set_result(value)

    def give(self, step: Step, value: Any) -> None:
        """What ``step`` returned; None for an optional one that failed."""
        self._futures[self._kinds[step.id]].set_result(value)

    async def arguments(self, needs: Sequence[Need]) -> dict[str, Any]:
        """The values that ``needs`` name, once they are all there."""
        arguments: dict[str, Any] = {}
        for need in needs:
            future = self._futures[need.type]
            arguments[need.name] = _LaterValue(future) if need.later else await asyncio.shield(future)
        return arguments

    def check(self, step: Step, value: Any) -> None:
        """Raises TypeError for what ``step`` didn't say it would return."""
        expected = self._kinds[step.id]
        if isinstance(expected, type) and not isinstance(value, expected):
            raise TypeError(f"step {step.id!r} returned {type(value).__name__}, not {expected.__name__}")

    def restore(
        self, steps: Sequence[Step], ends: Mapping[str, ev.StepFinished], kept: Mapping[str, bytes]
    ) -> tuple[str, ...] | None:
        """Give what steps that have ended returned, from what was kept; returns the order that they gave the rows.

        Raises KeyError or msgspec.MsgspecError for what isn't there or isn't of its type.
        """
        order: tuple[str, ...] | None = None
        for step_id, end in ends.items():
            step = next(step for step in steps if step.id == step_id)
            if end.status == "failed":
                self.give(step, None)
                continue
            value, ordering = decode_kept(self._kinds[step_id], kept[step_id])
            self.give(step, value)
            order = order if ordering is None else ordering
        return order

    def close(self) -> None:
        """Nobody waits any more."""
        for future in self._futures.values():
            future.cancel()


class _LaterValue(Later[Any]):
    """``Later[T]``: awaiting it never cancels the value for the others who wait."""

    def __init__(self, future: "asyncio.Future[Any]") -> None:
        self._future = future

    def __await__(self) -> Generator[Any, Any, Any]:
        return asyncio.shield(self._future).__await__()


def encode_kept(value: Any, order: Sequence[str] | None) -> bytes:
    """What a step returned and the order that it gave the rows, as JSON; of a value that has ``kept()``, what that
    returns: an equal one without what can't be written down. Raises TypeError for what JSON can't hold."""
    written = msgspec.json.encode(value.kept() if hasattr(value, "kept") else value)
    return msgspec.json.encode(_Kept(msgspec.Raw(written), None if order is None else tuple(order)))


def decode_kept(kind: Any, data: bytes) -> tuple[Any, tuple[str, ...] | None]:
    """The value, of type ``kind``, and the order. Raises msgspec.MsgspecError for what isn't one."""
    kept = msgspec.json.decode(data, type=_Kept)
    return msgspec.json.decode(kept.value, type=kind), kept.order


def encode_recipe(question: Question, on_disconnect: Literal["grace", "continue", "cancel"]) -> bytes:
    """A recipe as JSON. Raises TypeError for options that aren't JSON."""
    return msgspec.json.encode(Recipe(question, on_disconnect))


def decode_recipe(data: bytes) -> Recipe:
    """Raises msgspec.MsgspecError."""
    return msgspec.json.decode(data, type=Recipe)
