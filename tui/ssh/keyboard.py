"""What a client types, as Textual's events: parsed by Textual's own parser, kept in bounds by us."""

import asyncio
import codecs
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message
from textual.messages import InBandWindowResize

MAX_PASTE = 64 * 1024
"""Characters of one paste; the rest of it is dropped (the parser keeps a paste until its end)."""
_SLICE = 256
_PER_S, _BURST = 150.0, 500.0
"""Events that a client may cause each second, and at once. A person with a mouse stays far below."""
_TICK_S = 0.05
_PASTE = re.compile("\x1b\\[20([01])~")
_UNWANTED = (events.Resize, events.CursorPosition, InBandWindowResize)


class Keyboard:
    """``post`` gets the events, but for letters that ``echo`` has taken; ``pause`` and ``resume`` stop and start what
    the channel delivers."""

    def __init__(
        self,
        post: Callable[[Message], None],
        echo: Callable[[str], bool],
        pause: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        self._post = post
        self._echo = echo
        self._pause = pause
        self._resume = resume
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._parser = XTermParser()
        self._waiting = ""
        self._tail = ""
        self._pasted: int | None = None
        self._may = _BURST
        self._counted_at = time.monotonic()
        self._next: asyncio.TimerHandle | None = None
        self._paused = False
        self._closed = False

    def feed(self, data: bytes) -> None:
        if self._closed:
            return
        self._waiting += self._decode(data)
        if not self._paused and self._next is None:
            self._work()
        elif self._next is not None and not self._paused:
            self._next.cancel()  # only the tick of a lone escape was waited for
            self._work()

    def close(self) -> None:
        """A parser has itself in a cache of its class, and is kept alive by a generator that hasn't ended."""
        if self._closed:
            return
        self._closed = True
        self._waiting = ""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        with suppress(Exception):
            list(self._parser.feed(""))
        XTermParser._parse_extended_key.cache_clear()

    def _work(self) -> None:
        """Parse a slice, and come back while there is more: other sessions want their turn."""
        self._next = None
        now = time.monotonic()
        self._may = min(_BURST, self._may + (now - self._counted_at) * _PER_S)
        self._counted_at = now
        slice_, self._waiting = self._waiting[:_SLICE], self._waiting[_SLICE:]
        self._may -= self._parse(self._within_paste(slice_))
        if self._closed:
            return
        if self._waiting:
            if not self._paused:
                self._paused = True
                self._pause()
            self._come_back(0.0 if self._may > 0 else -self._may / _PER_S + 0.01)
            return
        if self._paused:
            self._paused = False
            self._resume()
        if self._next is None:
            self._wait_for_more()

    def _wait_for_more(self) -> None:
        if self._parser._timeout_time is not None:
            self._come_back(_TICK_S, self._tick)

    def _come_back(self, seconds: float, what: Callable[[], None] | None = None) -> None:
        self._next = asyncio.get_running_loop().call_later(seconds, what or self._work)

    def _tick(self) -> None:
        """An escape that nothing followed is the key."""
        self._next = None
        if not self._closed:
            self._guarded(self._parser.tick())
            self._wait_for_more()

    def _parse(self, text: str) -> int:
        if len(text) == 1 and text.isprintable() and self._pasted is None and self._parser._timeout_time is None:
            # A letter by itself, as the parser says it, without what it would tell its log.
            return 1 if self._echo(text) else self._guarded(self._parser._sequence_to_key_events(text), echoes=False)
        return self._guarded(self._parser.feed(text)) if text else 0

    def _guarded(self, found: Iterable[Message], *, echoes: bool = True) -> int:
        """How many events there were. Some sequences make the parser raise; it is of no use after that."""
        count = 0
        try:
            for event in found:
                count += 1
                if not (isinstance(event, _UNWANTED) or (echoes and self._is_echoed(event))):
                    self._post(event)
        except Exception:
            with suppress(Exception):
                list(self._parser.feed(""))
            self._parser = XTermParser()
            self._pasted = None
        return count

    def _is_echoed(self, event: Message) -> bool:
        return isinstance(event, events.Key) and event.is_printable and self._echo(event.character or "")

    def _within_paste(self, text: str) -> str:
        """``text`` without what is too much of a paste. A marker may lie across two slices."""
        kept: list[str] = []
        joined = self._tail + text
        start = len(self._tail)
        for marker in _PASTE.finditer(joined):
            if marker.end() <= start:
                continue
            kept.append(self._counted(joined[start : marker.end()], ends=marker[1] == "1"))
            self._pasted = 0 if marker[1] == "0" else None
            start = marker.end()
        kept.append(self._counted(joined[start:], ends=False))
        self._tail = joined[-5:]
        return "".join(kept)

    def _counted(self, text: str, *, ends: bool) -> str:
        if self._pasted is None:
            return text
        self._pasted += len(text)
        if self._pasted <= MAX_PASTE:
            return text
        return "\x1b[201~" if ends else ""
