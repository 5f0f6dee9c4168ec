"""The runs that a server keeps: listed, found by the beginning of an id, cancelled, deleted, imported."""

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from tui.cells import one_line
from tui.client import AssistClient
from tui.connection import RunSummary, UnclearRun
from tui.narration import elapsed
from tui.page import Page
from tui.recording import Recording
from tui.table import text_lines

T = TypeVar("T")

_PAGE = 200
_PAGES_SEARCHED = 5
_FINISHED = ("ok", "partial", "failed", "cancelled", "interrupted")


async def find_run(client: AssistClient, given: str) -> str:
    """The id of the run that ``given`` is, or begins; the newest run's for "". Raises UnclearRun, and as the client.

    One that isn't among the newest thousand is taken for a whole id: the server knows.
    """
    if not given:
        newest = await client.runs(limit=1)
        if not newest:
            raise UnclearRun("the server keeps no runs yet", hint='ask something: windowseat ask "somewhere warm"')
        return newest[0].run
    found: list[str] = []
    before = None
    for _ in range(_PAGES_SEARCHED):
        page = [summary.run for summary in await client.runs(limit=_PAGE, before=before)]
        if given in page:
            return given
        found += [run for run in page if run.startswith(given) and run not in found]
        if len(page) < _PAGE or page[-1] == before:
            break
        before = page[-1]
    if len(found) > 1:
        several = ", ".join(found[:5]) + (" …" if len(found) > 5 else "")
        raise UnclearRun(f"{len(found)} runs begin with {given}: {several}", hint="give more of its id")
    return found[0] if found else given


def runs(url: str, page: Page, *, as_json: bool) -> tuple[str, str | None]:
    """A line for each run, and the id to go on before where there may be older ones."""
    found = _with_client(
        url, lambda client: client.runs(page.limit, before=page.before or None, search=page.search or None)
    )
    more = found[-1].run if len(found) >= page.limit else None
    if as_json:
        return "".join(msgspec.json.encode(run).decode() + "\n" for run in found), more
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = text_lines(
        ["run", "started", "status", "time", "question"],
        [_run(run) for run in found],
        right=[False, False, False, True],
        width=width,
    )
    return "".join(line + "\n" for line in lines), more


def cancel(url: str, given: str) -> str:
    """Cancel a run; the line that says what became of it."""

    async def call(client: AssistClient) -> str:
        run = await find_run(client, given)
        status = await client.cancel(run)
        was_over = " (it was over before)" if status in _FINISHED else ""
        return one_line(f"{run} {status or 'cancelling'}{was_over}") + "\n"

    return _with_client(url, call)


def delete(url: str, given: str) -> str:
    """Delete a run from the server's log; the line that says so."""

    async def call(client: AssistClient) -> str:
        run = await find_run(client, given)
        await client.delete(run)
        return one_line(f"{run} deleted") + "\n"

    return _with_client(url, call)


def import_run(url: str, recording: Recording) -> str:
    """Give a recorded run to the server, byte for byte; its id as a line."""
    data = b"".join(line + b"\n" for line in recording.lines)
    return one_line(_with_client(url, lambda client: client.import_run(data))) + "\n"


def _with_client(url: str, call: Callable[[AssistClient], Awaitable[T]]) -> T:
    async def in_loop() -> T:
        async with AssistClient(url) as client:
            return await call(client)

    return asyncio.run(in_loop())


def _run(run: RunSummary) -> list[str]:
    texts = [run.run, run.started_at[:19].replace("T", " "), run.status, "" if run.ms is None else elapsed(run.ms)]
    return [one_line(text) for text in [*texts, run.question]]
