"""One request and its answer over HTTP: every way in which that can end becomes an answer or an ``UpstreamError``."""

import asyncio
import contextlib
import time
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from backend.upstream.answers import Answer
from backend.upstream.client import Client
from backend.upstream.decoding import Undecodable, decode_json, excerpt
from backend.upstream.errors import UpstreamError
from backend.upstream.lean_httpx import httpx
from backend.upstream.network import Down
from backend.upstream.redaction import Redactor
from backend.upstream.values import Spec
from shared.text import clean

Query = Sequence[tuple[str, str]]

POOL_S = 1.0
"""How long a request waits for a connection of its own pool, which is larger than it ever needs."""
DECODED_AT_ONCE_BYTES = 64 << 10
"""What is larger is decoded beside the event loop, which a megabyte would hold up for 50 to 200 ms."""
_KEPT_HEADERS = frozenset(
    ("age", "cache-control", "content-type", "date", "etag", "expires", "last-modified", "retry-after", "x-rl", "x-ttl")
)
_KEPT_PREFIXES = ("x-ratelimit-",)


class Exchange:
    """Speaks HTTP with one upstream. It retries nothing and remembers nothing."""

    def __init__(self, spec: Spec, client: Client, redact: Redactor) -> None:
        self._spec, self._client, self._redact = spec, client, redact
        self._timeout = httpx.Timeout(spec.read_s, connect=spec.connect_s, pool=POOL_S)

    async def get(self, path: str, params: Query, headers: Mapping[str, str]) -> Answer:
        """The whole answer. Raises UpstreamError when there is none; the caller sets the overall time limit."""
        began = time.monotonic()
        async with self._sent("GET", path, params, headers) as response:
            body = await self._body(response)
        return await self._answer(response, body, round((time.monotonic() - began) * 1000))

    @contextlib.asynccontextmanager
    async def post(
        self, path: str, params: Query, headers: Mapping[str, str], content: bytes
    ) -> AsyncIterator[tuple[httpx.Response, Answer | None]]:
        """The response to read from, or, for an error status, the whole answer."""
        began = time.monotonic()
        async with self._sent("POST", path, params, headers, content) as response:
            if response.is_success:
                yield response, None
            else:
                body = await self._body(response)
                yield response, await self._answer(response, body, round((time.monotonic() - began) * 1000))

    def body_parts(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body as it comes, uncompressed in pieces of bounded size. Raises UpstreamError."""
        return _unpacked(response, self._spec)

    @contextlib.contextmanager
    def speaking(self) -> Iterator[None]:
        """What goes wrong inside becomes an UpstreamError."""
        try:
            yield
        except httpx.HTTPError as error:
            # ``from None``: httpx's errors carry the request, and with it the whole URL.
            raise _failure(self._spec.name, error) from None

    @contextlib.asynccontextmanager
    async def _sent(
        self,
        method: str,
        path: str,
        params: Query,
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> AsyncIterator[httpx.Response]:
        async with self._client.use() as client:
            request = client.build_request(
                method,
                self._spec.base_url.rstrip("/") + "/" + path.lstrip("/"),
                params=tuple(params),
                headers={"Accept-Encoding": "gzip", **self._spec.headers, **headers},
                content=content,
                timeout=self._timeout,
            )
            with self.speaking():
                response = await client.send(request, stream=True)
            try:
                with self.speaking():
                    yield response
            finally:
                await self._client.close(response)

    async def _body(self, response: httpx.Response) -> bytes:
        limit, name = self._spec.max_bytes, self._spec.name
        body = bytearray()
        async for part in _unpacked(response, self._spec):
            body += part
            if len(body) > limit:
                raise UpstreamError(
                    name, "too_large", f"{name} answered more than {limit >> 10:,} KiB, which is not read"
                )
        return bytes(body)

    async def _answer(self, response: httpx.Response, body: bytes, ms: int) -> Answer:
        problem, data = None, None
        try:
            if len(body) > DECODED_AT_ONCE_BYTES:
                data = await asyncio.to_thread(decode_json, body, self._redact)
            else:
                data = decode_json(body, self._redact)
        except Undecodable as error:
            problem, data = str(error), excerpt(body, self._redact) or None
        return Answer(response.status_code, self.headers_of(response), data, problem, len(body), ms)

    def headers_of(self, response: httpx.Response) -> dict[str, str]:
        """Those that are of use, lower-case and without secrets."""
        return {
            name.lower(): clean(self._redact(value), max_chars=200)
            for name, value in response.headers.items()
            if name.lower() in _KEPT_HEADERS or name.lower().startswith(_KEPT_PREFIXES)
        }


async def _unpacked(response: httpx.Response, spec: Spec) -> AsyncIterator[bytes]:
    """httpx would inflate whatever a read brings at once: 64 KiB become 64 MiB. This stays within ``max_bytes``."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        async for part in response.aiter_raw():
            yield part
        return
    if encoding not in ("gzip", "x-gzip"):
        raise UpstreamError(
            spec.name, "bad_payload", f"{spec.name} answered in an encoding that was not asked for", status=None
        )
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        async for part in response.aiter_raw():
            while part:
                yield inflate.decompress(part, _PIECE)
                part = inflate.unconsumed_tail
    except zlib.error:
        raise UpstreamError(spec.name, "bad_payload", f"{spec.name} answered what is no gzip") from None
    if not inflate.eof:
        raise UpstreamError(spec.name, "truncated", f"The answer of {spec.name} broke off")


_PIECE = 64 * 1024


def _failure(name: str, error: httpx.HTTPError) -> UpstreamError:
    match error:
        case httpx.PoolTimeout():
            said = f"No connection to {name} was free: Windowseat's own fault"
            return UpstreamError(name, "pool", said, hint="Ask again; if it stays, restart the server.")
        case httpx.ConnectError() if isinstance(error.__cause__, Down):
            said = f"{name} can't be reached: there seems to be no network"
            return UpstreamError(name, "offline", said, retry_after_s=error.__cause__.retry_after_s)
        case httpx.ConnectTimeout():
            return UpstreamError(name, "connect", f"{name} can't be reached: it doesn't answer the call")
        case httpx.ConnectError():
            said = f"{name} can't be reached: {_why(error)}"
            return UpstreamError(name, "connect", said)
        case httpx.TimeoutException():
            return UpstreamError(name, "timeout", f"{name} didn't answer in time")
        case httpx.RemoteProtocolError() if "without sending a response" in str(error):
            return UpstreamError(name, "connect", f"{name} hung up without an answer", retryable=True)
        case httpx.RemoteProtocolError():
            return UpstreamError(name, "truncated", f"The answer of {name} broke off")
        case httpx.DecodingError():
            return UpstreamError(name, "bad_payload", f"{name} answered what can't be unpacked")
    return UpstreamError(name, "connect", f"The connection to {name} broke off", retryable=True)


def _why(error: Exception) -> str:
    return clean(str(error), max_chars=120) or "the connection failed"
