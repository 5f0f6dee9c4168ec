"""A run without an app: narration on stderr, data on stdout, an exit code that means something. Never Textual or rich.

Exit codes: 0 answered (also in part), 1 the run failed or was ended by somebody else, 2 wrong usage, 3 the server can't
be reached or broke off before the run ended, 130 and 143 interrupted by us.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import Any

from tui.client import ATTEMPTS, AssistClient
from tui.connection import ANSWERED, FAILED, ClientError, Received, exit_code_of
from tui.history import find_run
from tui.recording import Recording, play
from tui.report import Report
from tui.stopping import Stop
from tui.streams import abandon_stdout

_CANCEL_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What ``ask`` asks."""

    text: str
    pipeline: str | None
    options: Mapping[str, Any]


def ask(url: str, question: Question, report: Report, *, attempts: int = ATTEMPTS) -> int:
    """Ask and tell; Ctrl+C, SIGTERM and a closed pipe cancel the run on the server. The exit code.

    ``attempts``: how often a connection that broke is taken up again.
    """

    def begin(client: AssistClient) -> AsyncGenerator[Sequence[Received], None]:
        return client.ask(question.text, pipeline=question.pipeline, options=question.options)

    return asyncio.run(_with_server(AssistClient(url, attempts=attempts), report, begin, cancels=True))


def attach(url: str, run: str, report: Report, *, after: int = 0, attempts: int = ATTEMPTS) -> int:
    """Tell a run of the server's log, and follow one that goes on; leaving never cancels it. The exit code.

    ``run``: its id, the beginning of it, or "" for the newest. ``after``: the first events, so many, are known.
    """

    async def begin(client: AssistClient) -> AsyncGenerator[Sequence[Received], None]:
        found = await find_run(client, run)
        async with aclosing(client.attach(found, after=after)) as stream:
            async for several in stream:
                yield several

    return asyncio.run(_with_server(AssistClient(url, attempts=attempts), report, begin, cancels=False))


def replay(recording: Recording, speed: float, report: Report) -> int:
    """Tell a recorded run again, with the run's own pauses divided by ``speed`` (0: at once). The exit code."""
    return asyncio.run(_tell(lambda: play(recording, speed), report, None))


async def _with_server(
    client: AssistClient,
    report: Report,
    begin: Callable[[AssistClient], AsyncGenerator[Sequence[Received], None]],
    *,
    cancels: bool,
) -> int:
    client.on_connection = report.connection
    async with client:
        return await _tell(lambda: begin(client), report, client if cancels else None)


async def _tell(
    begin: Callable[[], AsyncGenerator[Sequence[Received], None]], report: Report, canceller: AssistClient | None
) -> int:
    stop = Stop()
    try:
        with stop, _Ticker(report) if report.narrator.style.live else nullcontext():
            async with aclosing(begin()) as stream:
                async for several in stream:
                    for received in several:
                        report.event(received)
        report.finish()
        return ANSWERED if report.view.state in ("ok", "partial") else FAILED
    except ClientError as error:
        return _told(report, error)
    except BrokenPipeError:
        abandon_stdout()
        await _cancel(canceller, report)
        return ANSWERED
    except asyncio.CancelledError:
        if stop.signum is None:
            raise
        stop.absorb()
        await _cancel(canceller, report)
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


async def _cancel(client: AssistClient | None, report: Report) -> None:
    if client is None or not report.run or report.view.finished:
        return
    try:
        async with asyncio.timeout(_CANCEL_S):
            await client.cancel(report.run)
    except (ClientError, TimeoutError) as error:
        why = str(error) or "it didn't answer in time"
        report.narrator.warning(f"the server could not be told to cancel run {report.run}: {why}")
    else:
        report.narrator.note(f"run {report.run} is cancelled")


class _Ticker:
    """Ticks a report while the block runs: ten times a second if its line moves, else once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._every_s = 0.1 if report.narrator.style.moving else 1.0
        self._next: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._tick()

    def __exit__(self, *_: object) -> None:
        if self._next is not None:
            self._next.cancel()
        self._report.narrator.wipe()

    def _tick(self) -> None:
        self._report.tick()
        self._next = asyncio.get_running_loop().call_later(self._every_s, self._tick)
