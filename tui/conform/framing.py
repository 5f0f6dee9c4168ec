"""A stream by the letter: blocks of lines, each of them an event, a word about the connection, or a comment."""

import json
import re
from typing import Any, NamedTuple

from shared.events import MAX_FRAME_BYTES
from tui.conform.verdict import Broken

_ID = re.compile(rb"id: ([^\0\n]+)\.([1-9][0-9]*)")
_RETRY = re.compile(rb"retry: [0-9]+")
_HEARTBEAT = re.compile(rb": hb ([0-9]+)")
_SEPARATORS = {"\u2028": "U+2028", "\u2029": "U+2029", "\x85": "U+0085"}


class Block(NamedTuple):
    """``seq`` and ``run`` for an event of the log; ``data``: its JSON; ``head``: what a heartbeat says."""

    raw: bytes
    run: str = ""
    seq: int = 0
    data: bytes = b""
    head: int | None = None


def read_blocks(data: bytes) -> list[Block]:
    """The blocks of a whole stream. Raises Broken for anything that the rules of frames don't have."""
    if not data:
        return []
    if data.startswith(b"\xef\xbb\xbf"):
        raise Broken("the stream begins with a byte order mark")
    carriage_return = data.find(b"\r")
    if carriage_return >= 0:
        raise Broken(f"there is a CR in the stream (at byte {carriage_return}): line ends are LF alone")
    if not data.endswith(b"\n\n"):
        raise Broken(f"the stream ends inside a frame: {data[-60:]!r}")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise Broken(f"the stream is not UTF-8 (at byte {error.start})") from None
    return [_read_block(raw) for raw in data.removesuffix(b"\n\n").split(b"\n\n")]


def _read_block(raw: bytes) -> Block:
    lines = [line for line in raw.split(b"\n") if not _RETRY.fullmatch(line)]
    shown = repr(raw[:80])
    for line in lines:
        if line.startswith(b"event:"):
            raise Broken(f"a frame has an event: line, which onmessage would not hear: {shown}")
    if all(line.startswith(b":") for line in lines):
        heartbeat = _HEARTBEAT.fullmatch(lines[0]) if len(lines) == 1 else None
        return Block(raw, head=int(heartbeat[1]) if heartbeat else None)
    if len(lines) == 1 and lines[0].startswith(b"data: "):
        return Block(raw, data=_of_the_connection(lines[0][6:], shown))
    if len(lines) != 2 or not lines[1].startswith(b"data: "):
        raise Broken(f"a frame is not an id: and a data: line: {shown}")
    found = _ID.fullmatch(lines[0])
    if found is None:
        raise Broken(f"an id is not <run>.<seq>: {shown}")
    return Block(raw, found[1].decode(), int(found[2]), lines[1][6:])


def _of_the_connection(data: bytes, shown: str) -> bytes:
    tree = read_json(data)
    if not str(tree.get("type", "")).startswith("stream."):
        raise Broken(f"an event of the log has no id: {shown}")
    return data


def read_json(data: bytes) -> dict[str, Any]:
    """The object in an event's data. Raises Broken for what the rule about JSON excludes."""
    try:
        text = data.decode()
        tree = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise Broken(f"an event is not JSON ({error}): {data[:80]!r}") from None
    if not isinstance(tree, dict):
        raise Broken(f"an event is not a JSON object: {data[:80]!r}")
    for separator, name in _SEPARATORS.items():
        if separator in text:
            raise Broken(f"a raw {name} is in event {tree.get('seq')}: some readers split lines there")
    absent = [name for name, value in tree.items() if value is None]
    if absent:
        raise Broken(f"event {tree.get('seq')} has {absent[0]} as null: what is absent is left out")
    return tree


def check_size(block: Block) -> None:
    """Raises Broken for a frame that is too large."""
    if len(block.raw) + 2 > MAX_FRAME_BYTES:
        raise Broken(f"frame {block.seq} has {len(block.raw) + 2:,} bytes, more than {MAX_FRAME_BYTES:,}")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is in it")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a key is in it twice")
    return tree
