"""httpx without its own command line, which it imports whenever click and rich happen to be installed, and without
HTTP/2, which nobody asks it for.

The first would be 45 of 105 ms before a question is sent, and rich on a path that must not need it; the second, which
comes with the server, 15.
"""

from shared.absent import absent

with absent("httpx._main", "h2"):
    import httpcore as httpcore  # httpx imports it with the first client
    import httpx as httpx
