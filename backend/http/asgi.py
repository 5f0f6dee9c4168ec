"""Quart's connection with one task less: the request is handled where it comes in, what else the client sends, and
that it leaves, is heard beside it.

Quart begins two tasks for each request and a third thing to wait for both. ``Quart.asgi_http_class`` is its place for
another way.
"""

import asyncio
from typing import Any

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart.asgi import ASGIHTTPConnection


class Connection(ASGIHTTPConnection):
    """One request. A client that leaves cancels the response."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        request = self._create_request_from_scope(send)
        handling = asyncio.current_task()
        assert handling is not None
        left = over = False

        def leave(_: Any) -> None:
            nonlocal left
            if not over:
                left = True
                handling.cancel()

        hearing = asyncio.ensure_future(self.handle_messages(request, receive))
        hearing.add_done_callback(leave)
        try:
            await self.handle_request(request, send)
        except asyncio.CancelledError:
            if not left:
                raise
        finally:
            over = True
            hearing.cancel()
        if left:
            handling.uncancel()
            hearing.result()  # a bug in there is a bug of this request
