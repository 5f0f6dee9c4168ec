"""Quart without what it and Hypercorn import for a part of theirs that a server like ours may never come to use: a
tenth of what was imported before the server listened.

None of it is lost: these classes and functions are loaded when they are used. A client that asks for HTTP/2 or
WebSocket is told by them that there is none here (``backend.app.guard``).
"""

from shared.absent import postponed

LATER = {
    # HTTP/2 and WebSocket
    "hypercorn.protocol.h2": ("H2Protocol",),
    "hypercorn.protocol.ws_stream": ("WSStream",),
    "h2": (),
    "h2.events": (),
    # Hypercorn's own accept loop, in whose place is ``backend.connections``
    "hypercorn.asyncio.run": ("worker_serve",),
    # Quart's client for tests
    "http.cookiejar": ("CookieJar",),
    "urllib.request": ("Request",),
}

with postponed(LATER):
    import quart as quart
    from hypercorn import protocol as protocol  # which our connections speak with
