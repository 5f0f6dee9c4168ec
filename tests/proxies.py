"""nginx, HAProxy and Caddy on loopback, with the very files of ``deploy/``: only addresses, ports and paths differ."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

import pytest

DEPLOY: Final = Path(__file__).parents[1] / "deploy"
PROXIES: Final = ("nginx", "haproxy", "caddy")
Name = Literal["nginx", "haproxy", "caddy"]

proxied: Final = pytest.mark.parametrize(
    "proxy", [pytest.param(name, marks=pytest.mark.needs(name)) for name in PROXIES]
)
"""Once for each of the three, where it is installed."""

_NODES: Final = ("127.0.0.1:8765", "127.0.0.1:8766")


class _Started(NamedTuple):
    command: list[str]
    env: dict[str, str]


@contextlib.asynccontextmanager
async def ways_to(url: str) -> AsyncIterator[dict[str, str]]:
    """URLs of a server by the way there: "direct", and through each proxy that is installed."""
    async with contextlib.AsyncExitStack() as stack:
        ways = {"direct": url}
        for name in PROXIES:
            if shutil.which(name):
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=name)))
                ways[name] = await stack.enter_async_context(running_proxy(name, [url], folder))
        yield ways


@contextlib.asynccontextmanager
async def running_proxy(name: str, nodes: Sequence[str], folder: Path) -> AsyncIterator[str]:
    """The URL of a proxy before ``nodes`` (URLs; one or two); what it says goes to a file in ``folder``."""
    port = free_port()
    addresses = [urlsplit(node).netloc for node in nodes]
    started = _PREPARE[name](folder, port, [addresses[0], addresses[-1]])
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *started.command, env={**os.environ, **started.env}, stdout=output, stderr=output, start_new_session=True
        )
        try:
            if not await _listens(process, port):
                raise AssertionError(f"{name} ended with code {process.returncode}: {log.read_text()[-2000:]}")
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # its workers too
            await process.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Wait until it does; False if it ends instead."""
    async with asyncio.timeout(20):
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return True
            await asyncio.sleep(0.05)
    return False


def _nginx(folder: Path, port: int, nodes: list[str]) -> _Started:
    text = _changed(
        (DEPLOY / "nginx.conf").read_text(),
        {
            "/run/nginx.pid": str(folder / "nginx.pid"),
            "/var/log/nginx/error.log": str(folder / "nginx-error.log"),
            "listen 8080;": f"listen 127.0.0.1:{port};",
            **{f"server {old} ": f"server {new} " for old, new in zip(_NODES, nodes, strict=True)},
        },
    )
    (folder / "nginx.conf").write_text(text)
    program = shutil.which("nginx")
    assert program
    return _Started([program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"], {})


def _haproxy(folder: Path, port: int, nodes: list[str]) -> _Started:
    env = {"LISTEN": f"127.0.0.1:{port}", "NODE_ONE": nodes[0], "NODE_TWO": nodes[1]}
    return _Started(["haproxy", "-W", "-f", str(DEPLOY / "haproxy.cfg")], env)


def _caddy(folder: Path, port: int, nodes: list[str]) -> _Started:
    env = {"LISTEN": f"http://127.0.0.1:{port}", "NODES": " ".join(dict.fromkeys(nodes)), "HOME": str(folder),
           "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}  # fmt: skip
    return _Started(["caddy", "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")], env)


_PREPARE = {"nginx": _nginx, "haproxy": _haproxy, "caddy": _caddy}


def _changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old} is not once in the file"
        text = text.replace(old, new)
    return text
