"""The server's settings and their defaults: flag, ``[server]`` table of the TOML file, ``WINDOWSEAT_<NAME>``."""

import dataclasses
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from backend.environment import CONFIG, config_file, with_dotenv
from backend.errors import ConfigError
from shared.settings import SettingError, resolve, setting

S = TypeVar("S")

_TABLES = ("app", "keys", "server", "ssh")
"""Of the configuration file; each pipeline has one besides."""


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting of the server."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(8765, "port to listen on; 0 takes a free one", minimum=0, maximum=65535)
    reuse_port: bool = setting(False, "let several servers listen on that port: the kernel shares new connections out")
    data_dir: Path = setting(
        Path(platformdirs.user_data_dir("windowseat", appauthor=False)),
        "where runs are kept (:memory: keeps none)",
    )
    log: str = setting(
        "",
        "where several servers keep runs together: redis://host:6379/0 (default: SQLite in the data folder)",
        secret=True,
        metavar="URL",
    )
    log_may_forget: bool = setting(False, "use that Redis although it may lose what it acknowledged")
    offline: bool = setting(False, "use the bundled data alone, never the network")
    http: str = setting(
        "hypercorn", "what speaks HTTP; uvicorn is faster and has to be installed", choices=("hypercorn", "uvicorn")
    )
    event_loop: str = setting(
        "asyncio", "what drives it; uvloop is faster and has to be installed", choices=("asyncio", "uvloop")
    )
    deadline_s: float = setting(120.0, "seconds that a run may take", minimum=1)
    grace_s: float = setting(30.0, "seconds that a run goes on after its last viewer left", minimum=0)
    heartbeat_s: float = setting(10.0, "seconds of silence before a heartbeat", minimum=0.05)
    retain_days: float = setting(30.0, "days that runs are kept", minimum=0)
    retain_runs: int = setting(10_000, "runs that are kept", minimum=0)
    stall_s: float = setting(30.0, "seconds that a viewer may take nothing before it is sent away", minimum=0.05)
    max_runs: int = setting(200, "runs under way at once", minimum=1)
    trusted_proxies: tuple[str, ...] = setting(
        (), "addresses or networks (CIDR) of proxies in front, whose word about a client's address is taken"
    )
    proxy_header: str = setting(
        "x-forwarded-for", "the header in which they give it", choices=("x-forwarded-for", "forwarded")
    )
    until_stdin_closes: bool = setting(False, "stop when standard input ends (for a server that is a child process)")
    pipelines: tuple[Any, ...] = ()
    """The settings of each pipeline that has some, resolved; ``of`` finds them by their type."""

    def of(self, kind: type[S]) -> S:
        """The settings of type ``kind``; their defaults where none were given."""
        return next((one for one in self.pipelines if isinstance(one, kind)), None) or kind()


def load_config(
    flags: Mapping[str, Any] | None = None,
    env: Mapping[str, str] = os.environ,
    file: Path | None = None,
    pipelines: Mapping[str, type] | None = None,
) -> Config:
    """The settings from flags, environment, ``.env`` and TOML file. ``pipelines``: by its name, the settings of each.

    Raises ConfigError, which names the setting that is wrong.
    """
    env = with_dotenv(env)
    path = file or config_file(env)
    tables = _tables(path, required=file is not None or bool(env.get(CONFIG)))
    if pipelines is not None and (strange := set(tables) - {*_TABLES, *pipelines}):
        known = ", ".join(f"[{name}]" for name in (*_TABLES, *pipelines))
        raise ConfigError(f"{', '.join(sorted(strange))} in {path}: there is no such table; there are {known}")
    pipelines = pipelines or {}

    def found(name: str, kind: type[S]) -> S:
        table = tables.get(name, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{name} in {path} must be a table: [{name}]")
        return resolve(kind, flags=flags, env=env, table=table, file=str(path), read=_read)

    try:
        own: tuple[Any, ...] = tuple(found(name, kind) for name, kind in pipelines.items())
        config = dataclasses.replace(found("server", Config), pipelines=own)
        for cidr in config.trusted_proxies:
            ipaddress.ip_network(cidr)
    except SettingError as error:
        raise ConfigError(str(error)) from None
    except ValueError as error:
        raise ConfigError(f"trusted_proxies must be addresses or networks: {error}") from None
    return config


def _tables(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if required:
            raise ConfigError(f"there is no configuration file {path}") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"the configuration file {path} can't be read: {error}") from error


def _read(path: Path) -> str:
    return path.read_text("utf-8")
