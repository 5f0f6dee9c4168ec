"""The values at the boundary: how an upstream is described, what a reply holds, how an upstream fares."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from backend.upstream.errors import UpstreamError
from shared.secret import Secret


class Lifetime(msgspec.Struct, frozen=True):
    """For how long a reply is good, in seconds: ``fresh_s`` without asking, ``stale_s`` more when asking fails.

    ``Cache-Control`` and ``Expires`` replace ``fresh_s``, unless ``ours`` says that the facts are known to last (a
    timetable behind a web framework's default ``no-cache``). ``private`` replies are kept in memory, never on disk.
    """

    fresh_s: float
    stale_s: float = 0.0
    ours: bool = False
    private: bool = False


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer. ``data`` is decoded, every string in it cleaned and without secrets; ``headers`` are lower-case
    and only those that are of use. ``age_s`` counts from ``fetched_at``. ``stale_because`` is the error for which a
    reply was used that is past its time."""

    status: int
    headers: Mapping[str, str]
    data: Any
    fetched_at: datetime
    cached: bool = False
    age_s: float = 0.0
    retries: int = 0
    ms: int = 0
    bytes: int = 0
    stale_because: UpstreamError | None = None


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """What an upstream says is ``left`` of ``limit`` calls; ``resets_in_s`` seconds from when it said so."""

    left: float
    limit: float | None = None
    resets_in_s: float | None = None
    per: str = ""


class Window(NamedTuple):
    """At most ``calls`` (or points of weight) within any ``seconds``."""

    calls: float
    seconds: float


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """An upstream before it is opened. ``name`` is for people ("AirLabs"), ``id`` for settings ("airlabs").

    ``key`` goes into the query as ``key_param`` or into the header ``key_header`` behind ``key_prefix``; both are
    added to every call, and the key is removed from everything that comes back; ``key_hint`` is what to try where it is
    refused. ``configured`` is whether there is what it needs: a key where ``needs_key``, and an address.
    ``rate_limited_s`` is for how long it is left alone after a 429 that names no time (None: it may be asked again at
    once). ``read_quota`` gets status, headers (lower-case) and decoded body of every answer, before anything is
    stripped from it.
    """

    id: str
    name: str
    base_url: str
    key: Secret | None = None
    needs_key: bool = False
    key_param: str | None = None
    key_header: str | None = None
    key_prefix: str = ""
    key_hint: str = "Check the key."
    headers: Mapping[str, str] = {}
    concurrency: int = 4
    connect_s: float = 2.0
    read_s: float = 5.0
    max_bytes: int = 1 << 20
    windows: Sequence[Window] = ()
    rate_limited_s: float | None = None
    read_quota: Callable[[int, Mapping[str, str], Any], Quota | None] | None = None


class UpstreamState(msgspec.Struct, frozen=True, kw_only=True):
    """How an upstream fares, without secrets. ``calls`` were made within each window, by its name ("minute", "month");
    ``paused_s``: it is left alone for so long, because of ``last_error``."""

    id: str
    name: str
    host: str
    configured: bool
    circuit: Literal["closed", "open", "half_open"] = "closed"
    quota: Quota | None = None
    calls: Mapping[str, float] = {}
    last_ok_at: datetime | None = None
    last_error: str | None = None
    paused_s: float | None = None
