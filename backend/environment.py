"""The environment, and what stands in for it: variables in a ``.env`` file.

``.env`` of the current folder wins over ``.env`` of the configuration folder, the process environment over both.
``WINDOWSEAT_DOTENV`` names another file to read instead of them. The current folder may be anybody's: what is read
there can't say where keys are sent, nor which other files are read.
"""

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from backend.errors import ConfigError

CONFIG, DOTENV = "WINDOWSEAT_CONFIG", "WINDOWSEAT_DOTENV"
NOT_FROM_HERE = re.compile(r"WINDOWSEAT_(?:.*_URL|.*_FILE|CONFIG|DOTENV|DATA_DIR)")


def config_file(env: Mapping[str, str] = os.environ) -> Path:
    """Where the TOML file is: ``WINDOWSEAT_CONFIG``, or ``config.toml`` in the user's configuration folder."""
    if env.get(CONFIG):
        return Path(env[CONFIG]).expanduser()
    return Path(platformdirs.user_config_dir("windowseat", appauthor=False)) / "config.toml"


def with_dotenv(env: Mapping[str, str]) -> Mapping[str, str]:
    """``env`` and what the ``.env`` files add to it.

    Values are taken as they stand: a ``$`` in them means nothing. An empty one counts as not set. Raises ConfigError
    for a file that can't be read and for a variable that the current folder can't set.
    """
    if env.get(DOTENV):
        return _read(Path(env[DOTENV]).expanduser()) | dict(env)
    beside, here = config_file(env).parent / ".env", Path.cwd() / ".env"
    found = _read(beside) if beside.is_file() else {}
    if here.is_file() and here != beside:
        local = _read(here)
        for name in local:
            if NOT_FROM_HERE.fullmatch(name) and name not in env:
                raise ConfigError(
                    f"{here} sets {name}, which a .env of the current folder can't: it says where keys go or which "
                    f"files are read. Put it into {beside} or into the environment"
                )
        found |= local
    return found | dict(env)


def _read(file: Path) -> dict[str, str]:
    from dotenv import dotenv_values  # few have such a file

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise ConfigError(f"{file} can't be read: {why}") from None
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value}
