"""What the client and its callers exchange: events received, the state of the connection, lists; and ``tui.errors``.

No httpx here, so that a front end can name these before it pays for the import of ``tui.client``.
"""

from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from shared.events import Column, LogEvent, PlanStep, StreamSnapshot
from shared.view import RunView, fold
from tui.errors import ANSWERED as ANSWERED
from tui.errors import FAILED as FAILED
from tui.errors import INTERRUPTED as INTERRUPTED
from tui.errors import UNREACHABLE as UNREACHABLE
from tui.errors import USAGE as USAGE
from tui.errors import ClientError as ClientError
from tui.errors import LocalServerError as LocalServerError
from tui.errors import NotReachable as NotReachable
from tui.errors import ProtocolViolation as ProtocolViolation
from tui.errors import RecordingError as RecordingError
from tui.errors import Refused as Refused
from tui.errors import StreamCut as StreamCut
from tui.errors import UnclearRun as UnclearRun
from tui.errors import exit_code_of as exit_code_of

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


def run_options(origin: str | None, tz: str | None, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """The ``options`` sent with every question: ``from`` and ``tz`` where known, and what the caller gave by name."""
    options: dict[str, Any] = {}
    if tz:
        options["tz"] = tz
    if origin:
        options["from"] = origin
    return options | (extra or {})
