"""Quart's application and request, without what this server has no use for, in the places that Quart has for it."""

from typing import Any

import quart
from quart import Quart
from quart.ctx import RequestContext
from quart.sessions import NullSession, SessionInterface
from quart.wrappers import request as quart_request
from quart.wrappers.base import BaseRequestWebsocket
from werkzeug.routing import MapAdapter


class Body(quart_request.Body):
    """A body that knows whether all of it has come."""

    is_complete = False

    def set_complete(self) -> None:
        super().set_complete()
        self.is_complete = True


class Request(quart.Request):
    """A request whose body, as a rule, has come with its head."""

    body_class = Body
    body: Body

    async def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        """As Quart has it, but with neither task nor timer for a body that is here."""
        if self.body.is_complete and not as_text and not parse_form_data:
            data = await self.body
            if not cache:
                self.body.clear()
            return data
        return await super().get_data(cache, as_text, parse_form_data)


class Application(Quart):
    """A Quart without sessions and subdomains."""

    request_class = Request

    def __init__(self, name: str, **settings: Any) -> None:
        super().__init__(name, **settings)
        self.session_interface = _NoSessions()  # type: ignore[assignment]  # Quart names its own there

    def asgi_app(self, scope: Any, receive: Any, send: Any) -> Any:
        """As Quart has it, with one coroutine less that waits for as long as a stream goes on."""
        if scope["type"] == "http":
            return self.asgi_http_class(self, scope)(receive, send)
        return super().asgi_app(scope, receive, send)

    def create_url_adapter(self, request: BaseRequestWebsocket | None) -> MapAdapter | None:
        """What finds the view of ``request``: by its path, whichever name of ours it was sent to."""
        if request is None:
            return super().create_url_adapter(None)
        return MapAdapter(
            self.url_map, "localhost", request.root_path, "", request.scheme, request.path, request.method
        )

    def request_context(self, request: quart.Request) -> RequestContext:
        return _RequestContext(self, request)


class _RequestContext(RequestContext):
    async def pop(self, *how: Any) -> None:
        await super().pop(*how)
        if not self._cv_tokens:
            # A timer that a view has begun keeps what was current then: this object, for as long as a stream goes on.
            del self.request_websocket, self.url_adapter, self.session


class _NoSessions(SessionInterface):
    """The same session for all: one that can't be written to."""

    def __init__(self) -> None:
        self._none = NullSession()

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> NullSession:
        return self._none
