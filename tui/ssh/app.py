"""The app as one of many in a process: painted at a pace, its troubles in our log and not on the client's screen."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from rich.console import RenderableType
from textual.app import ScreenError, SystemCommand
from textual.events import Event
from textual.message_pump import MessagePump
from textual.screen import Screen

from tui import application
from tui.application import WindowseatApp
from tui.desk import Desk
from tui.painting import Piece
from tui.session import Session
from tui.ssh.console import ROUTER, error_console
from tui.ssh.driver import ChannelDriver
from tui.ssh.governor import Governor
from tui.ssh.link import Link
from tui.ssh.pace import Pace
from tui.ssh.rules import share_rules
from tui.ssh.turns import Seat

_NOT_HERE = frozenset({"Screenshot"})

log = logging.getLogger(__name__)


class SshApp(WindowseatApp):
    """``painted`` is set at the first frame. ``crashed``: whether it ended by a fault of ours."""

    CSS_PATH = str(Path(application.__file__).with_name("windowseat.tcss"))

    def __init__(
        self, desk: Desk, question: str | None, *, session: Session, link: Link, governor: Governor, seat: Seat
    ) -> None:
        super().__init__(desk, question, session=session)
        self.link = link
        self.pace = Pace(self, link.outlet, governor, seat)
        self.painted = asyncio.Event()
        self.crashed = False
        self.driver_class = ChannelDriver
        self.error_console = error_console()
        self._capture_stdout = self._capture_stderr = ROUTER  # type: ignore[assignment]  # writable is all it must be
        share_rules(self)
        self._seat = seat
        self._missed = False
        self._in_hand = 0
        self._echoes = False
        self.pace.typed()  # the first frames are waited for

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        return (command for command in super().get_system_commands(screen) if command.title not in _NOT_HERE)

    # --- painting ---------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        self._missed = False
        self._begin_batch()

    def release(self) -> None:
        """What was drawn in between is lost: then all is painted again, which costs less than it seems."""
        self._batch_count -= 1
        with self._context(), suppress(ScreenError):
            if not self._missed and not any(map(_waits, self.screen_stack)):
                return  # nobody has to be woken
            self.check_idle()
            if self._missed:
                self.screen.refresh()
            self.screen.check_idle()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if renderable is None:
            return
        if self._batch_count:
            self._missed = True
        super()._display(screen, renderable)
        if not self._batch_count and not self._echoes:
            self.painted.set()
            self.pace.painted()

    # --- letters ----------------------------------------------------------------------------------------------------

    async def on_event(self, event: Event) -> None:
        self._in_hand += 1
        try:
            await super().on_event(event)
        finally:
            self._in_hand -= 1

    def echo(self, letter: str) -> bool:
        """A letter for the prompt is typed and painted in the very turn in which it comes, if nothing that came before
        it is still to be done; False if it has to go the way of all keys. That way is four turns, and half a frame.

        It stands on what Textual does with such a key: test_echo.py compares the two.
        """
        if not self._waits_for_keys() or self.screen is not self._main:
            return False
        with self._context():
            look = self._main.takes(letter)
            if look is None or not self.pace.may_echo():
                return False
            held, self._batch_count, self._echoes = self._batch_count, 0, True
            try:
                self._main.echo(letter, look, self._draw_piece)
            except Exception as error:
                self._handle_exception(error)
            finally:
                self._batch_count, self._echoes = held, False
        return True

    def _draw_piece(self, piece: Piece) -> bool:
        """A frame of one piece; False where it isn't known what stands there, or nothing may be drawn."""
        sequences = self._shown.change(piece, self.size, self.console) if self._draws_on_terminal else None
        if sequences is None:
            return False
        x, y = self._previous_cursor_position = self._main.outer_size.clamp_offset(self.cursor_position)
        cast(ChannelDriver, self._driver).send(f"{sequences}\x1b[{y + 1};{x + 1}H")
        return True

    def _waits_for_keys(self) -> bool:
        pumps: tuple[MessagePump, ...] = (self, self._main, self._main.prompt)
        return (
            self._running
            and self.app_focus
            and not self._in_hand
            and self._seat.is_quiet
            and all(pump._message_queue.empty() for pump in pumps)
        )

    async def _shutdown(self) -> None:
        self.pace.close()
        await super()._shutdown()

    # --- faults -----------------------------------------------------------------------------------------------------

    def _handle_exception(self, error: Exception) -> None:
        """To the log, without the values of variables: they are what people ask."""
        if not self.crashed:
            self.crashed = True
            log.error("a session failed", exc_info=error)
        self._return_code = 1
        self._exception = self._exception or error
        self._exception_event.set()
        self._close_messages_no_wait()


def _waits(screen: Screen[Any]) -> bool:
    """Whether something is to be painted, as Textual looks for it."""
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )
