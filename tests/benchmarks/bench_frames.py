"""FrameParser against httpx-sse, and eventsource-parser on node, on the same bytes, cut in the same way.

Run: ``python -m tests.benchmarks.bench_frames [--rounds N]``. httpx-sse is driven as its ``EventSource`` does, without
the cost of its asynchronous generators; eventsource-parser with a streaming ``TextDecoder`` before it.
"""

import codecs
import json
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from httpx_sse._decoders import SSEDecoder, SSELineDecoder

from shared.encoding import EventFrames, encode_frame
from shared.frames import FrameParser
from tests.benchmarks.harness import ROOT, Options, Row, alone, interleaved, ratio, timed

TYPES = ("step.token", "step.progress", "step.log", "rows.changed")
PLAIN = "Reading the sky over Valencia, Lisbon and Oslo: 21 of 37 forecasts are in. "
UTF8 = "Málaga → 東京 ☀ Ørland, Gdańsk; погода в Афинах 31 °C. "
CHUNK_SIZES = {1: "1 B", 64: "64 B", 1_400: "1.4 KB", 65_536: "64 KB"}
EVENTS = 2_000


def event_json(rng: random.Random, seq: int, text: str) -> bytes:
    """One event as the server writes it: 100 to 260 bytes, one in a hundred 4 KB, 215 on average."""
    length = 4_000 if rng.random() < 0.01 else rng.randint(20, 180)
    event = {"type": rng.choice(TYPES), "seq": seq, "t": seq * 17, "step": "weather", "attempt": 1}
    event["text"] = (text * 60)[:length]
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def data_only(rng: random.Random, events: int) -> bytes:
    return b"".join(b"data: %b\n\n" % event_json(rng, seq, PLAIN) for seq in range(1, events + 1))


def identified(rng: random.Random, events: int, text: str = PLAIN, *, heartbeats: bool = True) -> bytes:
    """Our own wire: ids, and a heartbeat in every fifty frames."""
    encode = EventFrames("r7f3a9c2d1e4b58").encode
    frames = []
    for seq in range(1, events + 1):
        frames.append(encode(seq, event_json(rng, seq, text)))
        if heartbeats and seq % 50 == 0:
            frames.append(encode_frame(comment=f"hb {seq}"))
    return b"".join(frames)


def named_crlf(rng: random.Random, events: int) -> bytes:
    return b"".join(
        b"id: %d\r\nevent: %b\r\ndata: %b\r\n\r\n" % (seq, rng.choice(TYPES).encode(), event_json(rng, seq, PLAIN))
        for seq in range(1, events + 1)
    )


STREAMS: dict[str, Callable[[random.Random, int], bytes]] = {
    "data, LF": data_only,
    "id+data, LF": lambda rng, events: identified(rng, events, heartbeats=False),
    "id+data+hb, LF": identified,
    "id+data+hb, UTF-8": lambda rng, events: identified(rng, events, UTF8),
    "id+event+data, CRLF": named_crlf,
}


TARGETS = {("data, LF", 65_536): 4.0, ("id+data, LF", 65_536): 3.0, ("id+data, LF", 1_400): 3.0}
"""Of streams and sizes of chunks that have one of their own."""


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def read_ours(chunks: list[bytes]) -> int:
    """Read every frame's data; return how many there were."""
    parser = FrameParser(16 << 20)
    feed = parser.feed
    count = 0
    for chunk in chunks:
        for frame in feed(chunk):
            frame.data  # noqa: B018  # what every reader does
            count += 1
    return count


def read_httpx_sse(chunks: list[bytes]) -> int:
    """Read every event's data; return how many there were, but for the empty ones that comments become."""
    text = codecs.getincrementaldecoder("utf-8")("replace")
    lines = SSELineDecoder()
    events = SSEDecoder()
    count = 0
    for chunk in chunks:
        if not (decoded := text.decode(chunk)):
            continue
        for line in lines.decode(decoded):
            event = events.decode(line.rstrip("\n"))
            if event is not None and event.data:
                count += 1
    return count


def compare(name: str, size: int, rounds: int) -> Row:
    events = EVENTS if size > 1 else EVENTS // 10
    chunks = cut(STREAMS[name](random.Random(20), events), size)
    for read in (read_ours, read_httpx_sse):
        if (count := read(chunks)) != events:
            raise AssertionError(f"{read.__name__} saw {count} of {events} events")
    sides = {"ours": timed(lambda: read_ours(chunks), 5), "peer": timed(lambda: read_httpx_sse(chunks), 5)}
    found = interleaved(sides, rounds)
    target = 3.5 if size == 1 else TARGETS.get((name, size), 2.5)
    return ratio(
        f"parser, {name}, {CHUNK_SIZES[size]} / httpx-sse", found["peer"], found["ours"],
        sense="at least", target=target, scale=1e9 / events, each="ns/event",
    )  # fmt: skip


def long_lines(rounds: int) -> Iterator[Row]:
    """What a chunk of 64 B costs where the line is longer: nothing that is held may be searched again.

    All lengths read 8 MB of chunks, each an object of its own: were the shorter ones fewer, the cache would hold them.
    """
    lengths = {"8 MB": 8 << 20, "1 MB": 1 << 20, "128 KB": 1 << 17}

    def side(length: int) -> Callable[[], float]:
        line = b"id: 5\ndata: " + b"x" * length + b"\n\n"
        chunks = [chunk for _ in range((8 << 20) // length) for chunk in cut(line, 64)]
        read = timed(partial(read_ours, chunks))
        return lambda: read() / len(chunks)

    found = interleaved({name: side(length) for name, length in lengths.items()}, rounds)
    for longer, shorter, target in (("1 MB", "128 KB", 1.3), ("8 MB", "1 MB", None)):
        yield ratio(
            f"parser, a line of {longer} / of {shorter}, 64 B", found[longer], found[shorter],
            scale=1e9, each="ns/chunk", target=target,
        )  # fmt: skip


def beside_node(name: str, size: int, rounds: int) -> Row | None:
    """Against eventsource-parser in a process of its own, which waits for its turn."""
    package = ROOT / "tests" / "npm" / "node_modules" / "eventsource-parser"
    if shutil.which("node") is None or not package.exists():
        return None
    stream = STREAMS[name](random.Random(20), EVENTS)
    chunks = cut(stream, size)
    script = Path(__file__).with_name("event_source_parser.mjs").read_text("utf-8")
    script = script.replace('"eventsource-parser"', json.dumps((package / "dist" / "index.js").as_uri()))
    with tempfile.NamedTemporaryFile() as file:
        file.write(stream)
        file.flush()
        with subprocess.Popen(
            ["node", "--input-type=module", "--eval", script, "-", file.name, str(size), str(EVENTS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        ) as node:  # fmt: skip
            assert node.stdin is not None
            assert node.stdout is not None
            ask, answers = node.stdin.write, node.stdout.readline

            def theirs() -> float:
                ask("\n")
                return float(answers()) * 1e-9

            side = timed(lambda: read_ours(chunks))
            found = interleaved({"ours": lambda: side() / EVENTS, "theirs": theirs}, rounds)
            node.stdin.close()
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    label = f"parser, {name}, {CHUNK_SIZES[size]} / eventsource-parser"
    told: dict[str, Any] = {"target": 2.0, "note": f"{version} on node", "guarded": False}
    return ratio(label, found["ours"], found["theirs"], scale=1e9, each="ns/event", **told)


def rows(options: Options) -> Iterator[Row]:
    for name in STREAMS:
        for size in CHUNK_SIZES:
            yield compare(name, size, options.rounds)
    yield from long_lines(options.rounds)
    for name in STREAMS:
        for size in (1_400, 65_536):
            if (row := beside_node(name, size, options.rounds)) is not None:
                yield row


if __name__ == "__main__":
    alone(rows)
