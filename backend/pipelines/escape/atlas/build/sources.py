"""The source tables that travel with the project, read as they are; a missing one stops the build."""

import csv
import gzip
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from io import StringIO

import backend.pipelines.escape.atlas as atlas


class SourceError(Exception):
    """A bundled source table is missing, or says something that the build can't use."""


class Sources:
    """Tables by name; each one read leaves its digest behind, of the text and not of its packing."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """The rows of ``name`` (such as "airports.csv"). Raises SourceError if there is no such file."""
        text = self._text(name)
        self.digests[name] = hashlib.sha256(text).hexdigest()
        # Never a reader that guesses types: "NA" is Namibia, and "0117" a flight number.
        yield from csv.DictReader(StringIO(text.decode("utf-8"), newline=""))

    def _text(self, name: str) -> bytes:
        folder = files(atlas) / "data"
        packed, plain = folder / f"{name}.gz", folder / name
        if packed.is_file():
            return gzip.decompress(packed.read_bytes())
        if plain.is_file():
            return plain.read_bytes()
        raise SourceError(f"{name} is not among the bundled sources in {folder}")
