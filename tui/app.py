"""The way into the terminal app. The local server is started first, so that it wakes while Textual is imported.

Nothing of Textual, rich or httpx at import: the command line pays for them only when a screen is wanted.
"""

import asyncio
import difflib
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from shared.settings import SettingError
from tui import garbage
from tui.asked import AskedBefore
from tui.config import ClientSettings
from tui.connection import Connection, NotReachable, Received, RunSummary, run_options
from tui.hangup import end_with
from tui.local_server import LocalServer, LocalServerError
from tui.preferences import Preferences
from tui.recorded import RecordedClient, RunRecorder
from tui.recording import Recording
from tui.session import Expand, Session
from tui.terminal import AUTO, terminal_of

if TYPE_CHECKING:
    from tui.application import WindowseatApp
    from tui.client import AssistClient
    from tui.desk import Desk
    from tui.run_client import Connect
    from tui.watch import Watch

UNREACHABLE = 3
"""The exit code when no server could be reached at all (``windowseat ask`` has the same)."""


def run(
    settings: ClientSettings, question: str | None, *, record: str = "", preferences: Preferences | None = None
) -> int:
    """Open the app, asking ``question`` at once if there is one; the exit code when the user has left it.

    Without ``settings.url`` a local server is started, which ends with the app. ``record``: the file that the runs are
    written to. ``preferences``: where what the user changes in the app is kept. Raises SettingError (unknown theme, key
    id) and RecordingError.
    """
    session = session_of(settings, preferences)
    with RunRecorder(Path(record)) if record else nullcontext() as recorder:
        if settings.url is not None:
            url = settings.url
            connect = to_server(lambda: url, settings.attempts)
            return asyncio.run(_main(settings, question, connect, session, tap=recorder))
        try:
            with LocalServer() as server:
                connect = to_server(server.url, settings.attempts)
                return asyncio.run(_main(settings, question, connect, session, server=server, tap=recorder))
        except LocalServerError as error:
            sys.stderr.write(f"windowseat: {error}\n")
            return UNREACHABLE


def replay(settings: ClientSettings, recording: Recording, speed: float) -> int:
    """Show a recorded run in the app, ``speed`` times as fast as it was; the exit code. Raises as ``run`` does."""
    client = RecordedClient(recording, speed)
    session = replace(session_of(settings), asked=AskedBefore())
    # No server has the run that the epilogue would speak of.
    return asyncio.run(_main(settings, client.question, client.connect(), session, has_epilogue=False))


async def _main(
    settings: ClientSettings,
    question: str | None,
    connect: "Connect",
    session: Session,
    *,
    server: LocalServer | None = None,
    tap: Callable[[Received], None] | None = None,
    has_epilogue: bool = True,
) -> int:
    session = replace(session, is_alone=True)
    if session.terminal.remote:
        os.environ.setdefault("TEXTUAL_FPS", "10")  # read when Textual is imported
    from tui.application import WindowseatApp
    from tui.desk import closed

    desk = desk_for(settings, session, connect, tap)
    app = WindowseatApp(desk, question, session=session)
    theme = session.terminal.theme_of(settings.theme)
    if theme not in app.available_themes:
        raise SettingError("theme", theme, "one of " + ", ".join([AUTO, *sorted(app.available_themes)]))
    app.theme = theme
    _check_keys(session)
    hangup = asyncio.create_task(end_with())
    try:
        with garbage.looked_after():
            await app.run_async(mouse=settings.mouse)
    finally:
        hangup.cancel()
        await closed(desk)
        if server is not None:
            # In here, because a thread may still wait for the server to listen, and asyncio waits for the thread.
            await asyncio.to_thread(server.close)
    if has_epilogue and session.preferences.settings.epilogue:
        _tell(app, settings.url)
    return app.return_code or (UNREACHABLE if desk.link.state == "unreachable" else 0)


def session_of(settings: ClientSettings, preferences: Preferences | None = None) -> Session:
    """What the app is told of the user and of the terminal that this process stands in."""
    terminal = terminal_of(os.environ)
    return Session(
        expand=cast(Expand, settings.expand),
        motion=settings.motion == "full" and not terminal.remote,
        keys=dict(_bound(part) for part in settings.keys),
        terminal=terminal,
        asked=AskedBefore(_asked_file() if settings.history else None),
        preferences=preferences or Preferences(settings),
    )


def desk_for(
    settings: ClientSettings, session: Session, connect: "Connect", tap: Callable[[Received], None] | None = None
) -> "Desk":
    """Whoever starts the server themselves sees all its runs again; of another server's, those that they asked for."""
    from tui.desk import RESTORED, Desk

    def is_mine(summary: RunSummary) -> bool:
        return settings.url is None or summary.run in session.asked.runs()

    def begun(watch: "Watch") -> None:
        session.asked.add(watch.question, server=desk.server, run=watch.run)

    desk: Desk = Desk(
        connect,
        pipeline=settings.pipeline,
        options=run_options(settings.origin, settings.tz),
        restored=RESTORED if settings.restore else 0,
        is_mine=is_mine,
        begun=begun,
        tap=tap,
    )
    return desk  # named for ``begun``


def _bound(part: str) -> tuple[str, str]:
    key_id, _, key = part.partition("=")
    if not key_id or not key:
        raise SettingError("keys", part, "like steps.toggle=t")
    return key_id.strip(), key.strip()


def _check_keys(session: Session) -> None:
    from tui.keys import IDS

    for key_id in session.keys:
        if key_id not in IDS:
            near = difflib.get_close_matches(key_id, IDS, n=1)
            hint = f"an id of docs/keys.md{f', such as {near[0]}' if near else ''}"
            raise SettingError("the id of a key", key_id, hint)


def _asked_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_state_dir("windowseat", appauthor=False)) / "asked.jsonl"


def _tell(app: "WindowseatApp", url: str | None) -> None:
    """Leave the last answer on the normal screen: the other one is gone with the app."""
    from tui.epilogue import epilogue

    watch = app.desk.last
    if watch is not None:
        sys.stdout.write(epilogue(watch, url=url))
        sys.stdout.flush()


def to_server(find_url: Callable[[], str], attempts: int) -> "Connect":
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
