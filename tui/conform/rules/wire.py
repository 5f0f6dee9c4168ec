"""Headers, frames, JSON, sizes, and what a silent stream says."""

import re

from tui.conform.framing import check_size, read_blocks, read_json
from tui.conform.probe import Reading, events_path
from tui.conform.sample import Case, sampled
from tui.conform.verdict import Broken

_SILENCE_S = 10


async def headers(case: Case) -> str:
    """Raises Broken unless a run's own stream and a replay have the headers of the protocol."""
    replay = await case.replay(case.sample.run)
    for name, reading in (("POST /assist", case.sample.reading), ("a replay", replay.reading)):
        _check_headers(name, reading)
        named = reading.headers.get("windowseat-run")
        if named != case.sample.run:
            raise Broken(f"{name}: Windowseat-Run is {named!r}, but the run is {case.sample.run!r}")
    return ""


def _check_headers(name: str, reading: Reading) -> None:
    kind = reading.headers.get("content-type", "")
    if re.sub(r"\s", "", kind.lower()) != "text/event-stream;charset=utf-8":
        raise Broken(f"{name}: Content-Type is {kind!r}, not 'text/event-stream; charset=utf-8'")
    cached = {part.strip().lower() for part in reading.headers.get("cache-control", "").split(",")}
    if not {"no-cache", "no-transform"} <= cached:
        raise Broken(f"{name}: Cache-Control is {reading.headers.get('cache-control')!r}, not 'no-cache, no-transform'")
    if reading.headers.get("x-accel-buffering", "").lower() != "no":
        raise Broken(f"{name}: X-Accel-Buffering is {reading.headers.get('x-accel-buffering')!r}, not 'no'")
    encoding = reading.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise Broken(f"{name} is compressed ({encoding}), which holds events back")


async def frames(case: Case) -> str:
    """Raises Broken unless every block of both streams is one of the few that there may be."""
    replay = await case.replay(case.sample.run)
    blocks = [*read_blocks(case.sample.reading.data), *read_blocks(replay.reading.data)]
    strangers = {block.run for block in blocks if block.seq} - {case.sample.run}
    if strangers:
        raise Broken(f"the id of a frame names another run: {strangers.pop()!r}")
    return f"{sum(block.seq > 0 for block in blocks)} frames, {sum(block.seq == 0 for block in blocks)} others"


async def json(case: Case) -> str:
    """Raises Broken unless each frame's data is strict JSON, its seq that of the id."""
    for one in case.sample.received:
        tree = read_json(one.data.encode("utf-8", "replace"))
        if "\n" in one.data:
            raise Broken(f"the JSON of event {one.id!r} has more than one line")
        seq = one.id.rpartition(".")[2]
        if str(tree.get("seq")) != seq:
            raise Broken(f"the frame {one.id!r} holds event {tree.get('seq')}")
    return ""


async def size(case: Case) -> str:
    """Raises Broken for a frame that is too large."""
    blocks = read_blocks(case.sample.reading.data)
    for block in blocks:
        check_size(block)
    return f"the largest has {max(len(block.raw) for block in blocks) + 2:,} bytes"


async def opening(case: Case) -> str:
    """Raises Broken unless a stream that has no event to send says so at once."""
    length = case.sample.length
    async with case.probe.open("GET", events_path(case.sample.run, f"after={length}")) as reading:
        await reading.until(lambda data: data.endswith(b"\n\n"))
    first = read_blocks(reading.data)[0]
    if first.head is None:
        raise Broken(f"a stream that opens at the end says {first.raw!r}, not ': hb {length}'")
    if first.head != length:
        raise Broken(f"the heartbeat at the end of {length} events says {first.head}")
    if reading.gaps[0] > case.limits.at_once_s:
        raise Broken(f"the first byte came after {reading.gaps[0]:.1f} s, not at once")
    return f"after {reading.gaps[0] * 1000:.0f} ms"


async def heartbeat(case: Case) -> str:
    """Raises Broken for a stream that is silent for longer than it may be, or a heartbeat with a wrong number."""
    async with case.probe.open("POST", "/assist", body=case.body(case.long_question)) as reading:
        while await reading.more() and _heartbeats(reading.data) < 2:  # silence for too long is Broken by itself
            pass
        await case.end(sampled(reading).run)
    blocks = read_blocks(reading.data[: reading.data.rfind(b"\n\n") + 2])
    received = 0
    for block in blocks:
        received = max(received, block.seq)
        if block.head is not None and block.head < received:
            raise Broken(f"a heartbeat says {block.head} after event {received}")
    longest = max([*case.gaps, *reading.gaps])
    if longest > case.limits.silence_s:
        raise Broken(f"a stream was silent for {longest:.1f} s")
    beats = sum(block.head is not None for block in blocks)
    return f"{beats} heartbeats seen; the longest silence was {longest:.1f} s"


def _heartbeats(data: bytes) -> int:
    return data.count(b": hb ")
