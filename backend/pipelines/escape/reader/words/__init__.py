"""The words of four languages as data: all tables translate phrases to the same tags, for one grammar."""

from __future__ import annotations

from backend.pipelines.escape.reader.words import (
    english,
    english_days,
    fillers,
    french,
    german,
    names,
    spanish,
)

TABLES = (
    names.WORDS,
    english.WORDS,
    english_days.WORDS,
    spanish.WORDS,
    german.WORDS,
    french.WORDS,
    *fillers.TABLES,
)
