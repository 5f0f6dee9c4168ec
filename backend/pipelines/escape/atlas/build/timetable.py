"""Timetable samples, merged into one entry per real departure.

A sample has a row for every minute's difference between days, and a low-cost airline changes the number of
the same departure from day to day: shown as they stand, one flight would appear four times.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from backend.pipelines.escape.atlas.build.sources import SourceError
from backend.pipelines.escape.atlas.records import SAMPLES, TimetableEntry

SAME_DEPARTURE_MINUTES = 20

Pair = tuple[str, str]


def read_timetable(rows: Iterable[dict[str, str]]) -> dict[Pair, tuple[TimetableEntry, ...]]:
    """Entries of each pair, by departure. Raises SourceError for a sample that isn't in ``SAMPLES``."""
    grouped: defaultdict[Pair, defaultdict[str, list[TimetableEntry]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        _check_sample(row)
        grouped[row["from"], row["to"]][row["airline"]].append(_entry(row))
    return {pair: _pair_entries(by_airline) for pair, by_airline in grouped.items()}


def _check_sample(row: dict[str, str]) -> None:
    sample = SAMPLES.get(row["source"])
    if sample is None or (sample.valid_from, sample.valid_to) != (
        date.fromisoformat(row["valid_from"]),
        date.fromisoformat(row["valid_to"]),
    ):
        raise SourceError(
            f"timetable sample {row['source']} of {row['valid_from']} is not described in records.SAMPLES"
        )


def _entry(row: dict[str, str]) -> TimetableEntry:
    bits = sum(1 << int(day) for day in row["days"] if day != "-")
    return TimetableEntry(
        row["airline"],
        row["flight"],
        _minute(row["dep"]),
        _minute(row["arr"]),
        int(row["block_min"]),
        bits,
        row["source"],
    )


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _pair_entries(by_airline: dict[str, list[TimetableEntry]]) -> tuple[TimetableEntry, ...]:
    merged = [entry for entries in by_airline.values() for entry in merge(_newest_sample(entries))]
    return tuple(sorted(merged, key=lambda entry: (entry.dep_minute, entry.airline, entry.number)))


def _newest_sample(entries: list[TimetableEntry]) -> list[TimetableEntry]:
    """Only the airline's newest sample on a pair: two years' timetables together never existed."""
    newest = max(entries, key=lambda entry: SAMPLES[entry.source].valid_from).source
    return [entry for entry in entries if entry.source == newest]


def merge(entries: Iterable[TimetableEntry]) -> list[TimetableEntry]:
    """One airline's entries of one pair and sample, the same departure counted once.

    The same departure is the same number within 20 minutes, or another number at exactly the same times. The
    variant seen on most days gives number and times, the days are put together.
    """
    kept: list[TimetableEntry] = []
    for entry in sorted(entries, key=_most_days_first):
        for index, other in enumerate(kept):
            if _same_departure(entry, other):
                kept[index] = _with_days(other, other.day_bits | entry.day_bits)
                break
        else:
            kept.append(entry)
    return kept


def _most_days_first(entry: TimetableEntry) -> tuple[int, int, int, str]:
    return (-entry.day_bits.bit_count(), entry.dep_minute, entry.arr_minute, entry.number)


def _same_departure(entry: TimetableEntry, other: TimetableEntry) -> bool:
    if entry.number == other.number:
        return abs(entry.dep_minute - other.dep_minute) <= SAME_DEPARTURE_MINUTES
    return (entry.dep_minute, entry.arr_minute) == (other.dep_minute, other.arr_minute)


def _with_days(entry: TimetableEntry, bits: int) -> TimetableEntry:
    return TimetableEntry(
        entry.airline, entry.number, entry.dep_minute, entry.arr_minute, entry.block_min, bits, entry.source
    )
