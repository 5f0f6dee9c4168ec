"""Copying, over whatever stands between the app and the person's clipboard; and saying truly how it went.

In tmux its own command first (its default settings swallow OSC 52 from programs), over SSH OSC 52, on one's own machine
the tool that is there. Nothing is claimed that nobody can know: a terminal never confirms OSC 52.
"""

import asyncio
import base64
from collections.abc import Callable, Sequence

from tui.terminal import Terminal

TOOL_S = 3.0
"""How long a tool may take before it counts as failed."""
MAX_OSC52 = 74_994
"""Longest Base64 text that terminals are known to take."""


async def copy(text: str, terminal: Terminal, send_osc52: Callable[[str], None]) -> str:
    """Copy ``text``; what to tell the person, as a sentence. ``send_osc52`` sends it through the terminal."""
    if terminal.tmux and await _piped([terminal.tmux, "load-buffer", "-w", "-"], text):
        return "Copied to tmux's buffer, and handed on to your terminal."
    if not terminal.tmux and terminal.clipboard and await _piped(terminal.clipboard, text):
        return "Copied to the clipboard."
    size = len(base64.b64encode(text.encode("utf-8", "replace")))
    if size > MAX_OSC52:
        return f"Not copied: {len(text):,} characters are more than terminals take (OSC 52). Export it with x instead."
    send_osc52(text)
    return "Sent to your terminal (OSC 52)" + (
        "; tmux passes it on only with set-clipboard on." if terminal.tmux else "."
    )


async def _piped(command: Sequence[str], text: str) -> bool:
    """Whether the command took the text. Its output goes nowhere: some tools stay, and hold a pipe open."""
    nowhere = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=nowhere, stderr=nowhere
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(TOOL_S):
            await process.communicate(text.encode("utf-8", "replace"))
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        if process.returncode is None:
            process.kill()
            await process.wait()
        return False
    return process.returncode == 0
