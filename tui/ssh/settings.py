"""The front door's settings: flags over ``WINDOWSEAT_SSH_*`` over the [ssh] table of config.toml over defaults."""

import argparse
import ipaddress
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import platformdirs

from shared.settings import ENV_PREFIX, SettingError, add_flags, resolve, setting
from tui.config import CONFIG_VARIABLE, config_path

TABLE = "ssh"
_EXAMPLES = """\
examples:
  windowseat ssh --port 2222                                    for this machine: ssh -p 2222 localhost
  windowseat ssh --host 0.0.0.0 --auth keys                     for who is in ~/.ssh/authorized_keys
  windowseat ssh --host :: --auth none --max-sessions 50        for everybody
  ssh -p 2222 host "somewhere cold tomorrow under 3 hours from Oslo"
  ssh -p 2222 host "beach on Friday" --json < /dev/null | jq .

Every setting is also an environment variable (WINDOWSEAT_SSH_PORT, …) and a key in the [ssh] table of config.toml.
"""


@dataclass(frozen=True, kw_only=True)
class SshSettings:
    """What the front door can be told. Limits count connections; a connection has one session."""

    host: str = setting("127.0.0.1", "address to listen on; :: and 0.0.0.0 are every one")
    port: int = setting(2222, "port to listen on; 0 takes a free one", minimum=0, maximum=65535)
    auth: str = setting("", "who may come in: keys (who is in authorized_keys) or none (everybody); "
                            "needed beyond this machine, where it is none unless said otherwise",
                        choices=("", "none", "keys"), metavar="{none,keys}")  # fmt: skip
    authorized_keys: Path = setting(Path("~/.ssh/authorized_keys"), "public keys that may come in, with --auth keys")
    host_key: Path = setting(
        Path(platformdirs.user_data_dir("windowseat", appauthor=False)) / "ssh_host_ed25519_key",
        "the private key that shows who we are; made on the first start",
    )
    workers: int = setting(0, "processes that hold sessions; 0: one for each core, two at least", minimum=0, maximum=64)
    max_sessions: int = setting(200, "connections at once", minimum=1)
    max_per_address: int = setting(10, "connections at once from one address (IPv6: from one /64)", minimum=1)
    max_unauthenticated: int = setting(20, "connections at once that have not come in yet", minimum=1)
    login_s: float = setting(10.0, "seconds to come in", minimum=1)
    idle_s: float = setting(1800.0, "seconds without a key or a run until a session is closed", minimum=1)
    stall_s: float = setting(30.0, "seconds that a client may take nothing of what waits for it", minimum=1)
    max_unsent: int = setting(1024 * 1024, "bytes that may wait for one client", minimum=65536)
    worker_s: float = setting(10.0, "seconds until a worker that doesn't answer is replaced", minimum=1)
    remember_s: float = setting(
        900.0, "seconds that a run is offered again to who comes back: with the same key, or else from the same "
               "address under the same name; 0: never", minimum=0)  # fmt: skip
    audit: Path | None = setting(None, "a file for who asked what, as lines of JSON; by default nothing of it is kept")

    @property
    def access(self) -> str:
        return self.auth or "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A command line understood: ``url`` is the server to use, None for a local one, which gets ``server``."""

    settings: SshSettings
    url: str | None
    server: Mapping[str, str]
    verbose: bool


def parse(argv: Sequence[str], env: Mapping[str, str] = os.environ) -> Start:
    """Raises SettingError; argparse prints and raises SystemExit for ``--help`` and wrong usage."""
    parser = argparse.ArgumentParser(
        prog="windowseat ssh",
        description="Open the app for whoever connects with SSH. No account, no shell, no files: the app and nothing "
        "else.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_flags(parser, SshSettings)
    parser.add_argument("--url", default=None, metavar="URL", help="the server to ask; without one a local one starts")
    parser.add_argument("--config", type=Path, default=None, metavar="FILE", help="the configuration file")
    parser.add_argument(
        "--offline", action=argparse.BooleanOptionalAction, default=None, help="the local server never uses the network"
    )
    parser.add_argument("--data-dir", metavar="DIR", default=None, help="where the local server keeps its log of runs")
    parser.add_argument("--verbose", action="store_true", help="log more")
    flags = vars(parser.parse_args(argv))
    settings = resolve_settings(flags, env, flags["config"])
    server = {CONFIG_VARIABLE: str(config_path(flags["config"], env))} if flags["config"] is not None else {}
    if flags["offline"] is not None:
        server[ENV_PREFIX + "OFFLINE"] = "1" if flags["offline"] else "0"
    if flags["data_dir"] is not None:
        server[ENV_PREFIX + "DATA_DIR"] = flags["data_dir"]
    return Start(settings=settings, url=_url(flags, env), server=server, verbose=flags["verbose"])


def resolve_settings(flags: Mapping[str, Any], env: Mapping[str, str], config: Path | None = None) -> SshSettings:
    """The settings from all their places, paths made whole. Raises SettingError."""
    path = config_path(config, env)
    # WINDOWSEAT_PORT and the like are the server's: ours begin with WINDOWSEAT_SSH_.
    prefix = ENV_PREFIX + "SSH_"
    ours = {ENV_PREFIX + name.removeprefix(prefix): value for name, value in env.items() if name.startswith(prefix)}
    settings = resolve(SshSettings, flags=flags, env=ours, table=_table(path, config is not None), file=str(path))
    if not is_loopback(settings.host) and not settings.auth:
        raise SettingError("--auth", settings.auth, f"said beyond this machine ({settings.host}): keys, or none")
    audit = settings.audit.expanduser() if settings.audit is not None else None
    return replace(
        settings,
        authorized_keys=settings.authorized_keys.expanduser(),
        host_key=settings.host_key.expanduser(),
        audit=audit,
    )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(flags: Mapping[str, Any], env: Mapping[str, str]) -> str | None:
    from tui.config import load

    url = load({"url": flags["url"]}, env, flags["config"]).url
    if url and (flags["offline"] is not None or flags["data_dir"] is not None):
        raise SettingError("--url", url, "left out where --offline or --data-dir is for a local server")
    return url


def _table(path: Path, required: bool) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(path.read_text("utf-8")).get(TABLE, {})
    except FileNotFoundError:
        if required:
            raise SettingError("the configuration file", str(path), "a file that exists") from None
        return {}
    except (OSError, ValueError) as error:
        raise SettingError("the configuration file", str(path), f"readable as TOML: {error}") from None
    if not isinstance(table, dict):
        raise SettingError(f"{TABLE} in {path}", table, f"a table: [{TABLE}]")
    return table
