"""A request as a simulator saw it, and an answer as it means to give it."""

import asyncio
import json
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass
class Seen:
    """A line of the log: what came in, when, and what became of it.

    ``path`` is below the simulator's base URL, unless it isn't ``inside``. ``at`` is on its clock, ``at_s`` monotonic.
    ``answered`` is the status sent (None: none), ``sent`` the bytes of body that went out, ``left`` whether the client
    closed before the end, and ``over`` is set when the exchange has ended. ``refusal`` says which rule of the service
    the request broke.
    """

    method: str
    path: str
    target: str
    headers: dict[str, str]
    body: bytes
    peer: str
    at: datetime
    at_s: float
    answered: int | None = None
    sent: int = 0
    left: bool = False
    inside: bool = True
    refusal: str | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def query(self) -> dict[str, str]:
        """The parameters; of a repeated one, the last."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body, decoded. Raises ValueError if it isn't JSON."""
        return json.loads(self.body)

    @property
    def bearer(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None


def path_of(target: str) -> str:
    return unquote(urlsplit(target).path)


@dataclass
class Answer:
    """``body`` in one piece goes out with its Content-Length, a stream in chunks. ``refusal``: see ``Seen``."""

    status: int = 200
    body: bytes | AsyncIterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> Self:
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, **more)

    @classmethod
    def of_text(cls, text: str, status: int = 200, content_type: str = "text/plain", **more: Any) -> Self:
        return cls(status, text.encode(), {"Content-Type": content_type}, **more)
