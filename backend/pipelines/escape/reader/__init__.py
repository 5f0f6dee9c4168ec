"""The built-in reader: a question in four languages becomes an Intent, with no model and no network."""

from __future__ import annotations

from backend.pipelines.escape.reader.reading import find_origin, read

__all__ = ["find_origin", "read"]
