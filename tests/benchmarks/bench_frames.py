"""FrameParser against httpx-sse on the same bytes, cut in the same way.

Run: ``python -m tests.benchmarks.bench_frames [--rounds N] [--events N]``. CPU time; both sides run in turn
in every round and the table shows medians of the per-round ratios, so what else the machine does falls on
both.
httpx-sse is driven as its ``EventSource`` does, without the cost of its asynchronous generators.
"""

import argparse
import codecs
import importlib.metadata
import json
import platform
import random
import statistics
import time
from collections.abc import Callable

from httpx_sse._decoders import SSEDecoder, SSELineDecoder

from shared.encoding import encode_event_frame, encode_frame
from shared.frames import FrameParser

TYPES = ("step.token", "step.progress", "step.log", "rows.changed")
PLAIN = "Reading the sky over Valencia, Lisbon and Oslo: 21 of 37 forecasts are in. "
UTF8 = "Málaga → 東京 ☀ Ørland, Gdańsk; погода в Афинах 31 °C. "
CHUNK_SIZES = (1, 64, 1_400, 65_536)


def event_json(rng: random.Random, seq: int, text: str) -> bytes:
    """One event as the server writes it: 100 to 260 bytes, one in a hundred 4 KB, 215 on average."""
    length = 4_000 if rng.random() < 0.01 else rng.randint(20, 180)
    event = {"type": rng.choice(TYPES), "seq": seq, "t": seq * 17, "step": "weather", "attempt": 1}
    event["text"] = (text * 60)[:length]
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def data_only(rng: random.Random, events: int) -> bytes:
    return b"".join(b"data: %b\n\n" % event_json(rng, seq, PLAIN) for seq in range(1, events + 1))


def identified(rng: random.Random, events: int, text: str = PLAIN) -> bytes:
    """Our own wire: ids, and a heartbeat in every fifty frames."""
    frames = []
    for seq in range(1, events + 1):
        frames.append(encode_event_frame(b"r7f3a9c2d1e4b58.%d" % seq, event_json(rng, seq, text)))
        if seq % 50 == 0:
            frames.append(encode_frame(comment=f"hb {seq}"))
    return b"".join(frames)


def named_crlf(rng: random.Random, events: int) -> bytes:
    return b"".join(
        b"id: %d\r\nevent: %b\r\ndata: %b\r\n\r\n" % (seq, rng.choice(TYPES).encode(), event_json(rng, seq, PLAIN))
        for seq in range(1, events + 1)
    )


STREAMS: dict[str, Callable[[random.Random, int], bytes]] = {
    "data, LF": data_only,
    "id+data+hb, LF": identified,
    "id+data+hb, UTF-8": lambda rng, events: identified(rng, events, UTF8),
    "id+event+data, CRLF": named_crlf,
}


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


def read_ours(chunks: list[bytes]) -> int:
    """Read every frame's data; return how many there were."""
    parser = FrameParser(8 << 20)
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


def cpu_seconds(read: Callable[[list[bytes]], int], chunks: list[bytes]) -> tuple[float, int]:
    start = time.process_time()
    count = read(chunks)
    return time.process_time() - start, count


def compare(chunks: list[bytes], events: int, rounds: int) -> tuple[float, float, float]:
    """Return ns per event of ours and of httpx-sse (medians), and the median of the per-round ratios."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        for read, seconds in ((read_ours, ours), (read_httpx_sse, theirs)):
            spent, count = cpu_seconds(read, chunks)
            if count != events:
                raise AssertionError(f"{read.__name__} saw {count} of {events} events")
            seconds.append(spent)
    ratio = statistics.median(slow / fast for fast, slow in zip(ours, theirs, strict=True))
    return statistics.median(ours) / events * 1e9, statistics.median(theirs) / events * 1e9, ratio


def compare_long_line(start: bytes, rounds: int) -> tuple[float, float]:
    """Return what a 4 MB line costs in 64 B chunks, as a ratio to 64 KB chunks and to 8 lines of 0.5 MB."""
    stream = start + b"x" * (4 << 20) + b"\n\n"
    part = start + b"x" * (512 << 10) + b"\n\n"
    small, large, parts = cut(stream, 64), cut(stream, 65_536), cut(part, 64) * 8
    against_large, against_parts = [], []
    for _ in range(rounds):
        spent = cpu_seconds(read_ours, small)[0]
        against_large.append(spent / cpu_seconds(read_ours, large)[0])
        against_parts.append(spent / cpu_seconds(read_ours, parts)[0])
    return statistics.median(against_large), statistics.median(against_parts)


def compare_encoders(rounds: int) -> float:
    """Return how much slower ``encode_frame`` is than ``encode_event_frame`` on the server's usual frame."""
    data = event_json(random.Random(20), 5, PLAIN)
    text = data.decode()
    ratios = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(20_000):
            encode_event_frame(b"r7f3a9c2d1e4b58.5", data)
        between = time.process_time()
        for _ in range(20_000):
            encode_frame(text, id="r7f3a9c2d1e4b58.5")
        ratios.append((time.process_time() - between) / (between - start))
    return statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--events", type=int, default=3_000)
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, httpx-sse {importlib.metadata.version('httpx-sse')}, "
        f"msgspec {importlib.metadata.version('msgspec')}; {options.events} events, {options.rounds} rounds"
    )
    print(f"{'format':22}{'chunk':>8}{'ours ns/event':>15}{'httpx-sse':>12}{'ratio':>8}")
    for name, make in STREAMS.items():
        for size in CHUNK_SIZES:
            events = options.events if size > 1 else max(options.events // 10, 1)
            stream = make(random.Random(20), events)
            ours, theirs, ratio = compare(cut(stream, size), events, options.rounds)
            print(f"{name:22}{size:>8}{ours:>15,.0f}{theirs:>12,.0f}{ratio:>7.2f}x")
    for start in (b"data: ", b"id: r7f3a9c2d1e4b58.5\ndata: "):
        large, parts = compare_long_line(start, options.rounds)
        form = start.decode().replace("\n", " ")
        print(f"{form}<4 MB> in 64 B chunks: {large:.2f}x of 64 KB chunks, {parts:.2f}x of 8 lines of 0.5 MB")
    print(f"encode_frame: {compare_encoders(options.rounds):.1f}x the cost of encode_event_frame")


if __name__ == "__main__":
    main()
