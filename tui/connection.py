"""What the client and its callers exchange: events received, the state of the connection, lists, errors.

No httpx here, so that a front end can name these before it pays for the import of ``tui.client``.

ClientError                 ``str()`` is a sentence for a person, ``hint`` what to try
├─ NotReachable             nobody answers at the URL, or not in time
├─ Refused                  the server answered with an error (RFC 9457 where it can)
├─ StreamCut                the stream ended before the run did and could not be resumed
├─ UnclearRun               several runs are meant, or none
└─ ProtocolViolation        what was received can't be trusted: a gap, a malformed event, not a Windowseat server
LocalServerError            a server of one's own could not start
RecordingError              a file is no recording of a run, or can't be read or written
"""

from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from shared.events import Column, LogEvent, PlanStep, StreamSnapshot
from shared.view import RunView, fold

ANSWERED, FAILED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes of the command line: answered (also in part), the run failed, wrong usage, no server, Ctrl+C."""

ConnectionState: TypeAlias = Literal["connecting", "connected", "reconnecting", "ended"]


class Received(msgspec.Struct, frozen=True, gc=False):
    """An event of the log, every string made fit for a terminal, and its JSON line exactly as the server sent it.

    A StreamSnapshot says that events are missing before its ``upto``, since the server no longer has them, and brings
    the RunView that they had made: what was known before is void (``view_after``).
    """

    event: LogEvent | StreamSnapshot
    data: str


def view_after(view: RunView, received: Received) -> RunView:
    """``fold``, for whatever a client receives."""
    event = received.event
    if type(event) is StreamSnapshot:
        anew: RunView = event.view
        return anew
    return fold(view, event)


class Connection(NamedTuple):
    """The state of the stream. When ``reconnecting``: which attempt (from 1) of how many, after how many seconds, and
    why. ``run`` is the run's id as soon as it is known, which may be before its first event."""

    state: ConnectionState
    attempt: int = 0
    wait_s: float = 0.0
    why: str = ""
    attempts: int = 0
    run: str = ""


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A line of ``GET /runs``. ``status`` is ``running`` or how the run ended; ``ms`` is None while it runs."""

    run: str
    pipeline: str
    question: str
    started_at: str
    status: str
    events: int = 0
    ms: int | None = None


class RunList(msgspec.Struct, frozen=True, kw_only=True):
    """``GET /runs``; ``next`` is the ``before`` of the next page, None where there is none."""

    runs: list[RunSummary] = []
    next: str | None = None


class OptionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An option that a pipeline takes; ``kind`` is ``text``, ``number`` or ``flag``."""

    key: str
    label: str = ""
    kind: str = "text"


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a pipeline's data comes from, in the words that their licence asks for."""

    text: str
    url: str | None = None


class PipelineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What can be asked, as ``GET /pipelines`` tells it; ``follow_ups``: a question may refine an earlier run."""

    name: str
    title: str
    plan: tuple[PlanStep, ...] = ()
    columns: tuple[Column, ...] = ()
    examples: tuple[str, ...] = ()
    options: tuple[OptionInfo, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    follow_ups: bool = False


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How a source of facts fares (see ``GET /sources``): ``works`` is None where nobody asked it."""

    fact: str
    id: str
    name: str
    used: bool = False
    wanted: bool = False
    key: str = "none needed"
    works: bool | None = None
    says: str = ""
    hint: str | None = None
    setting: str | None = None
    quota: str | None = None
    costs: str | None = None
    ms: int | None = None


class CheckedPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """The sources of one pipeline."""

    pipeline: str
    title: str = ""
    sources: tuple[SourceInfo, ...] = ()


class SourcesInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What ``GET /sources`` tells; ``asked``: whether the sources themselves were."""

    asked: bool = False
    pipelines: tuple[CheckedPipeline, ...] = ()


class ClientError(Exception):
    """The root of what a client call raises."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class NotReachable(ClientError):
    """Nobody answers at the URL, or not in time."""


class Refused(ClientError):
    """The server answered with an error; ``status`` is the HTTP status, the rest is its problem document."""

    def __init__(
        self, status: int, title: str, detail: str = "", *, hint: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"the server refused ({status} {title}){': ' + detail if detail else ''}", hint=hint)
        self.status = status
        self.title = title
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def passing(self) -> bool:
        """Whether the same request may be answered later: overload, restart, a proxy without its server."""
        return self.status >= 500 or self.status in (408, 425, 429)


class StreamCut(ClientError):
    """The stream ended without ``run.finished`` and could not be resumed. ``run`` is None if it never began."""

    def __init__(self, message: str, *, run: str | None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.run = run


class ProtocolViolation(ClientError):
    """What was received breaks the protocol; nothing after it can be trusted."""


class UnclearRun(ClientError):
    """The beginning of an id means several runs, or there is none yet."""


class RecordingError(Exception):
    """A file that can't be used as a recording; ``str()`` names the file and the line, ``hint`` what to try."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class LocalServerError(Exception):
    """The local server could not start. ``usage``: a setting was wrong, which the person can mend."""

    def __init__(self, message: str, *, usage: bool = False) -> None:
        super().__init__(message)
        self.usage = usage


def exit_code_of(error: ClientError | LocalServerError) -> int:
    """2 when what was asked or set is at fault, so that asking again won't help; else 3: nobody there, or able."""
    if isinstance(error, LocalServerError):
        return USAGE if error.usage else UNREACHABLE
    at_fault = isinstance(error, UnclearRun) or (isinstance(error, Refused) and not error.passing)
    return USAGE if at_fault else UNREACHABLE


def run_options(origin: str | None, tz: str | None, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """The ``options`` sent with every question: ``from`` and ``tz`` where known, and what the caller gave by name."""
    options: dict[str, Any] = {}
    if tz:
        options["tz"] = tz
    if origin:
        options["from"] = origin
    return options | (extra or {})
