"""What an upstream remembers of its replies: which may be used again, and which may stand in when it fails."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from backend.upstream.answers import Answer
from backend.upstream.errors import UpstreamError
from backend.upstream.freshness import fresh_for
from backend.upstream.store import Kept, Store
from backend.upstream.values import Lifetime, Reply


class Memory:
    """``disk`` keeps what may outlive the process, ``private`` what may not be written down."""

    def __init__(self, disk: Store, private: Store) -> None:
        self._disk, self._private = disk, private

    async def find(self, key: bytes, lifetime: Lifetime | None) -> Kept | None:
        """What is kept and may be of use: fresh, or past its time and yet better than nothing."""
        return None if lifetime is None else await self._store(lifetime).find(key, time.time())

    def keep(self, key: bytes, lifetime: Lifetime | None, reply: Reply) -> None:
        """Keep a reply for as long as it may be kept."""
        if lifetime is None:
            return
        now = time.time()
        fresh_s = fresh_for(reply.headers, lifetime, now)
        if fresh_s is None or fresh_s + lifetime.stale_s <= 0:
            return
        kept = Kept(
            status=reply.status,
            headers=reply.headers,
            data=reply.data,
            bytes=reply.bytes,
            fetched_at=now,
            fresh_until=now + fresh_s,
            stale_until=now + fresh_s + lifetime.stale_s,
            etag=reply.headers.get("etag"),
            last_modified=reply.headers.get("last-modified"),
        )
        self._store(lifetime).keep(key, kept)  # nobody has to wait until it is written down

    def _store(self, lifetime: Lifetime) -> Store:
        return self._private if lifetime.private else self._disk


def is_fresh(kept: Kept) -> bool:
    """Whether it may be used without asking."""
    return time.time() < kept.fresh_until


def conditions(kept: Kept | None) -> dict[str, str]:
    """The headers that ask only for what has changed (RFC 9110, 13.1)."""
    if kept is None:
        return {}
    return {
        name: value
        for name, value in (("If-None-Match", kept.etag), ("If-Modified-Since", kept.last_modified))
        if value is not None
    }


def again(kept: Kept, because: UpstreamError | None = None) -> Reply:
    """A kept reply as one that is used again; ``because`` of a failure, if it is past its time."""
    return Reply(
        status=kept.status,
        headers=kept.headers,
        data=kept.data,
        fetched_at=datetime.fromtimestamp(kept.fetched_at, UTC),
        cached=True,
        age_s=max(0.0, time.time() - kept.fetched_at),
        bytes=kept.bytes,
        retries=because.retries if because is not None else 0,
        stale_because=because,
    )


def confirmed(kept: Kept, answer: Answer, retries: int) -> Reply:
    """A kept reply that the upstream says is as good as new (304)."""
    headers = {**kept.headers, **answer.headers}
    fresh = msgspec.structs.replace(kept, headers=headers, fetched_at=time.time())
    return msgspec.structs.replace(again(fresh), retries=retries)


def key_of(parts: Sequence[str], query: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> bytes:
    """What a reply is kept under: no way leads back from it to what was asked."""
    asked = msgspec.json.encode([parts, sorted(query), sorted(headers.items())])
    return hashlib.blake2b(asked, digest_size=20).digest()
