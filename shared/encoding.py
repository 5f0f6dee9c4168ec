"""Server-Sent Events frames: values in, bytes out. Writes what a reader of the standard gives back, or refuses."""

from shared.blocks import MAX_RETRY_MS


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


class EventFrames:
    """The frames of one run's events: an ``id`` line ``<run>.<seq>`` and a ``data`` line, at a fifth of
    ``encode_frame``'s cost, since what they have in common is made and checked once.

    Raises ``ValueError`` if ``run`` isn't one line, holds NUL or lone surrogates.
    """

    __slots__ = ("_frame",)

    def __init__(self, run: str) -> None:
        self._frame = _utf8(f"id: {_one_line('id', run)}.").replace(b"%", b"%%") + b"%d\ndata: %b\n\n"

    def encode(self, seq: int, data: bytes) -> bytes:
        """The frame of event ``seq``, whose ``data`` is one line of UTF-8: not checked here, once for each reader, but
        once where an event is made or comes in."""
        return self._frame % (seq, data)


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
