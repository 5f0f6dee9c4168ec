"""``python -m backend``: the server."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backend import garbage

if TYPE_CHECKING:
    from backend.config import Config

DESCRIPTION = """\
Serve Windowseat: the page at /, questions at POST /assist.

  windowseat serve
  windowseat serve --port 9000 --offline
  curl -N -H 'content-type: application/json' -d '{"q": "somewhere hot tomorrow, from Valencia"}' localhost:8765/assist
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Returns the exit code: 0, 1 (can't serve) or 2 (wrong usage)."""
    with garbage.left_alone():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    from backend.errors import ConfigError, StorageError

    try:
        config = _configured(arguments)
    except ConfigError as error:
        sys.stderr.write(f"windowseat serve: {error}\n")
        return 2
    from backend.server import SWITCH_S, new_event_loop, run  # after the settings: a wrong one is told at once

    sys.setswitchinterval(SWITCH_S)
    try:
        with asyncio.Runner(loop_factory=new_event_loop(config)) as runner:
            runner.run(run(config, _announce))
    except (ConfigError, StorageError) as error:
        sys.stderr.write(f"windowseat serve: {error}\n")
        return 1
    garbage.ends()
    return 0


def _configured(arguments: Sequence[str] | None) -> "Config":
    from backend.config import Config, load_config
    from backend.registry import PIPELINES
    from shared.settings import add_flags

    parser = argparse.ArgumentParser(
        prog="windowseat serve", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, default=None, metavar="FILE", help="the TOML file to read")
    parser.add_argument("--verbose", action="store_true", help="log more")
    pipelines = {pipeline.name: pipeline.settings for pipeline in PIPELINES if pipeline.settings is not None}
    for settings in (Config, *pipelines.values()):
        add_flags(parser, settings)
    flags = vars(parser.parse_args(arguments))
    level = logging.INFO if flags.pop("verbose") else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    return load_config(flags, file=flags.pop("config"), pipelines=pipelines)


def _announce(url: str) -> None:
    garbage.opened()
    # Who starts the server as a child reads this line to learn the port.
    sys.stdout.write(f"Windowseat is listening on {url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
