"""Server-Sent Events frames: values in, bytes out. Writes what a reader of the standard gives back, or refuses."""

from typing import Final

from shared.frames import MAX_RETRY_MS

_LF: Final = 0x0A
_CR: Final = 0x0D


def encode_frame(
    data: str | None = None,
    *,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    """Return one block of lines in UTF-8, LF only, blank line included.

    ``data`` and ``comment`` may hold line ends: each line becomes one of its own, a reader gets LF between.
    ``data=""`` is an event with empty data, which a reader dispatches; ``id=""`` resets the reader's last id.

    Raises ``ValueError`` for what a reader of the standard wouldn't give back: CR or LF in ``id`` or
    ``event``, NUL in ``id``, an empty ``event`` or one without data, ``retry`` that isn't
    0…``MAX_RETRY_MS``, lone surrogates, nothing at all.
    """
    if event == "" or (event is not None and data is None):
        raise ValueError("an event type needs a name and data: no reader would see it otherwise")
    lines = [] if comment is None else [f": {line}" for line in _lines(comment)]
    if id is not None:
        lines.append(f"id: {_one_line('id', id)}")
    if event is not None:
        lines.append(f"event: {_one_line('event', event)}")
    if retry is not None:
        if isinstance(retry, bool) or not 0 <= retry <= MAX_RETRY_MS:
            raise ValueError(f"retry must be whole milliseconds from 0 to {MAX_RETRY_MS}, not {retry!r}")
        lines.append(f"retry: {retry:d}")
    if data is not None:
        lines += [f"data: {line}" for line in _lines(data)]
    if not lines:
        raise ValueError("a frame needs at least one of data, id, retry and comment")
    return _utf8("\n".join(lines) + "\n\n")


def encode_event_frame(event_id: bytes, data: bytes) -> bytes:
    """Return one ``id`` and one ``data`` line as a frame, from UTF-8: a quarter of ``encode_frame``'s cost.

    Raises ``ValueError`` if ``event_id`` or ``data`` isn't one line, or ``event_id`` holds NUL; that it is
    UTF-8 isn't checked.
    """
    if _LF in data or _CR in data or _LF in event_id or _CR in event_id or 0 in event_id:
        raise ValueError("the id and the data of an event frame must be one line each, the id without NUL")
    return b"id: %b\ndata: %b\n\n" % (event_id, data)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _one_line(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError(f"{name} must be one line: {value!r}")
    if name == "id" and "\0" in value:
        raise ValueError(f"id can't hold NUL, a reader would ignore it: {value!r}")
    return value


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        lone = text[error.start]
        raise ValueError(f"a frame is UTF-8, which can't carry the lone surrogate {lone!r}") from None
