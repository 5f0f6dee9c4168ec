"""Two results side by side, and the check against the stored one: ``make bench-check``.

Only guarded rows count, the ratios of CPU time. A row regressed when it is worse than the stored value by more than its
tolerance: a quarter, or what lay between the quartiles of either result's rounds where that is more, a half at most.
What regressed is measured again, all its group, and only what is worse both times fails: other programs come and go.
"""

from collections.abc import Iterable, Iterator

from tests.benchmarks.harness import Results, Row

TOLERANCE, MOST_TOLERANCE = 0.25, 0.5


def worse_by(now: Row, before: Row) -> float:
    """How much more this costs now, as a part of what it was: 0.1 is a tenth more; below 0 it is better."""
    if now.sense == "at least":
        return before.value / now.value - 1
    return now.value / before.value - 1


def tolerance(now: Row, before: Row) -> float:
    """What two honest measurements of the same code may differ by."""
    spreads = [(high - low) / row.value for row in (now, before) if row.spread for low, high in [row.spread]]
    return min(MOST_TOLERANCE, max([TOLERANCE, *spreads]))


def regressed(now: Iterable[Row], before: Iterable[Row]) -> list[tuple[Row, Row]]:
    """The guarded rows that are clearly worse now, each with what it was."""
    known = {row.name: row for row in before if row.guarded}
    pairs = [(row, known[row.name]) for row in now if row.guarded and row.name in known]
    return [(row, old) for row, old in pairs if worse_by(row, old) > tolerance(row, old)]


def side_by_side(now: Results, before: Results) -> Iterator[str]:
    """A table of both, for people."""
    yield f"{before.commit} ({before.machine}) → {now.commit} ({now.machine})"
    for name in sorted(now.versions):
        if before.versions.get(name) != now.versions[name]:
            yield f"  {name} {before.versions.get(name, '-')} → {now.versions[name]}"
    known = {row.name: row for row in before.rows}
    for row in now.rows:
        if (old := known.get(row.name)) is None:
            yield f"{'new':>8}  {row.name}: {row.value:.3g} {row.unit}"
        elif old.value and row.value:
            yield f"{worse_by(row, old):>+8.0%}  {row.name}: {old.value:.3g} → {row.value:.3g} {row.unit}"
    for name in known.keys() - {row.name for row in now.rows}:
        yield f"{'gone':>8}  {name}"
