"""The client's settings: flags over ``WINDOWSEAT_*`` over the [app] table of config.toml over defaults.

The same file's other tables belong to the server, which reads them itself. Nothing of Textual, rich or httpx here.
"""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.settings import ENV_PREFIX, SettingError, add_flags, resolve, setting

CONFIG_VARIABLE = "WINDOWSEAT_CONFIG"
_ZONE = re.compile(r"[A-Za-z0-9+_-]+(?:/[A-Za-z0-9+_-]+)*")


@dataclass(frozen=True, kw_only=True)
class ClientSettings:
    """What the command line and the app can be told. ``origin`` is called ``from`` wherever a person sets it."""

    url: str | None = setting(None, "the server to ask, http(s)://…; without one a local server is started",
                             metavar="URL")  # fmt: skip
    origin: str | None = setting(None, "where you leave from: a city or an airport code", env=("WINDOWSEAT_FROM",))
    pipeline: str | None = setting(None, "which pipeline answers (windowseat pipelines lists them)", metavar="NAME")
    tz: str | None = setting(None, "your time zone, such as Europe/Madrid (default: this machine's)", metavar="ZONE")
    plain: bool = setting(False, "plain words, line by line: no colour, no glyphs, no full-screen app")
    color: str = setting("auto", "colour in the narration; NO_COLOR is heard",
                         choices=("auto", "always", "never"))  # fmt: skip
    expand: str = setting("failed", "whose inside is shown unasked: steps that failed, all (always), none (never)",
                          choices=("never", "failed", "always"))  # fmt: skip
    attempts: int = setting(10, "how often a connection that broke is taken up again before that is given up",
                            minimum=0, metavar="N")  # fmt: skip
    motion: str = setting("full", "movement on a terminal; none for no spinner", choices=("full", "none"))
    theme: str = setting("auto", "the app's colours: a theme of Textual, such as ansi-dark; auto: dark, or light where "
                         "COLORFGBG says so", metavar="NAME")  # fmt: skip
    mouse: bool = setting(True, "the app hears the mouse; without, the terminal selects text as it always does")
    bell: bool = setting(True, "ring when a long run ends while the terminal is not looked at")
    history: bool = setting(True, "remember the questions asked, in a file that only you can read")
    restore: bool = setting(True, "begin the app with the runs before")
    keys: tuple[str, ...] = setting(
        (), "keys bound anew: ID=KEY (docs/keys.md has the ids); in the file a table [keys]"
    )
    epilogue: bool = setting(True, "print the last answer when the app is left")


def add_client_flags(parser: argparse.ArgumentParser, only: Sequence[str]) -> None:
    """The flags of the settings named in ``only``; ``origin`` becomes ``--from``."""
    add_flags(parser, ClientSettings, [name for name in only if name != "origin"])
    if "origin" in only:
        text = ClientSettings.__dataclass_fields__["origin"].metadata["text"]
        parser.add_argument("--from", dest="origin", metavar="PLACE", default=None, help=text)


def load(flags: Mapping[str, Any], env: Mapping[str, str], config: Path | None) -> ClientSettings:
    """The settings from all their places. Raises SettingError, which names the place and what is allowed."""
    path = config_path(config, env)
    tables = _tables(path, required=config is not None or bool(env.get(CONFIG_VARIABLE)))
    app = dict(tables.get("app", {}))
    if "keys" in tables:
        app["keys"] = [f"{key_id}={key}" for key_id, key in _keys(tables["keys"], path).items()]
    if "origin" in app:
        raise SettingError(f"origin in {path}", app["origin"], "called from")
    if "from" in app:
        app["origin"] = app.pop("from")
        if not isinstance(app["origin"], str):
            raise SettingError(f"from in {path}", app["origin"], "a text")
    settings = resolve(ClientSettings, flags=flags, env=env, table=app, file=str(path))
    _check_url(settings.url, _place("url", flags, env, path))
    _check_zone(settings.tz, _place("tz", flags, env, path))
    return settings


def config_path(config: Path | None, env: Mapping[str, str]) -> Path:
    """The configuration file: the one given, else WINDOWSEAT_CONFIG, else config.toml in the user's directory."""
    if config is not None:
        return config.expanduser()
    if env.get(CONFIG_VARIABLE):
        return Path(env[CONFIG_VARIABLE]).expanduser()
    import platformdirs  # 10 ms that --version and --help need not wait for

    return Path(platformdirs.user_config_dir("windowseat", appauthor=False)) / "config.toml"


def local_zone(env: Mapping[str, str] | None = None, localtime: Path = Path("/etc/localtime")) -> str | None:
    """The IANA name of this machine's time zone, from TZ or from where /etc/localtime points; None if neither tells."""
    named = (os.environ if env is None else env).get("TZ", "").removeprefix(":")
    if is_zone(named):
        return named
    try:
        target = str(localtime.resolve(strict=True))
    except OSError:
        target = ""
    _, found, name = target.partition("/zoneinfo/")
    if found and is_zone(name):
        return name
    try:
        name = Path("/etc/timezone").read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return None
    return name if is_zone(name) else None


def _tables(path: Path, *, required: bool) -> dict[str, dict[str, Any]]:
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise SettingError("the configuration file", str(path), "a file that exists") from None
        return {}
    except OSError as error:
        raise SettingError("the configuration file", str(path), f"readable: {error.strerror}") from None
    import difflib  # where there is a file to read: a fifteenth of what `windowseat --help` imports
    import tomllib

    try:
        tables = tomllib.loads(written.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError("the configuration file", str(path), f"TOML: {error}") from None
    for name, table in tables.items():
        # Which other tables there are, one for each pipeline, only the server knows: it complains of the rest.
        if not isinstance(table, dict) or (
            name not in ("app", "keys") and difflib.get_close_matches(name, ("app",), cutoff=0.7)
        ):
            raise SettingError(f"{name} in {path}", table, "inside a table, such as [app]")
    return tables


def _keys(table: Mapping[str, Any], path: Path, prefix: str = "") -> dict[str, str]:
    """The table flat: TOML takes ``steps.toggle = "t"`` for a table in a table."""
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            found |= _keys(value, path, f"{prefix}{name}.")
        elif isinstance(value, str) and value:
            found[prefix + name] = value
        else:
            raise SettingError(f"{prefix}{name} in [keys] of {path}", value, 'a key, such as "t" or "ctrl+t,f3"')
    return found


def _place(name: str, flags: Mapping[str, Any], env: Mapping[str, str], path: Path) -> str:
    if flags.get(name) is not None:
        return f"--{name}"
    variable = ENV_PREFIX + name.upper()
    return variable if env.get(variable) else f"{name} in {path}"


def _check_url(url: str | None, place: str) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.query or parts.fragment or not url.isprintable():
        raise SettingError(place, url, "like http://127.0.0.1:8765 or https://example.org/windowseat")


def _check_zone(name: str | None, place: str) -> None:
    if name is not None and not is_zone(name):
        raise SettingError(place, name, "a name of the time zone database, such as Europe/Madrid")


def is_zone(name: str) -> bool:
    if not _ZONE.fullmatch(name):
        return False
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
