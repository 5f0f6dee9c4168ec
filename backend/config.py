"""The server's settings and their defaults: flag, ``[server]`` table of the TOML file, ``WINDOWSEAT_<NAME>``."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from backend.errors import ConfigError
from shared.settings import SettingError, resolve, setting


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting of the server."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(8765, "port to listen on; 0 takes a free one", minimum=0, maximum=65535)
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
    deadline_s: float = setting(120.0, "seconds that a run may take", minimum=1)
    grace_s: float = setting(30.0, "seconds that a run goes on after its last viewer left", minimum=0)
    heartbeat_s: float = setting(10.0, "seconds of silence before a heartbeat", minimum=0.05)
    retain_days: float = setting(30.0, "days that runs are kept", minimum=0)
    retain_runs: int = setting(10_000, "runs that are kept", minimum=0)
    stall_s: float = setting(30.0, "seconds that a viewer may take nothing before it is sent away", minimum=0.05)
    max_runs: int = setting(200, "runs under way at once", minimum=1)
    cold_max_c: float = setting(20.0, "a day's high up to this is cold (°C)")
    hot_min_c: float = setting(25.0, "a day's high from this on is hot (°C)")
    demo_lat: float | None = setting(
        None, "latitude of the traveller, if nothing else says it", minimum=-90, maximum=90, env=["DEMO_LAT"]
    )
    demo_lon: float | None = setting(None, "longitude of the traveller", minimum=-180, maximum=180, env=["DEMO_LON"])
    demo_city: str | None = setting(None, "name of that place", env=["DEMO_CITY"])
    until_stdin_closes: bool = setting(False, "stop when standard input ends (for a server that is a child process)")


def config_file(env: Mapping[str, str] = os.environ) -> Path:
    """Where the TOML file is: ``WINDOWSEAT_CONFIG``, or ``config.toml`` in the user's configuration folder."""
    if env.get("WINDOWSEAT_CONFIG"):
        return Path(env["WINDOWSEAT_CONFIG"]).expanduser()
    return Path(platformdirs.user_config_dir("windowseat", appauthor=False)) / "config.toml"


def load_config(
    flags: Mapping[str, Any] | None = None, env: Mapping[str, str] = os.environ, file: Path | None = None
) -> Config:
    """The settings from flags, environment and file. Raises ConfigError, which names the setting that is wrong."""
    path = file or config_file(env)
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("server", {})
    except FileNotFoundError:
        if file is not None or env.get("WINDOWSEAT_CONFIG"):
            raise ConfigError(f"there is no configuration file {path}") from None
        table = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"the configuration file {path} can't be read: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(f"server in {path} must be a table: [server]")
    try:
        config = resolve(Config, flags=flags, env=env, table=table, file=str(path))
    except SettingError as error:
        raise ConfigError(str(error)) from error
    if (config.demo_lat is None) != (config.demo_lon is None):
        raise ConfigError("demo_lat and demo_lon go together: give both or none")
    if config.cold_max_c > config.hot_min_c:
        raise ConfigError("cold_max_c must not be above hot_min_c")
    return config
