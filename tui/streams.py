"""The three standard streams of the process: made safe to use at the start, let go when nobody reads them any more."""

import os
import sys
from contextlib import suppress


def prepare() -> None:
    """Never fail on a character that a stream can't carry, nor on a stream that the parent closed (``>&-``)."""
    for name, errors in (("stdin", "replace"), ("stdout", "backslashreplace"), ("stderr", "backslashreplace")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115  # for good
        with suppress(AttributeError):  # replaced by something simpler than a text file
            getattr(sys, name).reconfigure(errors=errors)


def abandon_stdout() -> None:
    """Let nothing that is still buffered fail at exit: whoever read our stdout has left, or its disk is full."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
