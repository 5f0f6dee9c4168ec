"""The words of four languages as data: every table translates phrases to the same tags, so that one grammar reads all."""

from __future__ import annotations

from backend.pipelines.escape.reader.words import english, french, german, names, spanish

TABLES = (names.WORDS, english.WORDS, spanish.WORDS, german.WORDS, french.WORDS)
