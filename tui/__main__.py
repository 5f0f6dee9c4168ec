"""``python -m tui`` is ``windowseat``."""

import gc
import sys
from typing import NoReturn

_YOUNG = 10_000  # objects


def run() -> NoReturn:
    """The command line as a process of its own."""
    # Nearly all that is imported stays. To look through it every 700 objects, and three times at the end, is a sixth of
    # what a question costs.
    gc.set_threshold(_YOUNG)
    from tui.cli import main

    try:
        sys.exit(main())
    finally:
        gc.freeze()


if __name__ == "__main__":
    run()
