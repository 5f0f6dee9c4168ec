"""The way into the terminal app. The local server is started first, so that it wakes while Textual is imported.

Nothing of Textual, rich or httpx at import: the command line pays for them only when a screen is wanted.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Literal, cast

from shared.settings import SettingError
from tui.config import ClientSettings
from tui.connection import Connection, NotReachable, run_options
from tui.local_server import LocalServer, LocalServerError

if TYPE_CHECKING:
    from tui.client import AssistClient
    from tui.desk import Connect

UNREACHABLE = 3
"""The exit code when no server could be reached at all (``windowseat ask`` has the same)."""


def run(settings: ClientSettings, question: str | None) -> int:
    """Open the app, asking ``question`` at once if there is one; the exit code when the user has left it.

    Without ``settings.url`` a local server is started, which ends with the app. Raises SettingError (unknown theme).
    """
    if settings.url is not None:
        url = settings.url
        return asyncio.run(_main(settings, question, _to(lambda: url, settings.attempts)))
    try:
        with LocalServer() as server:
            return asyncio.run(_main(settings, question, _to(server.url, settings.attempts), server))
    except LocalServerError as error:
        sys.stderr.write(f"windowseat: {error}\n")
        return UNREACHABLE


def is_remote(env: Mapping[str, str]) -> bool:
    """Whether the terminal is at the other end of an SSH connection."""
    return bool(env.get("SSH_CONNECTION") or env.get("SSH_TTY"))


async def _main(
    settings: ClientSettings, question: str | None, connect: "Connect", server: LocalServer | None = None
) -> int:
    remote = is_remote(os.environ)
    if remote:
        os.environ.setdefault("TEXTUAL_FPS", "10")  # read when Textual is imported
    from tui.application import LOCAL_FPS, REMOTE_FPS, WindowseatApp
    from tui.desk import Desk, closed

    desk = Desk(connect, pipeline=settings.pipeline, options=run_options(settings.origin, settings.tz))
    app = WindowseatApp(
        desk,
        question,
        expand=cast(Literal["never", "failed", "always"], settings.expand),
        motion=settings.motion == "full" and not remote,
        frames_per_second=REMOTE_FPS if remote else LOCAL_FPS,
    )
    if settings.theme not in app.available_themes:
        raise SettingError("theme", settings.theme, "one of " + ", ".join(sorted(app.available_themes)))
    app.theme = settings.theme
    try:
        await app.run_async()
    finally:
        await closed(desk)
        if server is not None:
            # In here, because a thread may still wait for the server to listen, and asyncio waits for the thread.
            await asyncio.to_thread(server.close)
    return app.return_code or (UNREACHABLE if desk.link.state == "unreachable" else 0)


def _to(find_url: Callable[[], str], attempts: int) -> "Connect":
    """How to reach the server whose URL ``find_url`` tells, sooner or later; ``attempts`` are the client's."""

    @asynccontextmanager
    async def client(listener: Callable[[Connection], None]) -> AsyncGenerator["AssistClient", None]:
        make = await asyncio.to_thread(_import_client)
        try:
            url = await asyncio.to_thread(find_url)
        except LocalServerError as error:
            raise NotReachable(str(error), hint="`windowseat serve` shows what it says") from error
        async with make(url, on_connection=listener, attempts=attempts) as made:
            yield made

    def connect(listener: Callable[[Connection], None]) -> AbstractAsyncContextManager["AssistClient"]:
        return client(listener)

    return connect


def _import_client() -> "type[AssistClient]":
    from tui.client import AssistClient

    return AssistClient
