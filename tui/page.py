"""Which part of the history is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """At most ``limit`` runs, newest first; older than the run ``before``; with ``search`` in their question."""

    limit: int = 50
    before: str = ""
    search: str = ""
