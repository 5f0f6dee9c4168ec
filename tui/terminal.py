"""What the terminal is that the app stands in: passed in, never looked up, since one process may serve several.

Nothing here asks the terminal anything: its answers would come late over a slow line, and land in the prompt.
"""

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LOCAL_FPS = 20.0
REMOTE_FPS = 1.0
"""Over SSH every frame is bytes on a line that may be slow."""

_TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
)


AUTO = "auto"
_LIGHT = ("7", "15")
"""Of the sixteen colours those that are light backgrounds, as rxvt, which COLORFGBG is from, numbers them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """``remote``: at the other end of an SSH connection. ``tmux``: the program of the tmux around it, "" for none.

    ``clipboard``: a command that puts its stdin on the clipboard of the person's own machine, () for none.
    ``is_light``: dark letters on light, where the terminal has told so in COLORFGBG. ``can_save``: whether files that
    the app writes are the person's. ``name`` is TERM, for who looks for trouble.
    """

    remote: bool = False
    tmux: str = ""
    clipboard: tuple[str, ...] = ()
    color: bool = True
    is_light: bool = False
    can_save: bool = True
    name: str = ""

    def theme_of(self, setting: str) -> str:
        """The theme that a setting means here."""
        return setting if setting != AUTO else "textual-light" if self.is_light else "textual-dark"

    @property
    def frames_per_second(self) -> float:
        return REMOTE_FPS if self.remote else LOCAL_FPS


def is_remote(env: Mapping[str, str]) -> bool:
    """Whether the terminal is at the other end of an SSH connection."""
    return bool(env.get("SSH_CONNECTION") or env.get("SSH_TTY"))


def terminal_of(
    env: Mapping[str, str], which: Callable[[str], str | None] = shutil.which, platform: str = sys.platform
) -> Terminal:
    """The terminal that a process with this environment stands in."""
    remote = is_remote(env)
    return Terminal(
        remote=remote,
        tmux=(which("tmux") or "") if env.get("TMUX") else "",
        # A tool that is there copies to the machine that it runs on: over SSH that is the wrong one.
        clipboard=() if remote else _clipboard_tool(env, which, platform),
        color=not env.get("NO_COLOR"),
        is_light=env.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT,
        name=env.get("TERM", ""),
    )


def _clipboard_tool(env: Mapping[str, str], which: Callable[[str], str | None], platform: str) -> tuple[str, ...]:
    tools = [command for variable, command in _TOOLS if env.get(variable)]
    if platform == "darwin":
        tools.insert(0, ("pbcopy",))
    if env.get("WSL_DISTRO_NAME"):
        tools.append(("clip.exe",))
    for command in tools:
        path = which(command[0])
        if path:
            return (path, *command[1:])
    return ()
