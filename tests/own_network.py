"""A network of a test's own: a namespace whose loopback has any addresses, public ones too, and no way out.

See ``needs("network namespaces")``.
"""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_SETUP: Final = """
set -e
ip link set lo up
for address in "$@"; do ip address add "$address" dev lo; done
echo ready
exec cat
"""


@asynccontextmanager
async def own_network(*addresses: str) -> AsyncIterator[list[str]]:
    """What to put before a command so that it runs there. ``addresses``: "24.200.0.1/32", "2606:4700::1/128"."""
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--map-root-user", "--net", "sh", "-c", _SETUP, "sh", *addresses), stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield ["nsenter", "--user", "--net", "--preserve-credentials", "--target", str(process.pid), "--"]
    finally:
        process.stdin.close()  # it ends with us, however we do
        await process.wait()
