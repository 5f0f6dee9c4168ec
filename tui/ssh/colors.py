"""Colours as the client's terminal has them. Textual paints in true colour: its styles are shared by all sessions."""

import re
from enum import Enum
from functools import lru_cache

from rich.color import Color, ColorSystem


class Depth(Enum):
    MONO = 0
    SIXTEEN = 1
    INDEXED = 2
    TRUE = 3


_SGR = re.compile("\x1b\\[([0-9;:]*)m")
_SYSTEMS = {Depth.SIXTEEN: ColorSystem.STANDARD, Depth.INDEXED: ColorSystem.EIGHT_BIT}
_BRIGHT = 80.0
"""Luminance (0 to 255) from which a background is shown as reverse video where there are no colours."""


def downgrade(text: str, depth: Depth) -> str:
    """``text`` with every colour in its SGR sequences replaced by the nearest one of ``depth``."""
    if depth is Depth.TRUE:
        return text
    return _SGR.sub(lambda match: _sequence(match[1], depth), text)


@lru_cache(8192)
def _sequence(parameters: str, depth: Depth) -> str:
    codes = parameters.split(";") if parameters else []
    kept: list[str] = []
    place = 0
    while place < len(codes):
        code = codes[place]
        if code in ("38", "48") and codes[place + 1 : place + 2] == ["2"] and len(codes) >= place + 5:
            red, green, blue = (int(part or 0) for part in codes[place + 2 : place + 5])
            kept += _color(red, green, blue, depth, foreground=code == "38")
            place += 5
        elif code in ("38", "48") and codes[place + 1 : place + 2] == ["5"]:
            if depth is not Depth.MONO:
                kept += codes[place : place + 3]
            place += 3
        else:
            if depth is not Depth.MONO or not _is_color(code):
                kept.append(code)
            place += 1
    if codes and not kept:
        return ""
    return f"\x1b[{';'.join(kept)}m"


def _color(red: int, green: int, blue: int, depth: Depth, *, foreground: bool) -> list[str]:
    if depth is Depth.MONO:
        return ["7"] if not foreground and 0.2126 * red + 0.7152 * green + 0.0722 * blue > _BRIGHT else []
    color = Color.from_rgb(min(red, 255), min(green, 255), min(blue, 255)).downgrade(_SYSTEMS[depth])
    return list(color.get_ansi_codes(foreground=foreground))


def _is_color(code: str) -> bool:
    return code.isdigit() and (30 <= int(code) <= 49 or 90 <= int(code) <= 107)
