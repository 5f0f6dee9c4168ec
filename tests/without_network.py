"""A machine without a network, for tests: a namespace whose packets vanish. See ``needs("network namespaces")``.

``vanishing``: there is a route, a resolver and no answer to anything, as behind a dead link or a firewall that drops.
``unreachable``: only loopback is there, as with the cable out.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

_SETUP: Final = """
set -e
ip link set lo up
if [ "$1" = vanishing ]; then
  ip link add out type veth peer name nobody
  ip address add 10.99.0.2/24 dev out
  ip link set out up
  ip link set nobody up
  ip neighbour add 10.99.0.1 lladdr 02:00:00:00:00:01 dev out
  ip route add default via 10.99.0.1
fi
mount --bind "$2" /etc/resolv.conf
shift 2
exec "$@"
"""

Kind = Literal["vanishing", "unreachable"]


def command(kind: Kind, folder: Path, words: Sequence[str]) -> list[str]:
    """``words`` as a command that runs without a network; ``folder`` is for files of its own."""
    resolver = folder / "resolv.conf"
    resolver.write_text("nameserver 10.99.0.1\n")
    return ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c", _SETUP, "sh", kind, str(resolver), *words]


def is_possible() -> bool:
    """Whether this machine lets us make one."""
    try:
        made = subprocess.run(
            [
                "unshare",
                "--map-root-user",
                "--net",
                "--mount",
                "sh",
                "-c",
                "ip link add out type veth peer name nobody",
            ],
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return made.returncode == 0
