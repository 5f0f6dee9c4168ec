"""Quart's application and request, without what this server has no use for, in the places that Quart has for it.

Of what Quart does for a request, half is asking whether somebody wants to be asked or told: before it, after it, at its
end, and by signals of both contexts. Where nobody does, ``Application`` doesn't ask.
"""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, cast

import quart
from quart import Quart, signals
from quart.ctx import RequestContext
from quart.globals import _cv_app, _cv_request
from quart.sessions import NullSession
from quart.wrappers import request as quart_request
from quart.wrappers.base import BaseRequestWebsocket
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header
from werkzeug.routing import MapAdapter

_SIGNALS = (
    signals.appcontext_pushed,
    signals.request_started,
    signals.request_finished,
    signals.request_tearing_down,
    signals.appcontext_tearing_down,
    signals.appcontext_popped,
)
MAX_KEPT_CHARS = 200
"""Of a header whose meaning is remembered: clients send few, and these are short."""
_NO_SESSION = NullSession()  # nobody can write to it, so that one is enough


class Body(quart_request.Body):
    """A body that knows whether all of it has come."""

    is_complete = False

    def set_complete(self) -> None:
        super().set_complete()
        self.is_complete = True


def current_request() -> "Request":
    """The request under way, found once: Quart's ``request`` looks for it anew at each attribute."""
    return cast(Request, _cv_request.get().request_websocket)


def extension(name: str) -> Any:
    """What the application that answers the request under way has under ``name``."""
    return _cv_request.get().app.extensions[name]


@functools.lru_cache(maxsize=128)
def _mimetype(kind: str) -> str:
    return parse_options_header(kind)[0].lower()


class CheckedHeaders(Headers):
    """Headers made of what is known to have no line end in it: Werkzeug looks for one in each value."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._list += items


class RequestHeaders(CheckedHeaders):
    """Headers, as a server has read them, that find out without an error that there is none of a name."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]  # its overloads
        wanted = key.lower()
        for name, value in self:
            if name.lower() == wanted:
                return value if type is None else super().get(key, default, type)
        return default


class Request(quart.Request):
    """A request whose body, as a rule, has come with its head."""

    body_class = Body
    body: Body

    @property
    def mimetype(self) -> str:
        """As Werkzeug has it; clients name few, whose meaning is remembered."""
        kind = self.headers.get("Content-Type") or ""
        return _mimetype(kind) if len(kind) < MAX_KEPT_CHARS else _mimetype.__wrapped__(kind)

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
        return RequestContext(self, request, _NO_SESSION)

    async def handle_request(self, request: quart.Request) -> Any:
        """As Quart has it. Its own way for whoever has hooked in, and for its test client, which keeps contexts."""
        if any(self._hooks()) or "_quart._preserve_context" in request.scope:
            return await super().handle_request(request)
        context = self.request_context(request)
        of_app, of_request = _cv_app.set(self.app_context()), _cv_request.set(context)
        try:
            return await self._dispatch(context)
        finally:
            await request.close()
            _cv_request.reset(of_request)
            _cv_app.reset(of_app)
            # A timer that a view began keeps what was current then: the context, for as long as a stream goes on.
            del context.request_websocket, context.url_adapter

    async def _dispatch(self, context: RequestContext) -> Any:
        """The response to the request of ``context``, which is current."""
        try:
            context.match_request()
            try:
                result: Any = await self.dispatch_request(context)
            except Exception as error:
                result = await self.handle_user_exception(error)
            response: Any = await self.make_response(result)
            if context._after_request_functions:
                response = await self.process_response(response, context)
        except Exception as error:
            return await self.handle_exception(error)
        return response

    def _hooks(self) -> Iterator[Any]:
        """What wants to be asked or told about requests."""
        for signal in _SIGNALS:
            yield signal.receivers
        yield self.teardown_appcontext_funcs
        for by_blueprint in (
            self.url_value_preprocessors,
            self.before_request_funcs,
            self.after_request_funcs,
            self.teardown_request_funcs,
        ):
            if by_blueprint:  # Quart leaves empty lists in it
                yield any(by_blueprint.values())
