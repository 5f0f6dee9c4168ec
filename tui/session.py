"""What one session of the app is told from outside: the user's settings, the terminal, where to remember questions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tui.asked import AskedBefore
from tui.preferences import Preferences
from tui.terminal import Terminal

Expand: TypeAlias = Literal["never", "failed", "always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """``expand``: which steps open by themselves. ``keys``: key ids bound anew. ``motion``: whether a spinner turns.

    ``is_alone``: whether the process is this app's own. ``preferences``: what the user may change in the app.
    """

    expand: Expand = "failed"
    motion: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    terminal: Terminal = field(default_factory=Terminal)
    asked: AskedBefore = field(default_factory=AskedBefore)
    frames: float | None = None
    is_alone: bool = False
    preferences: Preferences = field(default_factory=Preferences)

    @property
    def frames_per_second(self) -> float:
        return self.frames or self.terminal.frames_per_second
