"""Calls to services outside, for any pipeline: limits on time, size and number, retries, memory, and no secret shown.

A source opens an ``Upstream`` by its ``Spec`` and calls ``get_json`` or ``post_stream``; whatever goes wrong is one
``UpstreamError``. Nothing here knows of any service, nor of travel.
"""

from backend.upstream.decoding import Undecodable, decode_json, parse_json
from backend.upstream.errors import Kind, UpstreamError
from backend.upstream.event_stream import EventStream
from backend.upstream.guard import in_words
from backend.upstream.upstream import Upstream
from backend.upstream.upstreams import Upstreams, open_upstreams
from backend.upstream.values import Lifetime, Quota, Reply, Spec, UpstreamState, Window

__all__ = [
    "EventStream", "Kind", "Lifetime", "Quota", "Reply", "Spec", "Undecodable", "Upstream", "UpstreamError",
    "UpstreamState", "Upstreams", "Window", "decode_json", "in_words", "open_upstreams", "parse_json",
]  # fmt: skip
