"""When one session may paint: not before the governor's time, nor while the client hasn't taken what it has.

Meanwhile the app is in a batch, in which Textual only notes what has changed; then everything is painted as one frame.
"""

import asyncio
import time
from typing import Protocol

from tui.ssh.governor import Governor
from tui.ssh.outlet import Outlet
from tui.ssh.turns import Seat

TYPED_S = 0.4
"""Who typed is painted for at once for so long."""
_KEYS_PER_S, _KEYS = 20.0, 40.0
"""Keys each second, and at once, that count as a person's: a flood isn't painted for at once."""
_LOOK_S = 0.03


class Painting(Protocol):
    """The app: ``hold`` begins a batch, ``release`` ends it and paints what has changed."""

    def hold(self) -> None: ...

    def release(self) -> None: ...


class Pace:
    """``painted`` is to be called after each frame, ``typed`` at each key that isn't echoed at once."""

    def __init__(self, app: Painting, outlet: Outlet, governor: Governor, seat: Seat) -> None:
        self._app = app
        self._outlet = outlet
        self._governor = governor
        self._seat = seat
        self._typed_until = 0.0
        self._keys = _KEYS
        self._key_at = 0.0
        self._held = False
        self._closed = False
        self._next: asyncio.TimerHandle | None = None

    def painted(self) -> None:
        self._seat.rest()
        if self._closed or self._held:
            return
        if time.monotonic() < self._typed_until and self._outlet.is_free():
            return
        self._held = True
        self._app.hold()
        self._look_in(self._governor.period_s)

    def typed(self) -> None:
        if not self._is_person():
            return
        self._typed_until = time.monotonic() + TYPED_S
        self._seat.hurry()
        if self._held:
            self._look()

    def may_echo(self) -> bool:
        """Whether a letter may be painted at once and by itself."""
        return not self._closed and self._outlet.is_free() and self._is_person()

    def _is_person(self) -> bool:
        """Count a key."""
        now = time.monotonic()
        self._keys = min(_KEYS, self._keys + (now - self._key_at) * _KEYS_PER_S) - 1
        self._key_at = now
        if self._keys < 0:
            self._keys = 0.0
            return False
        return True

    def close(self) -> None:
        """For the way out; what is held stays so, nothing more is to be painted."""
        self._closed = True
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look_in(self, seconds: float) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        if self._closed or not self._held:
            return
        if self._outlet.closed:
            self.close()
        elif not self._outlet.is_free():
            self._look_in(_LOOK_S)
        else:
            if self._next is not None:
                self._next.cancel()
                self._next = None
            self._held = False
            self._app.release()
