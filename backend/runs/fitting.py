"""Events made to fit their frame: whatever a step says, its run can still be told to the end.

A frame has a limit that readers rely on (PROTOCOL.md, Frames): what is larger is cut and says so.
"""

from typing import Any, TypeVar, cast

import msgspec

from shared import events as ev
from shared.text import clean_json

E = TypeVar("E", bound=ev.Event)

# What is left of a frame's 256 KiB for the JSON, after "id: …" and "data: ".
MAX_DATA_BYTES = ev.MAX_FRAME_BYTES - 256
_LONGEST_TEXT, _LONGEST_TOKENS = 2_000, 20_000
_LARGEST_REQUEST_BYTES = 16 * 1024
_MOST_IN_ORDER = 1_000
_LF, _CR = 10, 13


def fit_frame(event: E) -> tuple[E, bytes]:
    """The event and its JSON, one line of at most MAX_DATA_BYTES.

    Raises TypeError for a part that isn't JSON, and ValueError for what can't be cut without changing its meaning.
    """
    try:
        data = ev.encode_event(event)  # type: ignore[arg-type]  # every subclass of Event is a KnownEvent
    except UnicodeEncodeError:  # half of a surrogate pair: a model's text arrives in pieces
        event = _rebuilt(event, cast(dict[str, Any], clean_json(_tree(event))))
        data = ev.encode_event(event)  # type: ignore[arg-type]  # as above
    if len(data) > MAX_DATA_BYTES:
        event = _shortened(event, len(data))
        data = ev.encode_event(event)  # type: ignore[arg-type]  # as above
        if len(data) > MAX_DATA_BYTES:
            raise ValueError(f"{type(event).__name__}: {len(data):,} bytes are more than one event may have")
    if _LF in data or _CR in data:
        data = _one_line(event, data)
    return event, data


def _one_line(event: ev.Event, data: bytes) -> bytes:
    """JSON that a step gave as it is, a ``msgspec.Raw``, may have line ends between its tokens."""
    try:
        return ev.escape_separators(msgspec.json.encode(msgspec.json.decode(data)))
    except msgspec.DecodeError as error:
        raise ValueError(f"{type(event).__name__}: a part of it is no JSON: {error}") from None


def _shortened(event: E, size: int) -> E:
    note = f"cut: {size:,} bytes are more than one event may have"
    if isinstance(event, ev.RowsChanged):
        return event
    if isinstance(event, ev.StepFinished) and event.detail is not None:
        event = msgspec.structs.replace(event, detail={"cut": note})
    tree = _tree(event)
    request = tree.get("evidence", {}).get("request")
    if request and len(msgspec.json.encode(request)) > _LARGEST_REQUEST_BYTES:
        tree["evidence"]["request"] = {"cut": note}
    if "order" in tree:
        tree["order"] = tree["order"][:_MOST_IN_ORDER]
    longest = _LONGEST_TOKENS if isinstance(event, ev.StepToken) else _LONGEST_TEXT
    return _rebuilt(event, _cut_texts(tree, longest, note))


def _cut_texts(value: Any, longest: int, note: str) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else f"{value[:longest]} … ({note})"
    if isinstance(value, dict):
        return {key: _cut_texts(item, longest, note) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cut_texts(item, longest, note) for item in value]
    return value


def _tree(event: ev.Event) -> dict[str, Any]:
    # Without a detail: it is JSON already, and msgspec takes no Raw apart.
    if isinstance(event, ev.StepFinished):
        event = msgspec.structs.replace(event, detail=None)
    tree: dict[str, Any] = msgspec.to_builtins(event)
    return tree


def _rebuilt(event: E, tree: dict[str, Any]) -> E:
    rebuilt = msgspec.convert(tree, type(event))
    if isinstance(event, ev.StepFinished):
        return msgspec.structs.replace(rebuilt, detail=event.detail)
    return rebuilt
