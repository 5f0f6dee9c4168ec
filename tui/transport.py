"""httpx for one server: the client made for its URL, and its answers as values or as the errors of ``connection``."""

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies  # where httpx looks too

import msgspec

from shared.text import clean, clean_json
from tui.connection import NotReachable, ProtocolViolation, Refused
from tui.cursor import NOT_OURS
from tui.lean_httpx import httpx
from tui.pool import Pool

CONNECT_S = 5.0
_LARGEST_BODY = 64 * 1024 * 1024
_TRIES = 3


class ResponseLost(NotReachable):
    """The connection broke before the answer began: the server may have had the request all the same."""


def http_client(url: str, *, reuse: bool = True) -> httpx.AsyncClient:
    """``reuse`` false: each request has a connection of its own."""
    parts = urlsplit(url)
    # Loading the CA certificates costs 48 ms, and http:// has no use for them. A bare context trusts nobody.
    verify: ssl.SSLContext | bool = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if parts.scheme == "http" else True
    # A proxy from the environment is never the way to this machine itself.
    trusts_env = not _is_loopback(parts.hostname or "")
    limits = httpx.Limits() if reuse else httpx.Limits(max_keepalive_connections=0)
    if trusts_env and _has_proxy(parts.scheme, parts.hostname or ""):
        return httpx.AsyncClient(verify=verify, limits=limits)
    context = httpx.create_ssl_context(verify, trust_env=trusts_env)
    return httpx.AsyncClient(transport=Pool(context, limits), trust_env=trusts_env)


def _has_proxy(scheme: str, host: str) -> bool:
    """Whether there may be a proxy for ``host`` in the environment: httpx asks it, in all its detail."""
    named = getproxies()
    if not (named.get(scheme) or named.get("all")):
        return False
    spared = [name.strip().lower() for name in named.get("no", "").split(",")]
    return not any(name in ("*", host) or (name and host.endswith("." + name.removeprefix("."))) for name in spared)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def send(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The response, its body still to be read. Raises NotReachable, or ResponseLost where the server was reached."""
    try:
        return await http.send(request, stream=True)
    except httpx.TransportError as error:
        raise (NotReachable if _is_nobody(error) else ResponseLost)(
            f"no answer from {_origin(request.url)}: {reason(error)}",
            hint="is the server running? `windowseat serve` starts one; without --url a local one is started",
        ) from error


def _is_nobody(error: httpx.TransportError) -> bool:
    """Whether no server has had the request: nobody listens, or somebody who doesn't speak HTTP."""
    if isinstance(error, httpx.RemoteProtocolError):
        return "disconnected" not in str(error)  # a stranger's bytes; httpx has one class for both
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError | httpx.UnsupportedProtocol)


async def answer(http: httpx.AsyncClient, request: httpx.Request, *, repeatable: bool) -> bytes:
    """The body of a whole answer. A ``repeatable`` request is sent again if its answer is lost on the way.

    Raises NotReachable and Refused.
    """
    for tries_left in reversed(range(_TRIES if repeatable else 1)):
        try:
            return await _whole(await send(http, request))
        except ResponseLost:
            if not tries_left:
                raise
    raise AssertionError("unreachable")


async def _whole(response: httpx.Response) -> bytes:
    try:
        if response.is_success:
            return await read_body(response)
        raise await refusal(response)
    except httpx.TransportError as error:
        where = _origin(response.request.url)
        raise ResponseLost(f"{where} stopped in the middle of its answer: {reason(error)}") from error
    finally:
        await response.aclose()


async def check_stream(response: httpx.Response) -> None:
    if not response.is_success:
        raise await refusal(response)
    kind = clean(response.headers.get("content-type", "nothing"))
    if response.status_code != 200 or kind.partition(";")[0].strip().lower() != "text/event-stream":
        raise ProtocolViolation(f"the answer is no event stream but {response.status_code} {kind}", hint=NOT_OURS)


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""
    hint: str | None = None


async def refusal(response: httpx.Response) -> Refused:
    title, problem = clean(response.reason_phrase), _Problem()
    if "json" in response.headers.get("content-type", ""):
        try:
            problem = msgspec.convert(clean_json(msgspec.json.decode(await read_body(response))), _Problem)
        except (msgspec.MsgspecError, RecursionError, UnicodeError, httpx.TransportError, ProtocolViolation):
            problem = _Problem()  # the status is enough to refuse
    hint = problem.hint or (NOT_OURS if response.status_code in (301, 302, 307, 308, 404, 405) else None)
    after = response.headers.get("retry-after", "")
    return Refused(
        response.status_code,
        problem.title or title or "no reason given",
        problem.detail,
        hint=hint,
        retry_after_s=float(after) if after.isascii() and after.isdigit() and len(after) < 10 else None,
    )


async def read_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise ProtocolViolation(f"the answer is larger than {_LARGEST_BODY:,} bytes", hint=NOT_OURS)
    return bytes(body)


def reason(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return f"it didn't accept the connection within {CONNECT_S:g} s"
    if isinstance(error, httpx.TimeoutException):
        return "it went silent"
    if isinstance(error, httpx.ConnectError):
        return "the connection was refused or the name is unknown" if not str(error) else clean(str(error))
    return clean(str(error)) or type(error).__name__


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"
