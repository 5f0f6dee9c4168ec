"""Text as somebody hostile would send it, and what must not be left of it."""

import re

HOSTILE = [
    "\x1b]52;c;b3duZWQ=\x07paste",  # sets the clipboard of a terminal
    "\x1b[2J\x1b[31mred",
    "\x9b31mone byte CSI",
    "\x1bPdevice control\x1b\\",
    "title\x1b]0;owned\x07",
    "bell\x07 and back\x08space",
    "null\x00inside",
    "delete\x7f",
    "line\rover",
    "\u202egnol ot thgir",
    "\u2066isolated\u2069",
    "form\x0cfeed and vertical\x0btab",
    "next\x85line",
]

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
