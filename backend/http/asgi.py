"""Quart's connection without tasks of its own: the request is handled in the task that it comes in, and what else the
client says, and that it leaves, is heard beside it.

Quart begins two tasks for each request, a third thing to wait for both, and one more for the time-out of its response.
``Quart.asgi_http_class`` is its place for another way.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart.asgi import ASGIHTTPConnection
from quart.wrappers import Request, Response
from quart.wrappers.request import Body
from werkzeug.datastructures import Headers

from backend.http.application import RequestHeaders
from backend.http.inbox import Inbox


class Connection(ASGIHTTPConnection):
    """One request. A client that leaves cancels the response."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        request = self._create_request_from_scope(send)
        handling = asyncio.current_task()
        assert handling is not None
        left = over = False

        def leave(_: Any = None) -> None:
            nonlocal left
            if not over:
                left = True
                handling.cancel()

        hearing = self._hear(request, receive, leave)
        try:
            response = await self.app.handle_request(request)
            del request  # a stream may go on for hours
            timeout = response.timeout if isinstance(response, Response) else ...
            if timeout is None:
                await self._send_response(send, response)
            else:
                await self._send_in_time(send, response, timeout)
        except asyncio.CancelledError:
            if not left:
                raise
        finally:
            over = True
            hearing.cancel()
        if left:
            handling.uncancel()
            hearing.result()  # a bug in there is a bug of this request

    def _create_request_from_scope(self, send: ASGISendCallable) -> Request:
        scope = self.scope
        if scope["http_version"] == "1.0" or scope["path"][:1] != "/" or scope.get("root_path"):
            return super()._create_request_from_scope(send)
        headers = [("Remote-Addr", (scope.get("client") or ["<local>"])[0])]
        headers += [(name.decode("latin1").title(), value.decode("latin1")) for name, value in scope["headers"]]
        return self.app.request_class(
            scope["method"], scope["scheme"], scope["path"], scope["query_string"], RequestHeaders(headers), "",
            scope["http_version"],
            scope=scope, max_content_length=self.app.config["MAX_CONTENT_LENGTH"],
            body_timeout=self.app.config["BODY_TIMEOUT"], send_push_promise=_no_push,
        )  # fmt: skip

    def _hear(
        self, request: Request, receive: ASGIReceiveCallable, leave: Callable[[Any], None]
    ) -> "_Hearing | asyncio.Future[None]":
        """Hear what else the client says; ``leave`` is called when it has left."""
        if isinstance(receive, Inbox):
            hearing = _Hearing(request.body, leave)
            receive.hand_to(hearing.take)
            return hearing
        listening = asyncio.ensure_future(self.handle_messages(request, receive))
        listening.add_done_callback(leave)
        return listening

    async def _send_in_time(self, send: ASGISendCallable, response: Any, within_s: Any) -> None:
        try:
            async with asyncio.timeout(self.app.config["RESPONSE_TIMEOUT"] if within_s is ... else within_s):
                await self._send_response(send, response)
        except TimeoutError:
            pass  # as Quart has it: the answer ends there


async def _no_push(path: str, headers: Headers) -> None:
    """HTTP/1.1 can't."""


class _Hearing:
    """``handle_messages`` as a task has it, but without one: on our own server messages are handed over."""

    __slots__ = ("_body", "_leave")

    def __init__(self, body: Body, leave: Callable[[Any], None]) -> None:
        self._body: Body | None = body
        self._leave: Callable[[Any], None] | None = leave

    def take(self, message: Any) -> None:
        if message["type"] == "http.request" and self._body is not None:
            self._body.append(message.get("body", b""))
            if not message.get("more_body", False):
                self._body.set_complete()
                self._body = None
        elif message["type"] == "http.disconnect" and self._leave is not None:
            # A turn later, since Hypercorn says so at the end of each response too, from within its last message.
            asyncio.get_running_loop().call_soon(self._leave, None)

    def cancel(self) -> None:
        self._leave = None

    def result(self) -> None:
        """Nothing can go wrong in here."""
