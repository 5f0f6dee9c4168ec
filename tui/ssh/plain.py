"""A run as lines, where the client can't be drawn on or asked for data: the headless twin, many in a process."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import TextIO, cast

from tui.arguments import UsageError
from tui.client import AssistClient
from tui.connection import ANSWERED, FAILED, USAGE, ClientError, Received, exit_code_of, run_options
from tui.narrator import Narrator, Style
from tui.report import Report
from tui.ssh.command import USAGE as HOW
from tui.ssh.command import Command
from tui.ssh.lines import Lines
from tui.ssh.link import Link
from tui.ssh.visitor import OwnClient, Visitor, begin

_CANCEL_S = 3.0


class PlainRun:
    """Answers one command. ``stop`` ends it as a signal would; the run at the server is cancelled with it."""

    def __init__(self, url: Callable[[], str], link: Link, visitor: Visitor) -> None:
        self._url = url
        self._link = link
        self._visitor = visitor
        self._lines = Lines(link)
        self._task: asyncio.Task[None] | None = None
        self._code: int | None = None
        self._why = ""
        self._cancels = True

    def stop(self, code: int, why: str = "", *, cancels: bool = True) -> None:
        """``code``: the exit code then. ``why``: a note for the person. ``cancels``: whether the run ends too."""
        if self._code is None:
            self._code, self._why, self._cancels = code, why, cancels
        if self._task is not None:
            self._task.cancel()

    async def answer(self, command: Command) -> int:
        """The exit code (see ``tui.headless``)."""
        if command.kind == "help":
            self._lines.stdout.write(HOW)
            await self._drain()
            return ANSWERED
        stdout, stderr = cast(TextIO, self._lines.stdout), cast(TextIO, self._lines.stderr)
        report = Report(Narrator(stderr, self._style(command)), command.form, stdout)
        async with OwnClient(self._url(), self._visitor, report.connection) as client:
            try:
                await self._follow(self._begin(client, command), report)
                if self._code is not None:
                    await self._interrupted(client if command.kind == "ask" else None, report)
                    return self._code
                report.finish()
                code = ANSWERED if report.view.state in ("ok", "partial") else FAILED
            except ClientError as error:
                if report.view.rows:
                    report.finish()
                report.narrator.error(str(error), error.hint)
                code = exit_code_of(error)
            except BrokenPipeError:
                return self._code if self._code is not None else ANSWERED
        await self._drain()
        return code

    async def complain(self, error: UsageError) -> int:
        self._lines.stderr.write(f"windowseat: {error}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        await self._drain()
        return USAGE

    def _begin(self, client: AssistClient, command: Command) -> AsyncGenerator[Sequence[Received], None]:
        if command.kind == "attach":
            return client.attach(self._visitor.find(command.run))
        settings = command.settings
        zone = settings.tz or self._link.terminal.zone
        options = run_options(settings.origin, zone, dict(command.options))
        if command.previous:
            options["previous"] = self._visitor.find(command.previous)
        return client.ask(command.text, pipeline=settings.pipeline, options=options)

    async def _follow(self, stream: AsyncGenerator[Sequence[Received], None], report: Report) -> None:
        async def follow() -> None:
            async with aclosing(stream):
                async for several in stream:
                    for received in several:
                        begin(self._visitor, received)
                        report.event(received)
                        await self._lines.drain()

        if self._code is not None:
            await stream.aclose()
            return
        self._task = asyncio.create_task(follow())
        try:
            await self._task
        except asyncio.CancelledError:
            if self._code is None:  # somebody cancels us, not the run
                self._task.cancel()
                raise
        finally:
            self._task = None

    async def _interrupted(self, client: AssistClient | None, report: Report) -> None:
        run, note = report.view.run, report.narrator.note
        if self._why:
            report.narrator.error(self._why)
        if client is not None and self._cancels and run and not report.view.finished:
            try:
                async with asyncio.timeout(_CANCEL_S):
                    await client.cancel(run)
                note(f"run {run} is cancelled")
            except (ClientError, TimeoutError) as error:
                report.narrator.warning(f"run {run} could not be cancelled: {str(error) or 'no answer in time'}")
        await self._drain()

    async def _drain(self) -> None:
        with suppress(BrokenPipeError):
            await self._lines.drain()

    def _style(self, command: Command) -> Style:
        terminal, settings = self._link.terminal, command.settings
        is_bare = settings.plain or not terminal.can_draw
        return Style(
            glyphs=not is_bare and terminal.charset == "utf-8",
            color=not settings.plain and (settings.color == "always" or (settings.color == "auto" and not is_bare
                                                                         and terminal.wants_color)),
            quiet=command.quiet,
            expand=settings.expand,
        )  # fmt: skip
