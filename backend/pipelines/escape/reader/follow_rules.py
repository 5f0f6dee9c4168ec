"""The rules of questions that refine the one before, as data. They stand before the rules of all questions."""

from __future__ import annotations

from backend.pipelines.escape.reader.grammar import Rule

_ANY = "weather|activity|soft"
_PATTERNS = {
    "warmth": ("little|much? step", "where its? ~1 little|much? step", "number degrees step"),
    "unlike": (
        f"notso too? {_ANY}",
        f"too {_ANY}",
        f"its too? {_ANY}",
        f"thats? little too {_ANY}",
        f"thats too {_ANY}",
    ),
    "reach": (
        "little|much? reach",
        "<duration> adjust|reach",
        "<duration> and|or? adjust",
    ),
    "shift": ("dayshift", "number days later", "little? later", "in? number days later"),
    "weekend_after": ("weekendafter",),
    "any_else": ("anyelse",),
    "dropped": (
        "insteadof ~3",
        "insteadof ~2 place",
        "insteadof ~1 <end>",
        "insteadof ~1 <duration>",
        "insteadof ~1 <temp>",
        "insteadof number",
        f"insteadof ~2 {_ANY}",
    ),
    "refers": ("refers",),
    "fresh": ("fresh",),
}
FOLLOW_RULES = tuple(Rule(kind, pattern) for kind, patterns in _PATTERNS.items() for pattern in patterns)
RELATIVE = frozenset({"warmth", "unlike", "reach", "shift", "weekend_after", "dropped", "refers", "any_else"})
"""What can only be said of an earlier question."""
