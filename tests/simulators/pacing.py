"""How the bytes of an answer go out: in which pieces, how fast, and how far."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from http import HTTPStatus

from tests.simulators.exchange import Answer
from tests.simulators.faults import Fault


def phrase(status: int) -> str:
    """The words beside a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


async def paced(answer: Answer, fault: Fault) -> AsyncGenerator[bytes, None]:
    """The body in the pieces and at the pace of ``fault``, as far as it goes."""
    left = fault.cut_at
    pause = fault.drip_s or fault.chunk_delay_s
    first = True
    async with contextlib.aclosing(_cut(answer, fault)) as pieces:
        async for piece in pieces:
            if left is not None:
                piece = piece[:left]
                left -= len(piece)
            if not first and pause:
                await asyncio.sleep(pause)
            if piece:
                yield piece
                first = False
            if left == 0:
                break
    if fault.tail:
        yield fault.tail


async def _cut(answer: Answer, fault: Fault) -> AsyncGenerator[bytes, None]:
    sizes = 1 if fault.drip_s else fault.chunks
    if sizes is None:
        async for piece in _whole(answer):
            yield piece
        return
    every = sizes if isinstance(sizes, int) else None
    planned = iter(() if isinstance(sizes, int) else sizes)
    held = bytearray()
    size = every or next(planned, None)
    async for piece in _whole(answer):
        held += piece
        while size is not None and len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
            size = every or next(planned, None)
        if size is None and held:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


async def _whole(answer: Answer) -> AsyncIterator[bytes]:
    if isinstance(answer.body, bytes):
        yield answer.body
        return
    async for piece in answer.body:
        yield piece
