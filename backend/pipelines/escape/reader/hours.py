"""The longest flight accepted, from the findings of a question. In hours, 0.5 to 24."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backend.pipelines.escape.atlas.geo import calm_minutes
from backend.pipelines.escape.reader.grammar import Finding, Reading

DEFAULT_HOURS = 12.0
SHORTEST, LONGEST = 0.5, 24.0
# A bare "at 9h" is a time of day; "at 3h" in French and Spanish is a distance.
_LONGEST_UNSAID = 6


class Limit(NamedTuple):
    """A flight length in hours. `rank` orders how clearly it was said: the lowest counts."""

    hours: float
    rank: int
    assumed: str | None = None


def read_limit(finding: Finding) -> Limit | None:
    """The limit that a finding names, or None if it names none (a lower bound isn't used)."""
    if finding.kind == "limit":
        return Limit(in_hours(finding.parts), 0)
    if finding.kind == "between":
        return Limit(max(_both(finding.parts)), 0, "only the longer of the two flight lengths counts")
    if finding.kind in {"duration", "in_hours", "ata"}:
        return Limit(in_hours(finding.parts), 1)
    if finding.kind == "bare_most" and (finding.number() or 0) <= DEFAULT_HOURS:
        hours = finding.number() or 0
        return Limit(hours, 2, f"“{hours:g}” without a unit taken as hours of flight")
    if finding.kind == "distance":
        return _distance((finding.number() or 0) * (finding.number("kilometres") or 1))
    if finding.kind == "haul":
        return _haul(finding.number("haul") or DEFAULT_HOURS)
    return None


def clamp(hours: float) -> tuple[float, str | None]:
    """The hours inside what is accepted, and the sentence to say where they weren't."""
    if hours < SHORTEST:
        return SHORTEST, f"no flight is that short: {spoken(SHORTEST)}"
    if hours > LONGEST:
        return LONGEST, f"no non-stop is that long: {spoken(LONGEST)}"
    return round(hours, 4), None


def in_hours(parts: Sequence[Reading]) -> float:
    """The sum of one duration: `two and a half hours`, `1h30`, `90 minutes`, in hours."""
    total, pending, had_unit = 0.0, None, False
    for part in parts:
        value = float(part.value) if part.tag in _FIGURES else 0.0
        if part.tag in {"number", "half", "clock"}:
            pending = value
        elif part.tag == "plushalf":
            pending = (pending or 0) + value
        elif part.tag == "tail":
            pending, total = None, total + value / 60
        elif part.tag == "hours":
            total += 1 if pending is None else pending
            pending, had_unit = None, True
        elif part.tag == "minutes":
            total += (pending or 0) / 60
            pending = None
    # "three hours and a half": the half comes after its unit.
    return total + pending if had_unit and pending is not None else total or pending or 0.0


def is_time_of_day(finding: Finding, follows_date: bool, distance_follows: bool) -> bool:
    """Whether `à 9h` is a time of day and not a distance in hours."""
    return (follows_date or not distance_follows) and in_hours(finding.parts) >= _LONGEST_UNSAID


def spoken(hours: float) -> str:
    """`2 h 30 min`, `4 h`, `45 min`."""
    whole, minutes = divmod(round(hours * 60), 60)
    words = ([f"{whole} h"] if whole else []) + ([f"{minutes} min"] if minutes else [])
    return " ".join(words) or "0 min"


_FIGURES = frozenset({"number", "half", "plushalf", "clock", "tail"})
_SPLIT = frozenset({"and", "to", "range", "or"})


def _both(parts: Sequence[Reading]) -> tuple[float, float]:
    """The two durations of a range; the first borrows the unit of the second."""
    split = next(i for i, part in enumerate(parts) if part.tag in _SPLIT and i > 0)
    first, second = parts[:split], parts[split + 1 :]
    if not any(part.tag in {"hours", "minutes"} for part in first):
        first = [*first, next(part for part in second if part.tag in {"hours", "minutes"})]
    return in_hours(first), in_hours(second)


def _distance(km: float) -> Limit:
    hours = round(calm_minutes(km) / 15) / 4
    return Limit(hours, 0, f"{km:,.0f} km taken as {spoken(hours)} of flight")


def _haul(hours: float) -> Limit:
    said = {3.0: "short", 6.0: "not long"}.get(hours)
    return Limit(hours, 3, f"a {said} flight taken as at most {spoken(hours)}" if said else None)
