"""The events of a run, one frozen struct each, and their JSON.

The vocabulary is PROTOCOL.md's: every event carries its position in the log (``seq``, from 1) and ``t``, the
milliseconds since the run began. Unknown fields are dropped and unknown types are kept as ``UnknownEvent``, so that an
older reader survives a newer server. Pure: values in, bytes out; never a clock, never a socket.
"""

import re
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias, final

import msgspec

from shared.errors import MalformedEvent
from shared.text import clean_json

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 256 * 1024
"""The largest frame that a server may send (PROTOCOL.md, Frames)."""

StepStatus: TypeAlias = Literal["ok", "degraded", "failed", "skipped", "cancelled"]
RunStatus: TypeAlias = Literal["ok", "partial", "failed", "cancelled", "interrupted"]
RowState: TypeAlias = Literal["provisional", "confirmed"]
Level: TypeAlias = Literal["info", "warning", "error"]
TokenKind: TypeAlias = Literal["answer", "reasoning"]
NoticeKind: TypeAlias = Literal["queued", "cancelling", "degraded", "recovered", "deadline"]
ColumnKind: TypeAlias = Literal[
    "text",
    "code",
    "integer",
    "number",
    "duration",
    "temperature",
    "percent",
    "list",
    "latitude",
    "longitude",
    "category",
    "series",
]


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an event. Fields that hold their default are left out of the JSON."""


class PlanStep(_Value, frozen=True, kw_only=True):
    """A step as it is known before anything runs; ``needs`` are ids of steps that end before it starts."""

    id: str
    title: str
    needs: tuple[str, ...] = ()
    parent: str | None = None
    optional: bool = False


class Column(_Value, frozen=True, kw_only=True):
    """A column of the result. ``kind`` says how to align, format and sort its cells:

    ``text``, ``code`` (short, fixed width), ``integer``, ``number``, ``duration`` (minutes), ``temperature`` (°C),
    ``percent`` (0-100), ``list`` (of strings); and, which tables don't show, ``latitude``/``longitude`` (WGS 84
    degrees, for a map; its origin is the last step whose outcome has ``lat`` and ``lon``), ``category`` (a word that
    gives a mark on the map its colour and shape) and ``series`` (numbers, or pairs of a label and a number, drawn as a
    small line).
    ``unit`` is written behind the label.
    """

    key: str
    label: str
    kind: ColumnKind
    unit: str | None = None


class Evidence(_Value, frozen=True, kw_only=True):
    """One call to a source of facts, outside or bundled, with every secret already removed.

    ``status`` is an HTTP status or a word ("ok", "timeout"); ``ms`` its duration; ``bytes`` what was received;
    ``as_of`` the age of the facts (RFC 3339 date or date-time) where the source tells it.
    """

    id: str
    source: str
    operation: str
    request: dict[str, Any] = {}
    status: int | str
    ms: int
    cached: bool = False
    retries: int = 0
    bytes: int = 0
    as_of: str | None = None
    excerpt: str | None = None


class ErrorInfo(_Value, frozen=True, kw_only=True):
    """What went wrong, for a person: ``message`` says what and whose fault, ``hint`` what to try."""

    code: str
    message: str
    hint: str | None = None
    retryable: bool


class RowUpsert(_Value, frozen=True, kw_only=True):
    """A row that is new or better known. Given cells replace those of the same key; the others stay.

    ``from_`` (``from`` in JSON) names, by cell key, the id of the evidence that a cell came from.
    """

    id: str
    cells: dict[str, Any]
    state: RowState
    from_: dict[str, str] | None = msgspec.field(name="from", default=None)


class RowRemoval(_Value, frozen=True, kw_only=True):
    """A row that is out, and why, in words."""

    id: str
    why: str


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What all events of the log have: ``seq`` 1, 2, 3 … without a gap, and ``t`` in ms since the run began."""

    seq: int
    t: int


class RunStarted(Event, frozen=True, kw_only=True, tag="run.started"):
    v: int
    run: str
    pipeline: str
    title: str
    question: str
    started_at: str
    plan: tuple[PlanStep, ...]
    columns: tuple[Column, ...]


class StepStarted(Event, frozen=True, kw_only=True, tag="step.started"):
    step: str
    attempt: int
    say: str


class StepProgress(Event, frozen=True, kw_only=True, tag="step.progress"):
    step: str
    attempt: int
    done: int
    total: int | None = None
    unit: str | None = None


class StepLog(Event, frozen=True, kw_only=True, tag="step.log"):
    step: str
    attempt: int
    level: Level
    text: str
    evidence: Evidence | None = None


class StepToken(Event, frozen=True, kw_only=True, tag="step.token"):
    """Text of a language model: its ``answer``, or the ``reasoning`` that it wrote on the way and that is no answer."""

    step: str
    attempt: int
    text: str
    kind: TokenKind = "answer"


class StepFinished(Event, frozen=True, kw_only=True, tag="step.finished"):
    """``detail`` is the step's typed outcome as JSON; ``retry_in_ms`` says that another attempt supersedes this one."""

    step: str
    attempt: int
    status: StepStatus
    ms: int
    say: str
    detail: Any = None
    error: ErrorInfo | None = None
    retry_in_ms: int | None = None


class RowsChanged(Event, frozen=True, kw_only=True, tag="rows.changed"):
    """Upserts apply before removals, so that one event can introduce a row and say why it is out."""

    step: str
    attempt: int
    upsert: tuple[RowUpsert, ...] = ()
    remove: tuple[RowRemoval, ...] = ()


class RunNotice(Event, frozen=True, kw_only=True, tag="run.notice"):
    kind: NoticeKind
    text: str


class RunFinished(Event, frozen=True, kw_only=True, tag="run.finished"):
    """``events`` is its own ``seq``: the length of the log. ``order`` lists row ids, best first."""

    status: RunStatus
    say: str
    ms: int
    events: int
    degraded: tuple[str, ...] = ()
    error: ErrorInfo | None = None
    order: tuple[str, ...] | None = None


class UnknownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a newer vocabulary: it counts in the sequence and changes nothing else."""

    type: str
    seq: int
    t: int


@final
class StreamSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.snapshot"):
    """Belongs to one connection, not to the log: the folded view of events 1 … ``upto``."""

    upto: int
    view: Any


@final
class StreamBye(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stream.bye"):
    """Belongs to one connection: the server ends it; come back after ``retry_ms``."""

    reason: Literal["shutdown", "slow", "too_old"]
    retry_ms: int


KnownEvent: TypeAlias = (
    RunStarted | StepStarted | StepProgress | StepLog | StepToken | StepFinished | RowsChanged | RunNotice | RunFinished
)
LogEvent: TypeAlias = KnownEvent | UnknownEvent
WireEvent: TypeAlias = LogEvent | StreamSnapshot | StreamBye

WireKnown: TypeAlias = KnownEvent | StreamSnapshot | StreamBye
_encode = msgspec.json.Encoder().encode
_decode: Final[Callable[[bytes | str], WireKnown]] = msgspec.json.Decoder(WireKnown).decode
_FAILURES = (msgspec.DecodeError, RecursionError, UnicodeError)  # a ValidationError is a DecodeError
_envelope = msgspec.json.Decoder(UnknownEvent)
_KNOWN_TYPES = frozenset(cls.__struct_config__.tag for cls in WireKnown.__args__)

# Line separators of other standards: some readers split on them, so they are never sent raw.
# Three plain searches take a third of the time of one regular expression, with a look for their rarest byte before each
# a quarter of that, and ASCII alone, which most events are, a thirtieth.
_ESCAPED = (
    (0xE2, b"\xe2\x80\xa8", rb"\u2028"), (0xE2, b"\xe2\x80\xa9", rb"\u2029"), (0x85, b"\xc2\x85", rb"\u0085"),
)  # fmt: skip

# JSON that can hold a character that must not reach a terminal: an escape other than \" \\ \/ \n \t, DEL, C1, soft
# hyphen, or anything from combining marks (U+0300) up but for the common punctuation of U+2010-2027.
_SUSPECT = re.compile(rb"\\[ubfr]|\x7f|\xc2[\x80-\x9f\xad]|[\xcc-\xe1\xe3-\xff]|\xe2(?!\x80[\x90-\xa7])")


def encode_event(event: KnownEvent | StreamSnapshot | StreamBye) -> bytes:
    """One line of JSON in UTF-8, without raw U+2028, U+2029 and U+0085, absent optional fields left out.

    Raises UnicodeEncodeError for a lone surrogate and TypeError for a ``detail`` that is not JSON: both are the
    caller's fault, since text is cleaned where it enters.
    """
    data = _encode(event)
    return data if data.isascii() else escape_separators(data)


def escape_separators(data: bytes) -> bytes:
    """JSON without raw U+2028, U+2029 and U+0085, which some readers of lines take for line ends."""
    if data.isascii():
        return data
    for rarest, raw, escaped in _ESCAPED:
        if rarest in data and raw in data:
            data = data.replace(raw, escaped)
    return data


def decode_event(data: bytes | str) -> WireEvent:
    """The event in a frame's ``data``. Raises MalformedEvent; a type of the future is an UnknownEvent."""
    try:
        return _decode(data)
    except _FAILURES as error:
        return _decode_unknown(data, error)


def decode_untrusted(data: bytes | str) -> WireEvent:
    """Like ``decode_event``, with every string made fit for a terminal: for readers of somebody else's stream.

    Nearly all frames hold nothing suspect and are decoded straight; the others go through ``clean_json`` first.
    """
    if isinstance(data, str):
        # The expression takes 10 ns a byte; what it can find in ASCII has a backslash or is DEL.
        if data.isascii() and "\\" not in data and "\x7f" not in data:
            try:
                return _decode(data)  # decode_event, without the call
            except _FAILURES as error:
                return _decode_unknown(data, error)
        data = data.encode("utf-8", "replace")
    if not _SUSPECT.search(data):
        return decode_event(data)
    try:
        tree = clean_json(msgspec.json.decode(data))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise MalformedEvent(str(error)) from None
    return decode_event(msgspec.json.encode(tree))


def _decode_unknown(data: bytes | str, error: Exception) -> UnknownEvent:
    if not isinstance(error, msgspec.ValidationError):
        raise MalformedEvent(str(error)) from None
    try:
        envelope = _envelope.decode(data)
    except (msgspec.DecodeError, RecursionError) as worse:
        raise MalformedEvent(str(worse)) from None
    if envelope.type in _KNOWN_TYPES:
        raise MalformedEvent(f"{envelope.type}: {error}") from None
    return envelope
