"""What a source asks for, and the key that is added to it on the way out and nowhere else."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from backend.upstream.errors import UpstreamError
from backend.upstream.redaction import Redactor
from backend.upstream.values import Lifetime, Spec
from shared.secret import Secret

Params = Iterable[tuple[str, str | int | float]]
SecretParams = Iterable[tuple[str, Secret]]
Classify = Callable[[int, Any], UpstreamError | None]
Scrub = Callable[[Any], Any]


class Call(Protocol):
    """What is filled in for the evidence: ``backend.pipeline.Call`` is one."""

    status: int | str
    cached: bool
    retries: int
    bytes: int
    as_of: str | None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A GET as it is to be sent, key of the service included (so no repr of that). ``key`` is what its reply is kept
    under; no secret is part of it."""

    key: bytes
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    lifetime: Lifetime | None
    weight: float
    classify: Classify | None
    scrub: Scrub | None

    def __repr__(self) -> str:
        return f"<Request {self.path}>"


class Credentials:
    """The key of an upstream, where it belongs."""

    def __init__(self, spec: Spec, redact: Redactor) -> None:
        self._spec, self._redact = spec, redact

    def query(self, more: SecretParams = ()) -> list[tuple[str, str]]:
        """The secret parameters; ``more`` are hidden from now on too."""
        found = []
        for name, secret in more:
            self._redact.add(secret)
            found.append((name, secret.reveal()))
        if self._spec.key is not None and self._spec.key_param is not None:
            found.append((self._spec.key_param, self._spec.key.reveal()))
        return found

    def headers(self) -> dict[str, str]:
        """The header that holds the key, if one does."""
        if self._spec.key is None or self._spec.key_header is None:
            return {}
        return {self._spec.key_header: self._spec.key_prefix + self._spec.key.reveal()}
