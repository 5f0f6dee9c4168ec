"""A terminal that goes away without a signal: its program would otherwise run on for ever, reading the end of a file.

The kernel sends SIGHUP to the session whose controlling terminal goes; a program that stands on a terminal that isn't
its session's (some containers, ``setsid``, a terminal emulator that was killed beside it) is told nothing.
"""

import asyncio
import select
import signal

_LOOK_S = 1.0
_GONE = getattr(select, "POLLHUP", 0) | getattr(select, "POLLERR", 0)


async def end_with(terminal: int = 0) -> None:
    """End this process as SIGHUP does, once nobody is behind the file descriptor any more. For ever, so cancel it."""
    if not hasattr(select, "poll") or not hasattr(signal, "SIGHUP"):
        return
    poll = select.poll()
    poll.register(terminal, 0)
    while not any(event & _GONE for _, event in poll.poll(0)):  # noqa: ASYNC110  # the loop can't tell
        await asyncio.sleep(_LOOK_S)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.raise_signal(signal.SIGHUP)
