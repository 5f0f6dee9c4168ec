"""HTTP/1.1 in a few lines for servers of tests: one request a connection, whole answers or a body written by hand."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

MAX_BODY = 64 * 1024


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Problem(Exception):
    """Ends a request with ``status`` and a problem document."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.more = more


async def read_request(reader: asyncio.StreamReader) -> Asked:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    length = int(headers.get("content-length", "0"))
    if length > MAX_BODY:
        await reader.readexactly(length)  # closing with bytes unread would reset the connection, answer and all
        raise Problem(413, "The body is too large.")
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return Asked(method, unquote(parts.path), query, headers, await reader.readexactly(length))


def head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items()), "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def send_json(writer: asyncio.StreamWriter, value: Any, status: int = 200) -> None:
    await send_whole(writer, status, {"Content-Type": "application/json"}, msgspec.json.encode(value))


async def send_whole(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes) -> None:
    writer.write(head(status, {**headers, "Content-Length": str(len(body))}) + body)
    await writer.drain()
