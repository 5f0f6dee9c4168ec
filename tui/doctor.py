"""``windowseat doctor``: how every source fares, and what a question asked now would use, on one screen."""

import asyncio
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from tui.cells import one_line
from tui.client import AssistClient
from tui.connection import ANSWERED, FAILED, SourceInfo, SourcesInfo
from tui.table import cell_width, shorten

_WIDEST = 100
_LONGEST_NAME = 18
_STATES = {True: "works", False: "fails", None: "not asked"}


class Diagnosis(NamedTuple):
    """What to print, and the exit code: 0, or 1 when a source that somebody asked for doesn't work."""

    text: str
    code: int


def examine(url: str, *, as_json: bool = False) -> Diagnosis:
    """Ask the server at ``url`` how its sources fare. Raises ClientError."""

    async def ask() -> SourcesInfo:
        async with AssistClient(url) as client:
            return await client.sources()

    found = asyncio.run(ask())
    sources = [source for pipeline in found.pipelines for source in pipeline.sources]
    code = FAILED if any(source.used and source.wanted and source.works is False for source in sources) else ANSWERED
    if as_json:
        using = [{"fact": source.fact, "id": source.id, "name": source.name} for source in in_use(sources)]
        body = msgspec.json.encode({**msgspec.to_builtins(found), "using": using})
        return Diagnosis(body.decode() + "\n", code)
    width = min(_WIDEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else _WIDEST
    return Diagnosis("".join(line + "\n" for line in lines(found, width)), code)


def lines(found: SourcesInfo, width: int) -> Iterator[str]:
    """The screen, a line each."""
    sources = [source for pipeline in found.pipelines for source in pipeline.sources]
    used = [source for source in sources if source.used]
    name_width = max((cell_width(_name(source)) for source in used), default=0) + 2
    state_width = max((len(_STATES[source.works]) for source in used), default=0) + 2
    for fact in dict.fromkeys(source.fact for source in sources):
        yield one_line(fact).capitalize()
        of_fact = [source for source in sources if source.fact == fact]
        for source in of_fact:
            if source.used:
                name, state = _name(source), _STATES[source.works].ljust(state_width)
                head = "  " + name + " " * (name_width - cell_width(name)) + state
                yield from textwrap.wrap(head + _said(source), width, subsequent_indent=" " * cell_width(head))
        yield from _others([source for source in of_fact if not source.used], width)
    yield ""
    using = ", ".join(f"{one_line(source.name)} ({one_line(source.fact)})" for source in in_use(sources))
    yield from textwrap.wrap(f"A question asked now would use {using or 'nothing'}.", width)
    costs = [f"{one_line(source.costs)} ({one_line(source.name)})" for source in sources if source.costs]
    if costs:
        yield from textwrap.wrap(f"This check used up {', '.join(costs)}.", width)
    if not found.asked:
        yield "The sources were not asked: the server does that for its own network alone."


def in_use(sources: Sequence[SourceInfo]) -> list[SourceInfo]:
    """For each fact, the source that a question asked now would be answered by."""
    chosen: dict[str, SourceInfo] = {}
    for source in sources:
        if source.used and source.works is not False:
            chosen.setdefault(source.fact, source)
    return list(chosen.values())


def _name(source: SourceInfo) -> str:
    return shorten(one_line(source.name), _LONGEST_NAME)


def _said(source: SourceInfo) -> str:
    said = one_line(source.says)
    if source.ms is not None:
        said += f" in {source.ms} ms"
    if source.key == "accepted":  # what refuses a key says so itself
        said += ", key accepted"
    if source.quota:
        said += f"; {one_line(source.quota)}"
    if source.hint:
        said = f"{said.rstrip('.')}. {one_line(source.hint)}"
    return said


def _others(sources: Sequence[SourceInfo], width: int) -> Iterator[str]:
    """Those that aren't asked, in few words: what would have to be set."""
    by_reason: dict[str, list[str]] = {}
    for source in sources:
        by_reason.setdefault(one_line(source.setting or source.says), []).append(one_line(source.name))
    told = ", ".join(f"{', '.join(names)} ({reason})" for reason, names in by_reason.items())
    if told:
        yield from textwrap.wrap(f"  not in use: {told}", width, subsequent_indent="    ")
