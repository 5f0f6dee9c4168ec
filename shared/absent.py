"""Imports made lighter: what a library tries to import, and does without where it isn't installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(*modules: str) -> Iterator[None]:
    """Within it, importing ``modules`` raises ImportError, as if they weren't there; those that are imported stay."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the documented way to make one fail
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
