"""Which part of the history is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """At most ``limit`` runs, newest first; older than the run ``before``; with all words of ``search`` asked for."""

    limit: int = 50
    before: str = ""
    search: str = ""
