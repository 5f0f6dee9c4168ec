"""The built-in reader: a question in four languages becomes an Intent, with no model and no network."""

from __future__ import annotations

from backend.pipelines.escape.reader.following import find_new_origin, refine, stands_alone
from backend.pipelines.escape.reader.reading import NamedOrigin, find_origin, read

__all__ = ["NamedOrigin", "find_new_origin", "find_origin", "read", "refine", "stands_alone"]
