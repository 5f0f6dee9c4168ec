"""The settings in effect, as a config.toml that would set them, with where each comes from."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from shared.settings import ENV_PREFIX
from tui.config import ClientSettings


def effective(settings: ClientSettings, flags: Mapping[str, Any], env: Mapping[str, str], path: Path) -> str:
    """The [app] and [keys] tables; a setting that nobody set is a comment with its default."""
    there = "read" if path.exists() else "not there"
    lines = [f"# {path} ({there})", "", "[app]"]
    defaults = ClientSettings()
    for field in fields(settings):
        if field.name == "keys":
            continue
        value, default = getattr(settings, field.name), getattr(defaults, field.name)
        name = "from" if field.name == "origin" else field.name
        source = _source(field.name, field.metadata["env"], flags, env)
        if source is None and value == default:
            lines.append(f"# {name} = {_toml(default)}  # {field.metadata['text']}")
        else:
            lines.append(f"{name} = {_toml(value)}  # from {source or path.name}")
    if settings.keys:
        bound = (part.partition("=") for part in settings.keys)
        lines += ["", "[keys]", *(f"{key_id} = {_toml(key)}" for key_id, _, key in bound)]
    return "\n".join(lines) + "\n"


def _source(name: str, variables: tuple[str, ...], flags: Mapping[str, Any], env: Mapping[str, str]) -> str | None:
    if flags.get(name) is not None:
        return "the command line"
    return next((variable for variable in (ENV_PREFIX + name.upper(), *variables) if env.get(variable)), None)


def _toml(value: object) -> str:
    """A text, a truth or nothing, as TOML writes it; the first is JSON's way too."""
    return '""' if value is None else msgspec.json.encode(value).decode()
