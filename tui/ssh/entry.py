"""``windowseat ssh``: from the command line to a front door that is open."""

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence

from tui.errors import FAILED, USAGE, LocalServerError, exit_code_of
from tui.ssh.front import Front
from tui.ssh.keys import HostKeyError, fingerprint, host_key
from tui.ssh.settings import SshSettings, Start, is_loopback, parse
from tui.ssh.upstream import Upstream

log = logging.getLogger(__name__)


def run(argv: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM. The exit code: 0, 1 (can't), 2 (wrong usage). Raises SettingError."""
    start = parse(argv)
    level = logging.INFO if start.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("asyncssh").setLevel(logging.ERROR)
    try:
        key = host_key(start.settings.host_key)
    except HostKeyError as error:
        return _complain(str(error), USAGE)
    try:
        asyncio.run(_serve(start, fingerprint(key)))
    except ExceptionGroup as group:
        first = group.exceptions[0]
        if not isinstance(first, LocalServerError):
            raise
        return _complain(str(first), exit_code_of(first))
    except OSError as error:
        return _complain(f"{start.settings.host} port {start.settings.port}: {error.strerror or error}", FAILED)
    return 0


async def _serve(start: Start, shown_key: str) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stopping.set)

    def announce(host: str, port: int) -> None:
        sys.stdout.write(_welcome(start.settings, host, port, shown_key))
        sys.stdout.flush()

    front = Front(start.settings, Upstream(start.url, start.server), verbose=start.verbose)
    await front.serve(announce, stopping)


def _welcome(settings: SshSettings, host: str, port: int, shown_key: str) -> str:
    who = "everybody" if settings.access == "none" else f"who is in {settings.authorized_keys}"
    where = "localhost" if is_loopback(host) else "HOST"
    return (
        f"Windowseat is listening for SSH on {host} port {port}, open to {who}\n"
        f"Its host key is {shown_key}\n"
        f"Come in with: ssh -p {port} {where}\n"
    )


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"windowseat ssh: {text}\n")
    return code
