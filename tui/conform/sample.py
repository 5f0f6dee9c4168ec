"""A run as the kit has seen it, and what a rule needs to ask for more."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from shared import events as ev
from shared.errors import WireError
from shared.frames import FrameParser
from tui.conform.probe import Limits, Probe, Reading, events_path
from tui.conform.verdict import Broken
from tui.connection import PipelineInfo

_AT_ONCE = 8
_MOST_CURSORS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to ask. ``question``: None for the first example of ``pipeline`` (None: the server's first).

    ``long_question``: one whose run stays under way for some seconds, so that it can be cancelled, left and listened to
    while it is silent; without it ``question`` has to do.
    """

    question: str | None = None
    long_question: str | None = None
    pipeline: str | None = None


class Event(NamedTuple):
    """An event as it came: its id, and its JSON byte for byte."""

    id: str
    data: str


@dataclass(slots=True)
class Sample:
    """A run that was asked for and read to its end."""

    reading: Reading
    received: list[Event]
    run: str

    @property
    def length(self) -> int:
        return len(self.received)

    def log(self) -> list[ev.LogEvent]:
        """The events, understood. Raises Broken where one can't be."""
        log: list[ev.LogEvent] = []
        for one in self.received:
            event = decode(one.data)
            if isinstance(event, ev.StreamBye | ev.StreamSnapshot):
                raise Broken(f"{one.data[:60]} belongs to a connection, and has an id")
            log.append(event)
        if not log:
            raise Broken("the run has no events")
        return log


@dataclass(slots=True)
class Case:
    """What a rule is given: the server, what to ask of it, and one run that all rules share.

    ``lasts``: runs of ``long_question`` stay under way until they are cancelled, or for some seconds at least.
    """

    probe: Probe
    pipeline: PipelineInfo
    question: str
    long_question: str
    lasts: bool
    sample: Sample
    gaps: list[float] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        return self.probe.limits

    def body(self, question: str | None = None) -> bytes:
        return question_body(question or self.question, self.pipeline.name)

    async def ask(self, question: str | None = None, headers: Mapping[str, str] | None = None) -> Sample:
        """Ask, read to the end."""
        reading = await self.probe.read("POST", "/assist", body=self.body(question), headers=headers)
        return self.sampled(reading)

    async def replay(self, run: str, query: str = "", headers: Mapping[str, str] | None = None) -> Sample:
        """Read a run's events from the log."""
        return self.sampled(await self.probe.read("GET", events_path(run, query), headers=headers), run)

    async def end(self, run: str) -> None:
        """Cancel a run that would last, so that nobody waits for it."""
        if self.lasts:
            await self.probe.call("POST", f"/runs/{run}/cancel")

    def sampled(self, reading: Reading, run: str = "") -> Sample:
        self.gaps += reading.gaps
        return sampled(reading, run)

    def cursors(self, length: int) -> list[int]:
        """Every place to go on from in a log of this length; evenly spread ones if they are very many."""
        step = 1 + length // _MOST_CURSORS
        return sorted({*range(0, length + 1, step), length})


def question_body(question: str, pipeline: str) -> bytes:
    return msgspec.json.encode({"q": question, "pipeline": pipeline})


def sampled(reading: Reading, run: str = "") -> Sample:
    """What ``reading`` brought, by the leave of a forgiving parser: the letter is the business of one rule alone."""
    received = received_in(reading.data)
    return Sample(reading, received, run or (received[0].id.rpartition(".")[0] if received else ""))


def received_in(data: bytes) -> list[Event]:
    """The events of the log in a stream's bytes."""
    try:
        frames = FrameParser().feed(data)
    except WireError as error:
        raise Broken(str(error)) from None
    found: list[Event] = []
    for frame in frames:
        if not frame.data.startswith('{"type":"stream.'):
            found.append(Event(frame.id, frame.data))
    return found


def connection_events_in(data: bytes) -> list[ev.StreamBye | ev.StreamSnapshot]:
    """What a stream says of itself."""
    decoded = [decode(frame.data) for frame in FrameParser().feed(data) if frame.data.startswith('{"type":"stream.')]
    return [event for event in decoded if isinstance(event, ev.StreamBye | ev.StreamSnapshot)]


def decode(data: str) -> ev.WireEvent:
    """Raises Broken."""
    try:
        return ev.decode_event(data)
    except WireError as error:
        raise Broken(f"{error}: {data[:80]}") from None


def expect(received: list[Event], expected: list[Event], what: str) -> None:
    """Raises Broken unless they are the same, byte for byte."""
    if received == expected:
        return
    for place, (one, other) in enumerate(zip(received, expected, strict=False), start=1):
        if one != other:
            raise Broken(f"{what}: frame {place} is {_shown(one)}, not {_shown(other)}")
    raise Broken(f"{what}: {len(received)} events came, not {len(expected)}")


def _shown(event: Event) -> str:
    return f"{event.id!r} {event.data[:60]}…"


def new_key() -> str:
    """An Idempotency-Key that nobody has had."""
    return secrets.token_urlsafe(18)


async def for_each(items: list[Any], call: Callable[[Any], Awaitable[None]]) -> None:
    """``call`` each of ``items``, a few at once. Raises the first Broken."""
    left = iter(items)
    broken: list[Broken] = []

    async def work() -> None:
        for item in left:
            if broken:
                return
            try:
                await call(item)
            except Broken as error:
                broken.append(error)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())
    if broken:
        raise broken[0]
