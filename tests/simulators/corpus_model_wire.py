"""Streams that go wrong, and services that fail before or in the middle of an answer."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from tests.simulators.chat import DONE, frame
from tests.simulators.corpus_model import CORE, GOOD, MEANT, ModelCase
from tests.simulators.faults import MEGABYTE, Fault, endless, filled
from tests.simulators.replies import Delta, Reply

HALF: Final = GOOD[: len(GOOD) // 2]
STREAM: Final = "text/event-stream"
JSON: Final = "application/json"
_NO_UTF8: Final = b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n'


def streams() -> Iterator[ModelCase]:
    """What the simulator sends as a stream of its dialect, with something wrong in it."""
    good: dict[str, Reply] = {
        "letter by letter": Reply(deltas=list(GOOD)),
        "in one": Reply(deltas=[GOOD]),
        "with empty deltas": Reply(deltas=["", *GOOD, Delta()]),
        "after reasoning": Reply(GOOD, reasoning='They say hot. So it is cold. {"weather": "hot"}'),
        "reasoning in between": Reply(deltas=[GOOD[:9], Delta(reasoning="hm"), GOOD[9:]]),
        "with comments": Reply(deltas=[GOOD[:9], Delta(raw=b": keep-alive\n\n"), GOOD[9:]]),
        "with other fields": Reply(deltas=[Delta(raw=b"event: x\nid: 7\nretry: 5\n\n"), GOOD]),
        "a frame without choices": Reply(deltas=[Delta(raw=frame({"id": "x", "choices": []})), GOOD]),
        "no [DONE]": Reply(GOOD, done=False),
    }
    for name, reply in good.items():
        yield ModelCase(f"stream: {name}", "usable", reply, wants=CORE)
    doubtful: dict[str, Reply] = {
        "no end, no [DONE]": Reply(GOOD, finish=None, done=False),
        "ended by its length": Reply(GOOD, finish="length"),
        "ended by a filter": Reply(GOOD, finish="content_filter"),
        "ended for a reason nobody knows": Reply(GOOD, finish="bananas"),
        "a broken frame first": Reply(deltas=[Delta(raw=b"data: {broken\n\n"), GOOD]),
        "a frame of other types": Reply(deltas=[Delta(raw=frame({"choices": [{"delta": {"content": 5}}]})), GOOD]),
        "a frame that is a list": Reply(deltas=[Delta(raw=frame([1, 2])), GOOD]),
        "content as parts": Reply(
            deltas=[Delta(raw=frame({"choices": [{"delta": {"content": [{"type": "text", "text": GOOD}]}}]}))]
        ),
        "an error after all of it": Reply(GOOD, error={"error": {"message": "late", "code": "x"}}),
        "two choices": Reply(deltas=[Delta(raw=frame({"choices": [{"index": 1, "delta": {"content": "{}"}}]})), GOOD]),
        "bytes that are no UTF-8": Reply(deltas=[Delta(raw=_NO_UTF8), GOOD]),
        "everything in the reasoning": Reply(deltas=[Delta(reasoning=GOOD)]),
    }
    for name, reply in doubtful.items():
        yield ModelCase(f"stream: {name}", "either", reply)
    bad: dict[str, Reply] = {
        "half, and no end": Reply(HALF, finish=None, done=False),
        "half, ended by its length": Reply(HALF, finish="length"),
        "half, and a stop": Reply(HALF),
        "half, and [DONE] at once": Reply(HALF, finish=None),
        "half, and a nested error": Reply(HALF, error={"error": {"message": "Internal", "type": "server_error"}}),
        "half, and a flat error": Reply(HALF, error={"message": "no", "type": "too_many_tokens_error", "code": "x"}),
        "half, and an error as a text": Reply(HALF, error={"error": "out of memory"}),
        "an error at once": Reply(deltas=[""], error={"error": {"message": "Loading model", "code": 503}}),
        "a refusal in its own field": Reply(deltas=[Delta(refusal="I can't help with that.")]),
        "reasoning without an end": Reply(deltas=[Delta(reasoning="hm, ")], endless=True),
        "content without an end": Reply(deltas=["blah "], endless=True),
        "brackets without an end": Reply(deltas=["["], endless=True),
        "empty deltas without an end": Reply(deltas=[""], endless=True),
        "nothing but thoughts": Reply(reasoning="hm " * 50, text=""),
        "a frame of a megabyte": Reply(deltas=["x" * MEGABYTE]),
    }
    for name, reply in bad.items():
        yield ModelCase(f"stream: {name}", "refused", reply, slow=reply.endless)


def services() -> Iterator[ModelCase]:
    """What no model wrote."""
    whole = {"choices": [{"message": {"role": "assistant", "content": GOOD}, "finish_reason": "stop"}]}
    yield _sent("not streamed after all", "either", json.dumps(whole).encode())
    yield _sent("data without a space", "usable", _tight(GOOD) + b"data:[DONE]\n\n", content_type=STREAM)
    yield _sent("CR and LF", "usable", (_tight(GOOD) + DONE).replace(b"\n", b"\r\n"), content_type=STREAM)
    yield _sent("a byte order mark first", "usable", b"\xef\xbb\xbf" + _tight(GOOD) + DONE, content_type=STREAM)
    bodies: dict[str, tuple[str, bytes]] = {
        "an empty stream": (STREAM, b""),
        "[DONE] alone": (STREAM, DONE),
        "comments alone": (STREAM, b": hb\n\n" * 50),
        "html": ("text/html", b"<html>Sign in</html>"),
        "html as a stream": (STREAM, b"<html>\n\n</html>"),
        "an empty object": (JSON, b"{}"),
        "null": (JSON, b"null"),
        "lines of JSON": (JSON, b'{"a":1}\n{"b":2}\n'),
        "an error with 200": (JSON, b'{"error":{"message":"no","code":"x"}}'),
        "deep": (STREAM, b"data: " + b"[" * 100_000 + b"\n\n"),
        "a line without an end": (STREAM, b"data: " + b"x" * MEGABYTE),
        "random": (STREAM, bytes(range(256)) * 20),
        "5,000 digits": (STREAM, b'data: {"choices":' + b"9" * 5000 + b"}\n\n"),
    }
    for name, (content_type, body) in bodies.items():
        yield _sent(name, "refused", body, content_type=content_type)
    for status in (301, 400, 401, 402, 403, 404, 408, 413, 422, 429, 498, 499, 500, 502, 503, 504):
        yield ModelCase(f"service: {status}", "refused", make=partial(Fault, status=status))
    for wait in ("0", "3", "3600", "soon", "Wed, 21 Oct 2036 07:28:00 GMT"):
        headers = {"retry-after": wait}
        yield ModelCase(f"service: 429, wait {wait}", "refused", make=partial(Fault, status=429, headers=headers))
    for name, document in _ERRORS.items():
        for status in (400, 503):
            make = partial(Fault, status=status, body=json.dumps(document))
            yield ModelCase(f"service: {status}, {name}", "refused", make=make)
    yield from broken_off()


def broken_off() -> Iterator[ModelCase]:
    """Connections that end, stall or flood."""
    refused: dict[str, tuple[Callable[[], Fault], bool]] = {
        "503 in html": (partial(Fault, status=503, body="<html>", content_type="text/html"), False),
        "hangs up": (partial(Fault, reset=True), False),
        "hangs up in the first frame": (partial(Fault, cut_at=60), False),
        "never answers": (partial(Fault, never=True), True),
        "headers alone": (partial(Fault, body_delay_s=60), True),
        "a byte now and then": (partial(Fault, drip_s=0.4), True),
        "heartbeats for ever": (lambda: Fault(body=endless(b": hb\n\n" * 500), content_type=STREAM), True),
        "50 MB in a line": (lambda: Fault(body=filled(50 * MEGABYTE, b"x", b"data: "), content_type=STREAM), False),
        "a gzip bomb": (partial(Fault, gzip_bomb=1 << 30, content_type=STREAM), False),
    }
    for name, (make, slow) in refused.items():
        yield ModelCase(f"service: {name}", "refused", make=make, slow=slow)
    reset = partial(Fault, cut_at=900, reset=True)
    yield ModelCase("service: resets in the middle", "refused", Reply(GOOD * 2), reset)
    yield ModelCase("service: a byte at a time", "usable", Reply(GOOD), partial(Fault, chunks=1), wants=CORE)
    odd = partial(Fault, chunks=7)
    yield ModelCase("service: cut in odd places", "usable", Reply("é東🏝 " + GOOD), odd, wants=CORE)


_ERRORS: Final[dict[str, Any]] = {
    "a text": {"error": "broken"},
    "null": {"error": None},
    "a list": {"error": [1]},
    "an integer": {"error": {"code": 503}},
    "flat": {"message": "no", "type": "t", "param": None, "code": None},
    "a number": {"error": 5},
    "nothing": {},
    "escapes": {"error": {"message": "\x1b]52;c;b3duZWQ=\x07[bold]x", "code": "\x1b[2J"}},
    "a failed generation": {"error": {"code": "json_validate_failed", "failed_generation": "Sure! {"}},
    "a decommissioned model": {"error": {"message": "The model `m` has been decommissioned", "code": "x"}},
}


def _sent(name: str, right: Any, body: bytes, **more: Any) -> ModelCase:
    wants = CORE if right == "usable" else None
    return ModelCase(f"service: {name}", right, make=partial(Fault, status=200, body=body, **more), wants=wants)


def _tight(text: str) -> bytes:
    """A stream of one delta without the space after ``data:``."""
    assert json.loads(text) == MEANT
    chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]}
    return b"data:" + json.dumps(chunk).encode() + b"\n\n"
