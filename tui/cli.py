"""``windowseat``: arguments and settings in, the app or a headless run out, an exit code.

Stays light: Textual is imported for the app alone, httpx once the local server is already starting.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.settings import SettingError
from tui.arguments import Arguments, UsageError, parse
from tui.config import CONFIG_VARIABLE, ClientSettings, config_path, load, local_zone
from tui.errors import FAILED, INTERRUPTED, USAGE, ClientError, LocalServerError, RecordingError, exit_code_of
from tui.streams import abandon_stdout, prepare

if TYPE_CHECKING:
    from tui.local_server import LocalServer
    from tui.recording import Recorder
    from tui.report import Report

_LONGEST_QUESTION = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code (see ``tui.headless`` for what each means)."""
    prepare()
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except (UsageError, SettingError, RecordingError) as error:
        return _complain(str(error), getattr(error, "hint", None), USAGE)
    except (ClientError, LocalServerError) as error:
        return _complain(str(error), getattr(error, "hint", None), exit_code_of(error))
    except KeyboardInterrupt:
        # One that struck while source text was evaluated (each dataclass of an import is) has the interpreter end by
        # SIGINT whatever the exit code, though it was caught: it remembers until text is evaluated again.
        eval("None")
        return INTERRUPTED
    except BrokenPipeError:
        abandon_stdout()
        return 0
    except OSError as error:
        abandon_stdout()
        return _complain(f"the output can't be written: {error.strerror or error}", None, FAILED)


def _run(argv: list[str]) -> int:
    if argv[:1] in (["serve"], ["ssh"]):
        return {"serve": _serve, "ssh": _ssh}[argv[0]](argv[1:])
    arguments = parse(argv)
    settings = load(arguments.flags, os.environ, arguments.config)
    if arguments.command == "config":
        from tui.effective import effective

        path = config_path(arguments.config, os.environ)
        return _print(effective(settings, arguments.flags, os.environ, path))
    if settings.tz is None:
        settings = replace(settings, tz=local_zone())
    _pass_to_server(arguments, settings)
    commands = {
        "ask": _ask, "app": _app, "about": _about, "doctor": _doctor, "pipelines": _pipelines, "replay": _replay,
        "conform": _conform,
    }  # fmt: skip
    return commands.get(arguments.command, _on_runs)(arguments, settings)


def _serve(rest: list[str]) -> int:
    from tui.local_server import server_command, server_environment

    command = [*server_command(), *rest]
    os.execve(command[0], command, server_environment())


def _ssh(rest: list[str]) -> int:
    from tui.ssh.entry import run  # asyncssh and its cryptography are of no use to anybody else

    return run(rest)


def _pass_to_server(arguments: Arguments, settings: ClientSettings) -> None:
    # The local server is a child: what its environment says wins over the file, as a flag of ours should.
    if settings.url and arguments.server:
        given = ", ".join("--" + name.replace("_", "-") for name in arguments.server)
        raise UsageError(f"{given} is for the local server, but --url names another one", "leave one of them out")
    for name, value in arguments.server.items():
        os.environ["WINDOWSEAT_" + name.upper()] = value
    if arguments.config is not None:
        os.environ[CONFIG_VARIABLE] = str(config_path(arguments.config, os.environ))


def _ask(arguments: Arguments, settings: ClientSettings) -> int:
    text = arguments.question
    if text == "-":
        text = sys.stdin.read(_LONGEST_QUESTION)
    if not text.strip():
        raise UsageError(
            "there is no question", 'try: windowseat ask "somewhere hot tomorrow, under 4 hours, from Valencia"'
        )
    with _recorder(arguments.record) as recorder, _server(settings) as server:
        from tui import headless
        from tui.connection import run_options

        options = run_options(settings.origin, settings.tz, arguments.options)
        if arguments.previous:
            from tui.previous import find_previous

            options["previous"] = find_previous(server.url(), arguments.previous, settings.pipeline)
        question = headless.Question(text=text.strip(), pipeline=settings.pipeline, options=options)
        report = _report(arguments, settings, obituary=server.obituary, recorder=recorder)
        return headless.ask(server.url(), question, report, attempts=settings.attempts)


def _recorder(path: str) -> AbstractContextManager["Recorder | None"]:
    if not path:
        return nullcontext()
    from tui.recording import Recorder  # with asyncio, for which the local server need not wait

    return Recorder(Path(path))


def _replay(arguments: Arguments, settings: ClientSettings) -> int:
    from tui import headless, recording

    recorded = recording.load(arguments.file)
    if arguments.in_app:
        why_not = _no_app(settings)
        if why_not is not None:
            raise UsageError(f"the app can't open: {why_not}", f"without it: windowseat replay {arguments.file}")
        from tui import app

        return app.replay(settings, recorded, arguments.speed)
    return headless.replay(recorded, arguments.speed, _report(arguments, settings, speed=arguments.speed))


def _on_runs(arguments: Arguments, settings: ClientSettings) -> int:
    """The commands about runs that a server keeps."""
    recorded = None
    if arguments.command == "import":
        from tui import recording

        recorded = recording.load_whole(arguments.file)  # before a server is started for it
    with _server(settings) as server:
        from tui import headless, history

        match arguments.command:
            case "show" | "attach":
                report = _report(arguments, settings, obituary=server.obituary)
                after, attempts = arguments.after, settings.attempts
                return headless.attach(server.url(), arguments.run, report, after=after, attempts=attempts)
            case "cancel":
                return _print(history.cancel(server.url(), arguments.run))
            case "delete":
                return _print(history.delete(server.url(), arguments.run))
            case "import" if recorded is not None:
                return _print(history.import_run(server.url(), recorded))
        text, more = history.runs(server.url(), arguments.page, as_json=arguments.form == "json")
        _print(text)
        if more is not None:
            import shlex

            page = arguments.page
            narrowed = f" --search {shlex.quote(page.search)}" if page.search else ""
            sys.stderr.write(f"note: for older ones: windowseat runs{narrowed} --limit {page.limit} --before {more}\n")
        return 0


def _conform(arguments: Arguments, settings: ClientSettings) -> int:
    from tui import conform

    assert settings.url is not None
    asked = conform.Asked(
        question=arguments.question or None, long_question=arguments.long_question or None, pipeline=settings.pipeline
    )
    return conform.run(settings.url, asked, as_json=arguments.form == "json")


def _pipelines(_: Arguments, settings: ClientSettings) -> int:
    with _server(settings) as server:
        from tui import listings

        return _print(listings.pipelines(server.url()))


def _about(_: Arguments, settings: ClientSettings) -> int:
    from tui.arguments import version

    with _server(settings) as server:
        _print(f"{version()}\nA window seat on slow work. MIT licence.\n\nData in its answers:\n")
        from tui import listings

        return _print(listings.attributions(server.url()))


def _doctor(arguments: Arguments, settings: ClientSettings) -> int:
    with _server(settings) as server:
        from tui import doctor

        found = doctor.examine(server.url(), as_json=arguments.form == "json")
        _print(found.text)
        return found.code


def _app(arguments: Arguments, settings: ClientSettings) -> int:
    question = arguments.question.strip() or None
    why_not = _no_app(settings)
    if why_not is None:
        from tui import app
        from tui.preferences import Preferences

        path = config_path(arguments.config, os.environ)
        preferences = Preferences(settings, arguments.flags, dict(os.environ), path)
        return app.run(settings, question, record=arguments.record, preferences=preferences)
    if question is None:
        raise UsageError(
            f"the app can't open: {why_not}", 'to get an answer here: windowseat ask "somewhere warm on Friday"'
        )
    return _ask(arguments, settings)


def _no_app(settings: ClientSettings) -> str | None:
    """Why the app can't open here; None where it can."""
    # Textual draws on stderr: with that in a file the app would be there, and nobody would see it.
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not all(stream.isatty() for stream in streams) or os.environ.get("TERM") == "dumb":
        return "this is no terminal that it could draw on"
    return "plain output was asked for" if settings.plain else None


class _RemoteServer:
    """Somebody else's server, where a LocalServer may stand: it is there already, and how it fares is unknown."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self) -> str:
        return self._url

    def obituary(self) -> str | None:
        return None


@contextmanager
def _server(settings: ClientSettings) -> Iterator["LocalServer | _RemoteServer"]:
    """A local server starts while the block runs on, and ends with it; its ``url()`` waits for it."""
    if settings.url:
        yield _RemoteServer(settings.url)
        return
    from tui.local_server import LocalServer

    with LocalServer() as server:
        yield server


def _report(arguments: Arguments, settings: ClientSettings, **given: Any) -> "Report":
    from tui.narrator import Narrator, Style
    from tui.report import Report

    on_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    colored = settings.color == "always" or (
        settings.color == "auto" and on_terminal and not os.environ.get("NO_COLOR")
    )
    style = Style(
        glyphs=on_terminal and not settings.plain,
        color=colored and not settings.plain,
        live=on_terminal and not settings.plain and not arguments.quiet,
        moving=settings.motion == "full",
        quiet=arguments.quiet,
        expand=settings.expand,
    )
    return Report(Narrator(sys.stderr, style), arguments.form, **given)


def _print(text: str) -> int:
    sys.stdout.write(text)
    sys.stdout.flush()
    return 0


def _complain(message: str, hint: str | None, code: int) -> int:
    with suppress(OSError):
        sys.stderr.write(f"windowseat: {message}\n" + (f"hint: {hint}\n" if hint else ""))
    return code
