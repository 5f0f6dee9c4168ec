"""httpx for one server: the client made for its URL, and its answers as values or as the errors of ``connection``."""

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from shared.text import clean, clean_json
from tui.connection import ProtocolViolation, Refused
from tui.lean_httpx import httpx

NOT_OURS = "is this the address of a Windowseat server?"
CONNECT_S = 5.0
_LARGEST_BODY = 64 * 1024 * 1024


def http_client(url: str) -> httpx.AsyncClient:
    parts = urlsplit(url)
    # Loading the CA certificates costs 48 ms, and http:// has no use for them. A bare context trusts nobody.
    verify: ssl.SSLContext | bool = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if parts.scheme == "http" else True
    # A proxy from the environment is never the way to this machine itself.
    return httpx.AsyncClient(verify=verify, trust_env=not _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
        retry_after_s=float(after) if after.isascii() and after.isdigit() else None,
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
