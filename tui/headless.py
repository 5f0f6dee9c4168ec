"""A run without an app: narration on stderr, data on stdout, an exit code that means something. Never Textual or rich.

Exit codes: 0 answered (also in part), 1 the run failed or was ended by somebody else, 2 wrong usage, 3 the server can't
be reached or broke off, 130 and 143 interrupted by us.
"""

import asyncio
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Literal, TextIO

from shared.view import EMPTY, RunView, fold
from tui.client import AssistClient
from tui.connection import ANSWERED, FAILED, USAGE, ClientError, Connection, Received, StreamCut, exit_code_of
from tui.export import to_csv, to_markdown
from tui.narrator import Narrator
from tui.streams import abandon_stdout
from tui.table import result_lines

Form = Literal["table", "json", "csv", "md"]

_CANCEL_S = 3.0
# Characters that JSON allows raw and a terminal may obey: DEL, C1, bidi controls, line separators. A line end can only
# stand between tokens, so a space there changes nothing.
_RAW = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LINE_ENDS = str.maketrans("\r\n", "  ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What ``ask`` asks."""

    text: str
    pipeline: str | None
    options: Mapping[str, Any]


class Report:
    """Where a run is told: narration through ``narrator``, data in ``form`` to ``stdout``.

    ``obituary`` tells how the server died if it is known to be dead, so that nobody waits for its return.
    ``event`` and ``finish`` raise BrokenPipeError when nobody reads ``stdout`` any more.
    """

    def __init__(
        self,
        narrator: Narrator,
        form: Form = "table",
        stdout: TextIO | None = None,
        *,
        obituary: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.narrator = narrator
        self._obituary = obituary
        self.view: RunView = EMPTY
        self._form = form
        self._heard = time.monotonic()
        self._stdout = sys.stdout if stdout is None else stdout

    def event(self, received: Received) -> None:
        self.view = fold(self.view, received.event)
        self._heard = time.monotonic()
        if self._form == "json":
            self.narrator.wipe()
            self._stdout.write(json_line(received.data))
            self._stdout.flush()
        self.narrator.event(received.event, self.view)

    def connection(self, connection: Connection) -> None:
        """Say that a stream is being resumed; other changes go without saying. Raises StreamCut if it can't be."""
        if connection.state == "reconnecting":
            died = self._obituary()
            if died is not None:
                raise StreamCut(died, run=self.view.run)
            self.narrator.note(f"reconnecting (attempt {connection.attempt}): {connection.why}")

    def tick(self) -> None:
        """Tell what goes on now, where that is wanted."""
        self.narrator.now(self.view, self.view.t + round((time.monotonic() - self._heard) * 1000))

    def finish(self) -> None:
        """Write the rows as far as they are known, then how it ended."""
        self.narrator.wipe()
        if self._form == "table":
            width = shutil.get_terminal_size().columns if self._stdout.isatty() else None
            text = "".join(line + "\n" for line in result_lines(self.view.columns, self.view.shown_rows(), width))
        elif self._form == "json" or not self.view.run:
            text = ""
        else:
            text = to_csv(self.view) if self._form == "csv" else to_markdown(self.view)
        self._stdout.write(text)
        self._stdout.flush()
        self.narrator.ending(self.view)


def ask(url: str, question: Question, report: Report) -> int:
    """Ask and tell; Ctrl+C, SIGTERM and a closed pipe cancel the run on the server. The exit code."""
    return asyncio.run(
        _watch(
            url, report, lambda client: client.ask(question.text, pipeline=question.pipeline, options=question.options)
        )
    )


def show(url: str, run: str, report: Report) -> int:
    """Tell a run of the server's log, following one that goes on; leaving never cancels it. The exit code."""
    return asyncio.run(_show(url, run, report))


def json_line(data: str) -> str:
    """An event's JSON as one line of NDJSON: as received, but for raw characters that a terminal may obey, escaped."""
    if not data.isascii() or "\x7f" in data:
        data = _RAW.sub(lambda match: f"\\u{ord(match[0]):04x}", data)
    return data.translate(_LINE_ENDS) + "\n" if "\n" in data or "\r" in data else data + "\n"


async def _show(url: str, run: str, report: Report) -> int:
    try:
        async with AssistClient(url) as client:
            known = [summary.run for summary in await client.runs(limit=1000)]
    except ClientError as error:
        report.narrator.error(str(error), error.hint)
        return exit_code_of(error)
    found = [run] if run in known else [name for name in known if name.startswith(run)]
    if len(found) > 1:
        report.narrator.error(f"{len(found)} runs begin with {run}: {', '.join(found[:5])} …", "give more of its id")
        return USAGE
    # None found: it may be older than the list goes back, the server knows.
    return await _watch(url, report, lambda client: client.attach(found[0] if found else run), cancels=False)


async def _watch(
    url: str,
    report: Report,
    begin: Callable[[AssistClient], AsyncGenerator[Received, None]],
    *,
    cancels: bool = True,
) -> int:
    stop = _Stop()
    async with AssistClient(url, on_connection=report.connection) as client:
        try:
            with stop, _Ticker(report):
                async with aclosing(begin(client)) as stream:
                    async for received in stream:
                        report.event(received)
            report.finish()
            return ANSWERED if report.view.state in ("ok", "partial") else FAILED
        except ClientError as error:
            return _told(report, error)
        except BrokenPipeError:
            abandon_stdout()
            if cancels:
                await _cancel(client, report)
            return ANSWERED
        except asyncio.CancelledError:
            if stop.signum is None:
                raise
            stop.absorb()
            if cancels:
                await _cancel(client, report)
            return 128 + stop.signum


def _told(report: Report, error: ClientError) -> int:
    # What is known so far is worth more than nothing; the error comes last, where it is read.
    try:
        if report.view.rows:
            report.finish()
    except BrokenPipeError:
        abandon_stdout()
    report.narrator.error(str(error), error.hint)
    return exit_code_of(error)


async def _cancel(client: AssistClient, report: Report) -> None:
    view = report.view
    if not view.run or view.finished:
        return
    try:
        async with asyncio.timeout(_CANCEL_S):
            await client.cancel(view.run)
    except (ClientError, TimeoutError) as error:
        why = str(error) or "it didn't answer in time"
        report.narrator.warning(f"the server could not be told to cancel run {view.run}: {why}")
    else:
        report.narrator.note(f"run {view.run} is cancelled")


class _Ticker:
    """Ticks a report while the block runs: ten times a second if its line moves, else once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._every_s = 0.1 if report.narrator.style.moving else 1.0
        self._next: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        if self._report.narrator.style.live:
            self._tick()

    def __exit__(self, *_: object) -> None:
        if self._next is not None:
            self._next.cancel()
        self._report.narrator.wipe()

    def _tick(self) -> None:
        self._report.tick()
        self._next = asyncio.get_running_loop().call_later(self._every_s, self._tick)


class _Stop:
    """The first SIGINT or SIGTERM cancels the task that entered; the handlers are then gone, so a second one kills."""

    def __init__(self) -> None:
        self.signum: int | None = None
        self._task: asyncio.Task[Any] | None = None
        self._handled: list[signal.Signals] = []

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(signum) is signal.SIG_IGN:
                continue  # a shell told a background job not to hear it
            with suppress(NotImplementedError, RuntimeError):  # not on Windows, not outside the main thread
                loop.add_signal_handler(signum, self._stop, signum)
                self._handled.append(signum)

    def __exit__(self, *_: object) -> None:
        self._release()

    def absorb(self) -> None:
        """Take back the cancellation, so that the task may go on and tidy up."""
        if self._task is not None:
            self._task.uncancel()

    def _stop(self, signum: signal.Signals) -> None:
        self.signum = signum.value
        self._release()
        if self._task is not None:
            self._task.cancel()

    def _release(self) -> None:
        loop = asyncio.get_running_loop()
        while self._handled:
            loop.remove_signal_handler(self._handled.pop())
