"""All benchmarks: ``python -m tests.benchmarks [GROUP …] [--rounds N] [--full] [--out F] [--against F] [--check]``.

``--out`` keeps the results as JSON, ``--against`` shows another result beside them, ``--check`` measures the groups of
CHECKED and fails where a ratio is clearly worse than in ``results/stored.json``. A group that lacks a tool says so.
"""

import argparse
import importlib
import sys
from pathlib import Path

import msgspec

from tests.benchmarks.compare import regressed, side_by_side, tolerance, worse_by
from tests.benchmarks.harness import Options, Results, Row, commit, lines, machine, surroundings, told

GROUPS = {
    "frames": "the frame parser",
    "codec": "events to frames and back",
    "text": "text made fit for a terminal",
    "servers": "streams beside those of other servers",
    "paced": "many streams of a few events a second beside a bare protocol",
    "scaling": "two processes on one port beside one",
    "held": "streams that are held, stall, vanish or are told goodbye",
    "client": "bytes to typed events",
    "start": "cold starts",
    "log": "the run log",
    "escape": "whole runs on the bundled data",
    "atlas": "what the bundled data costs",
    "latency": "live runs on simulated services, beside the sequential order",
    "paint": "the terminal app while text streams",
    "app": "the terminal app beside its limits",
    "ssh": "the SSH front door beside a process for each session",
    "page": "the page in Chromium",
}
CHECKED = ("frames", "codec", "servers", "client", "log")
RESULTS = Path(__file__).with_name("results")
STORED = RESULTS / "stored.json"


def measure(groups: list[str], options: Options) -> list[Row]:
    """The rows of these groups, printed as they come; a group that can't be measured here is named and left out."""
    rows: list[Row] = []
    for group in groups:
        print(f"\n{group}: {GROUPS[group]}", flush=True)
        try:
            rows += told(importlib.import_module(f"tests.benchmarks.bench_{group}").rows(options))
        except Exception as error:  # the other groups are worth having all the same
            print(f"     left out: {type(error).__name__}: {error}", flush=True)
    return rows


def check(groups: list[str], options: Options) -> int:
    """1 if a stored ratio is clearly passed, twice."""
    stored = msgspec.json.decode(STORED.read_bytes(), type=Results)
    suspects: dict[str, str] = {}
    for group in groups:
        if regressed(measure([group], options), stored.rows):
            print("     measured again, to be sure:")
            for row, old in regressed(measure([group], options), stored.rows):
                suspects[row.name] = f"{old.value:.3g} → {row.value:.3g}: {worse_by(row, old):+.0%}"
                suspects[row.name] += f", more than {tolerance(row, old):.0%}"
    print()
    for name, what in suspects.items():
        print(f"worse than at {stored.commit}: {name} {what}")
    if not suspects:
        print(f"no ratio is clearly worse than at {stored.commit}")
    return 1 if suspects else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--rounds", type=int, default=Options().rounds)
    parser.add_argument("--full", action="store_true", help="also what takes minutes")
    parser.add_argument("--out", type=Path, default=RESULTS / "latest.json")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    if unknown := [name for name in given.groups if name not in GROUPS]:
        parser.error(f"there is no {unknown[0]!r}; there are {', '.join(GROUPS)}")
    options = Options(given.rounds, given.full)
    versions = surroundings()
    print(f"{commit()} on {machine()}; " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    print(next(lines(())))
    if given.check:
        return check(given.groups or list(CHECKED), options)
    rows = measure(given.groups or list(GROUPS), options)
    missed = sum(not row.met for row in rows)
    print(f"\n{sum(row.target is not None for row in rows)} targets, {missed} missed")
    results = Results(commit=commit(), machine=machine(), versions=versions, rows=rows)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    print(f"kept in {given.out}")
    if given.against:
        print(*side_by_side(results, msgspec.json.decode(given.against.read_bytes(), type=Results)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
