"""Style rules, parsed once for all apps of a process: they are the same for everybody with the same theme.

Textual parses them anew for each app, which is a good part of what a session costs to open and to keep.
"""

from typing import Any

from textual.app import App
from textual.cache import LRUCache

_PARSED: LRUCache[Any, Any] = LRUCache(2048)
"""By the values of the theme's variables, and what a stylesheet looks them up by."""


class SharedRules:
    """Stands where a stylesheet has its own cache."""

    def __init__(self, app: App[Any]) -> None:
        self._stylesheet = app.stylesheet
        self._variables: frozenset[tuple[str, str]] | None = None

    def __getitem__(self, key: Any) -> Any:
        return _PARSED[self._with_variables(key)]

    def __setitem__(self, key: Any, rules: Any) -> None:
        _PARSED[self._with_variables(key)] = rules

    def clear(self) -> None:
        """Called when the variables change."""
        self._variables = None

    def _with_variables(self, key: Any) -> Any:
        if self._variables is None:
            self._variables = frozenset(self._stylesheet._variables.items())
        return self._variables, key


def share_rules(app: App[Any]) -> None:
    app.stylesheet._parse_cache = SharedRules(app)  # type: ignore[assignment]  # three methods are all that is used
