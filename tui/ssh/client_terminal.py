"""What the client's terminal is, from what it said: TERM with its size, and the variables on the allow-list."""

import codecs
import re
from dataclasses import dataclass, field

from rich.cells import cell_len

from tui.config import is_zone
from tui.ssh.colors import Depth

MAX_COLUMNS, MAX_ROWS = 400, 120
MAX_VALUE = 256
_ALLOWED = re.compile(r"LANG|LC_[A-Z]{1,20}|COLORTERM|TZ|NO_COLOR")
_MODERN = re.compile(
    r"(xterm|screen|tmux|rxvt|alacritty|kitty|foot|wezterm|ghostty|contour|konsole|vte|gnome|iterm|mintty|putty|st-)"
)
_TRUECOLOR = re.compile(r".*-direct|.*-truecolor|xterm-kitty|xterm-ghostty|alacritty.*|foot.*|wezterm|contour.*")
_MONO = re.compile(r"dumb|vt\d+.*|.*-m(ono)?|ansi-m|network|unknown|")
_OLDER = re.compile(r"ascii|iso8859-\d+|koi8-[ru]|cp125\d")
_INSTEAD = (
    dict.fromkeys("─━╌═", "-")
    | dict.fromkeys("│┃▏▎▍▌", "|")
    | dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+")
    | {
        "✓": "v",
        "✗": "x",
        "▸": ">",
        "▾": "v",
        "·": ".",
        "•": "*",
        "…": "~",
        "–": "-",
        "—": "-",
        "“": '"',
        "”": '"',
        "’": "'",
    }
)


@dataclass(slots=True)
class ClientTerminal:
    """Filled as the requests come in; what isn't allowed leaves no trace. ``width`` and ``height`` are in cells."""

    name: str = ""
    width: int = 80
    height: int = 24
    has_pty: bool = False
    env: dict[str, str] = field(default_factory=dict)
    _charset: str | None = None

    def set_env(self, name: bytes, value: bytes) -> bool:
        """Whether the variable was taken."""
        if len(name) > 32 or len(value) > MAX_VALUE or len(self.env) >= 32:
            return False
        key, text = name.decode("ascii", "replace"), value.decode("utf-8", "replace")
        if not _ALLOWED.fullmatch(key) or not text.isprintable():
            return False
        self.env[key] = text
        self._charset = None
        return True

    def resize(self, width: int, height: int) -> None:
        """0 is what a client says that doesn't know."""
        self.width = min(max(width, 1), MAX_COLUMNS) if width else 80
        self.height = min(max(height, 1), MAX_ROWS) if height else 24

    @property
    def can_draw(self) -> bool:
        return self.has_pty and self.name not in ("", "dumb", "unknown", "network")

    @property
    def is_modern(self) -> bool:
        """Whether it knows mouse reports, pasting in brackets, the alternate screen, OSC; others may print them."""
        return _MODERN.match(self.name) is not None

    @property
    def wants_color(self) -> bool:
        return not self.env.get("NO_COLOR") and self.depth != Depth.MONO

    @property
    def depth(self) -> Depth:
        if _MONO.fullmatch(self.name):
            return Depth.MONO
        if self.env.get("COLORTERM", "").lower() in ("truecolor", "24bit") or _TRUECOLOR.fullmatch(self.name):
            return Depth.TRUE
        return Depth.INDEXED if "256color" in self.name else Depth.SIXTEEN

    @property
    def zone(self) -> str | None:
        """The IANA name of the traveller's time zone, if TZ names one."""
        zone = self.env.get("TZ", "").removeprefix(":")
        return zone if is_zone(zone) else None

    @property
    def charset(self) -> str:
        """How text is sent: UTF-8 unless the locale names one of the older charsets."""
        if self._charset is None:
            self._charset = self._charset_of_locale()
        return self._charset

    def _charset_of_locale(self) -> str:
        locale = self.env.get("LC_ALL") or self.env.get("LC_CTYPE") or self.env.get("LANG") or ""
        named = locale.partition(".")[2].partition("@")[0]
        try:
            found = codecs.lookup(named).name if named else "utf-8"
        except LookupError:
            return "utf-8"
        return found if _OLDER.fullmatch(found) else "utf-8"

    def encode(self, text: str) -> bytes:
        if self.charset == "utf-8":
            return text.encode("utf-8", "replace")
        return text.encode(self.charset, "windowseat.cells")

    def decode(self, data: bytes) -> bytes:
        """What was typed, as UTF-8."""
        return data if self.charset == "utf-8" else data.decode(self.charset, "replace").encode()


def _as_wide(error: UnicodeError) -> tuple[str, int]:
    """Something of the same width for what a charset hasn't got: lines of a frame as - | +, else question marks."""
    assert isinstance(error, UnicodeEncodeError)
    lost = error.object[error.start : error.end]
    return "".join(_INSTEAD.get(char, "?" * cell_len(char)) for char in lost), error.end


codecs.register_error("windowseat.cells", _as_wide)
