"""What the author of a pipeline touches: ``Pipeline``, ``Step``, ``Context``, ``Later``, ``Question``.

A step is an ``async`` function whose signature is the plan: it asks for values by type and returns one. The engine
starts it as soon as those values exist. Rules, checked when a pipeline is made (``PlanError``):

- every value asked for is returned by exactly one *earlier* step, or is the ``Question`` that a run begins with, or one
  of the pipeline's ``resources``: what lives as long as the server does (data, clients of upstreams, thresholds);
- ``Later[T]`` is for a value wanted late: the step starts without it and awaits it where it is used;
- a value of an optional step is asked for as ``T | None``; it is ``None`` when that step failed;
- a step asks for its ``Context`` by that type, or not at all.

Nothing here knows of HTTP, of a log, or of any domain.
"""

import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from backend.checking import Check
from backend.context import Call, Context, Later, Previous, Question
from shared.events import Column, PlanStep


class PlanError(Exception):
    """A pipeline that can't work, found when it is made; its author is at fault."""


class Option(msgspec.Struct, frozen=True):
    """An option that ``POST /assist`` takes for a pipeline; ``kind`` is ``text``, ``number`` or ``flag``."""

    key: str
    label: str
    kind: typing.Literal["text", "number", "flag"] = "text"


StepFunction = Callable[..., Awaitable[Any]]


class Need(msgspec.Struct, frozen=True):
    """A parameter of a step: the value's type, and how it is asked for."""

    name: str
    type: Any
    later: bool = False
    nullable: bool = False


class Step(msgspec.Struct, frozen=True):
    """One step. ``attempts`` > 1 repeats it after a retryable ``StepError``; ``timeout_s`` limits each attempt.

    ``doing`` is the sentence in the present tense that it starts with ("Reading the sky…"); default: its title and "…".
    ``optional``: its failure doesn't end the run.
    """

    id: str
    title: str
    run: StepFunction
    doing: str | None = None
    optional: bool = False
    attempts: int = 1
    timeout_s: float | None = None

    @property
    def needs(self) -> tuple[Need, ...]:
        return _needs(self.run)

    @property
    def returns(self) -> Any:
        returned = typing.get_type_hints(self.run).get("return")
        if returned is None:
            raise PlanError(f"{self.run.__qualname__} doesn't say what it returns")
        if _is_union(returned):
            raise PlanError(f"{self.run.__qualname__} returns a union; a value has one type")
        return returned

    @property
    def context_name(self) -> str | None:
        """The name of the parameter that takes the Context, if it has one."""
        hints = typing.get_type_hints(self.run)
        names = [name for name, hint in hints.items() if hint is Context and name != "return"]
        if len(names) > 1:
            raise PlanError(f"{self.run.__qualname__} asks for its Context twice")
        return names[0] if names else None


class Pipeline:
    """Steps in reading order, and the columns of what they find.

    ``examples`` are questions that work. ``resources`` are opened when the server starts: by type, a function that gets
    the server's configuration (see ``backend.resources``). ``attributions`` are texts to show beside results, each a
    mapping with ``text`` and maybe ``url``. ``settings`` is a dataclass of ``shared.settings``: the configuration
    resolves it beside the server's own, from flags, environment and the table ``[name]``; openers get it by
    ``config.of(settings)``. ``check`` tells ``windowseat doctor`` how the sources fare. ``follows`` names the steps
    whose outcomes a follow-up question builds on (``Question.previous``); without any the pipeline takes none.
    ``repeatable``: a step that was cut off may simply run again (it changes nothing outside), so that another server
    may go on with a run whose server died; the steps' values are kept for that, as JSON (``kept()``
    of a value gives one that can be written down). Raises PlanError when the
    steps' signatures don't make a plan.
    """

    def __init__(
        self,
        *,
        name: str,
        title: str,
        columns: Sequence[Column],
        steps: Sequence[Step],
        examples: Sequence[str] = (),
        options: Sequence[Option] = (),
        resources: Mapping[Any, Callable[[Any], Any]] | None = None,
        deadline_s: float | None = None,
        attributions: Callable[[], Sequence[Mapping[str, str]]] = tuple,
        settings: type | None = None,
        check: Check | None = None,
        follows: Sequence[str] = (),
        repeatable: bool = False,
    ) -> None:
        self.name = name
        self.title = title
        self.columns = tuple(columns)
        self.steps = tuple(steps)
        self.examples = tuple(examples)
        self.options = tuple(options)
        self.resources = dict(resources or {})
        self.deadline_s = deadline_s
        self.attributions = attributions
        self.settings = settings
        self.check = check
        self.follows = tuple(follows)
        self.repeatable = repeatable
        _check_ids(self.steps)
        _check_follows(self.follows, self.steps)
        self.needs = {step.id: step.needs for step in self.steps}
        self.context_names = {step.id: step.context_name for step in self.steps}
        self.returns = {step.id: step.returns for step in self.steps}
        self.producers = _producers(self.steps, self.needs, frozenset({Question, *self.resources}))
        if repeatable:
            _check_kept(self.producers)
        self._plan = self._planned()

    def plan(self) -> tuple[PlanStep, ...]:
        """The plan as ``run.started`` tells it: strict needs only, since a step starts before its ``Later`` values."""
        return self._plan

    def _planned(self) -> tuple[PlanStep, ...]:
        return tuple(
            PlanStep(
                id=step.id,
                title=step.title,
                needs=tuple(
                    dict.fromkeys(
                        self.producers[need.type].id
                        for need in self.needs[step.id]
                        if not need.later and need.type in self.producers
                    )
                ),
                optional=step.optional,
            )
            for step in self.steps
        )


def _needs(function: StepFunction) -> tuple[Need, ...]:
    if not inspect.iscoroutinefunction(function):
        raise PlanError(f"{function.__qualname__} isn't async")
    hints = typing.get_type_hints(function)
    needs = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in hints:
            raise PlanError(f"{function.__qualname__}: parameter {name!r} has no type")
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise PlanError(f"{function.__qualname__}: {name!r} can't be given by name, as values are")
        hint, later, nullable = hints[name], False, False
        if hint is Context:
            continue
        if typing.get_origin(hint) is Later:
            hint, later = typing.get_args(hint)[0], True
        if _is_union(hint):
            parts = [part for part in typing.get_args(hint) if part is not types.NoneType]
            if len(parts) != 1:
                raise PlanError(f"{function.__qualname__}: {name!r} asks for a union; a value has one type")
            hint, nullable = parts[0], True
        needs.append(Need(name, hint, later, nullable))
    return tuple(needs)


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _check_ids(steps: Sequence[Step]) -> None:
    ids = [step.id for step in steps]
    for step_id in ids:
        if ids.count(step_id) > 1:
            raise PlanError(f"two steps are called {step_id!r}")


def _check_follows(follows: Sequence[str], steps: Sequence[Step]) -> None:
    for step_id in follows:
        if all(step.id != step_id for step in steps):
            raise PlanError(f"follow-up questions build on step {step_id!r}, which isn't there")


def _producers(
    steps: Sequence[Step], all_needs: Mapping[str, tuple[Need, ...]], given: frozenset[Any]
) -> dict[Any, Step]:
    producers: dict[Any, Step] = {}
    for step in steps:
        for need in all_needs[step.id]:
            if need.type not in given:
                _check_need(step, need, producers)
        returned = step.returns
        if returned in given or returned in producers:
            raise PlanError(f"step {step.id!r} returns {_name(returned)}, which exists already")
        producers[returned] = step
    return producers


def _check_need(step: Step, need: Need, producers: Mapping[Any, Step]) -> None:
    producer = producers.get(need.type)
    if producer is None:
        raise PlanError(f"step {step.id!r} asks for {_name(need.type)}, which no earlier step returns")
    if producer.optional != need.nullable:
        wanted = f"{_name(need.type)} | None" if producer.optional else _name(need.type)
        raise PlanError(f"step {step.id!r} must ask for {wanted}: step {producer.id!r} decides that")


def _check_kept(producers: Mapping[Any, Step]) -> None:
    for kind, step in producers.items():
        try:
            msgspec.json.Decoder(kind)
        except TypeError as error:
            raise PlanError(f"step {step.id!r} can't be repeatable: {_name(kind)} can't be kept: {error}") from None


def _name(value: Any) -> str:
    return getattr(value, "__name__", str(value))


def to_json(value: Any) -> Any:
    """A typed outcome as plain JSON values. Raises TypeError for what JSON can't hold."""
    return msgspec.to_builtins(value)


__all__ = [
    "Call", "Context", "Later", "Need", "Option", "Pipeline", "PlanError", "Previous", "Question", "Step", "to_json",
]  # fmt: skip
