"""A program: asks several upstreams as a run does, some at the same time, some one after the other, three times over.

Writes how long each time took and how each call ended, as JSON. Its arguments are base URLs.
"""

import asyncio
import json
import sys
import time

from backend.upstream import Spec, Upstream, UpstreamError, open_upstreams


async def ask(upstream: Upstream) -> str:
    try:
        await upstream.get_json("/x", deadline=time.monotonic() + 20)
    except UpstreamError as error:
        return error.kind
    return "answered"


async def main(urls: list[str]) -> None:
    runs = []
    async with open_upstreams() as opened:
        upstreams = [opened.open(Spec(id=url, name=url, base_url=url)) for url in urls]
        for _ in range(3):
            began = time.monotonic()
            kinds = list(await asyncio.gather(*map(ask, upstreams[:2])))
            kinds += [await ask(upstream) for upstream in upstreams[2:]]
            runs.append({"seconds": time.monotonic() - began, "kinds": kinds})
    json.dump(runs, sys.stdout)


began = time.monotonic()
asyncio.run(main(sys.argv[1:]))
sys.stderr.write(f"{time.monotonic() - began}\n")  # a resolver that hangs must not hold up the end either
