"""httpx without its own command line, which it imports whenever click and rich happen to be installed.

That would be 45 of 105 ms before a question is sent, and rich on a path that must not need it.
"""

import sys

_COMMAND_LINE = "httpx._main"

if "httpx" in sys.modules:
    import httpx as httpx
else:
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        import httpx as httpx
    finally:
        del sys.modules[_COMMAND_LINE]
