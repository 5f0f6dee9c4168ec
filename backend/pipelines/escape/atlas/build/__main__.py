"""Write the bundled atlas, or prove that it is current.

Run as `python -m backend.pipelines.escape.atlas.build [--check]`.
"""

import argparse
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.pipelines.escape.atlas.build.database import build, content_digest
from backend.pipelines.escape.atlas.build.sources import SourceError

BUNDLED = Path(__file__).parent.parent / "atlas.sqlite"


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 written or current, 1 not current or not buildable."""
    parser = argparse.ArgumentParser(
        prog="python -m backend.pipelines.escape.atlas.build",
        description="Write the bundled atlas from the sources beside it, or prove that it is current.",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the bundled file is not current")
    parser.add_argument("--output", type=Path, default=BUNDLED, metavar="FILE", help="the file to write or to check")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(dir=None if options.check else options.output.parent) as folder:
        fresh = Path(folder) / "atlas.sqlite"
        try:
            digest = build(fresh)
        except SourceError as error:
            sys.stderr.write(f"the atlas can't be built: {error}\n")
            return 1
        if options.check:
            return _check(options.output, digest)
        fresh.chmod(0o644)
        fresh.replace(options.output)
    sys.stdout.write(f"{options.output}: {options.output.stat().st_size:,} bytes, content {digest}\n")
    return 0


def _check(path: Path, wanted: str) -> int:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as bundled:
            found = content_digest(bundled)
    except sqlite3.Error as error:
        sys.stderr.write(f"{path} can't be read: {error}\n")
        return 1
    if found != wanted:
        sys.stderr.write(f"{path} is not what its sources give; rebuild it without --check\n")
        return 1
    sys.stdout.write(f"{path} is current, content {found}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
