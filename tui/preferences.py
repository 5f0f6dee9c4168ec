"""The settings that the app changes while it runs: what is in effect, who said so, and the file that keeps it.

The file stays the user's: comments, order and every other key are left as they are. Nothing of Textual here.
"""

import os
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shared.settings import SettingError, overruled_by, resolve
from tui.config import ClientSettings, is_zone

CHANGEABLE = ("theme", "motion", "expand", "bell", "epilogue", "history", "restore", "mouse", "origin", "tz")
_IN_SESSION = ("theme", "expand", "bell", "origin", "tz")
"""Those that make sense where nothing is kept, as over SSH."""
AT_START = ("history", "restore", "mouse")
"""Those that act from the next start on."""


class NotKept(Exception):
    """The file can't be written, and is as it was; says why."""


@dataclass
class Preferences:
    """``flags`` and ``env`` are what the program was started with; ``path`` None: nothing is kept after the session."""

    settings: ClientSettings = field(default_factory=ClientSettings)
    flags: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None

    @property
    def changeable(self) -> tuple[str, ...]:
        """The settings that can be changed here, in the order in which they are shown."""
        return CHANGEABLE if self.path is not None else _IN_SESSION

    def overruled_by(self, name: str) -> str | None:
        """The flag or the variable that wins over the file, None if none does."""
        over = overruled_by(ClientSettings, name, self.flags, self.env)
        return "--from" if over == "--origin" else over

    def source(self, name: str) -> str:
        """Who said what is in effect, for a person."""
        over = self.overruled_by(name)
        if over is not None:
            return over
        if self.path is None:
            return "this session" if getattr(self.settings, name) != getattr(ClientSettings(), name) else "default"
        return self.path.name if key_of(name) in _app_table(self.path) else "default"

    def change(self, name: str, value: Any) -> None:
        """Put a value into effect and into the file; None is the default again, and is taken out of the file.

        One that a flag or the environment overrules goes into the file alone. Raises SettingError for a value that
        doesn't fit, with nothing changed; and NotKept if the value acts, but only for this session.
        """
        changed = replace(self.settings, **{name: getattr(ClientSettings(), name) if value is None else value})
        resolve(ClientSettings, table={} if value is None else {name: value}, file="the settings")
        if name == "tz" and value is not None and not is_zone(value):
            raise SettingError("tz", value, "a name of the time zone database, such as Europe/Madrid")
        if self.overruled_by(name) is None:
            self.settings = changed
        if self.path is not None:
            keep(self.path, name, value)


def key_of(name: str) -> str:
    """What a setting is called in the file, and by people."""
    return "from" if name == "origin" else name


def keep(path: Path, name: str, value: Any) -> None:
    """Write one setting into the [app] table of the file, which is made if it isn't there; None takes it out.

    Written beside it and then put in its place, so that a full disk loses nothing. Raises NotKept.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        path = path.resolve()  # a link to a file elsewhere stays one
        before = path.read_bytes().decode() if path.exists() else ""
        document = tomlkit.parse(before)
        _put(document, key_of(name), value)
        after = tomlkit.dumps(document)
        _check_same(before, after, key_of(name), value)
        if after != before:
            _replace(path, after)
    except OSError as error:
        raise NotKept(f"{path} can't be written: {error.strerror or error}") from None
    except (TOMLKitError, ValueError) as error:
        raise NotKept(f"{path} can't be understood: {error}") from None


def _put(document: Any, key: str, value: Any) -> None:
    import tomlkit

    if "app" not in document:
        if value is None:
            return
        document["app"] = tomlkit.table()
    if not isinstance(document["app"], dict):
        raise ValueError("app is no table in it")
    if value is None:
        document["app"].pop(key, None)
    else:
        document["app"][key] = value


def _check_same(before: str, after: str, key: str, value: Any) -> None:
    """Nothing but this one key may be another than before."""
    wanted = tomllib.loads(before)
    app = wanted.setdefault("app", {}) if value is not None else wanted.get("app", {})
    if value is None:
        app.pop(key, None)
    else:
        app[key] = value
    if tomllib.loads(after) != wanted:
        raise ValueError("its form is one that can't be changed without loss")


def _replace(path: Path, text: str) -> None:
    is_there = path.exists()
    if is_there and not path.stat().st_mode & stat.S_IWUSR:
        raise PermissionError(None, "it is read-only")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, stat.S_IMODE(path.stat().st_mode) if is_there else 0o644)
        os.replace(name, path)
    except OSError:
        with suppress(OSError):
            os.unlink(name)
        raise


def _app_table(path: Path) -> dict[str, Any]:
    """What the file says now; nothing if it can't be read."""
    try:
        app = tomllib.loads(path.read_text(encoding="utf-8")).get("app", {})
    except (OSError, ValueError):
        return {}
    return app if isinstance(app, dict) else {}
