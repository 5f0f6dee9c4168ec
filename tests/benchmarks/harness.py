"""What all benchmarks share: sides that run in turn, CPU clocks, rows with a target, and their table.

A row is a ratio to a peer measured in the same rounds, or a figure with a limit. Only ratios of CPU time hold on a
machine that does other things too: they alone are ``guarded`` and compared with stored ones (``compare.py``).
"""

import contextlib
import importlib.metadata
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "hypercorn", "quart", "h11", "httpx", "msgspec", "textual", "httpx-sse", "pydantic", "fastapi", "starlette",
    "sse-starlette", "uvicorn", "uvloop", "httptools",
)  # fmt: skip

Sense: TypeAlias = Literal["at most", "at least"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. ``name`` is the key by which two results are compared.

    ``value`` is in ``unit`` ("×": a ratio of the two, ``spread`` its quartiles over the rounds); ``ours`` and ``peer``
    are medians in ``each``. ``target`` is None for what is told and has no target.
    """

    name: str
    value: float
    unit: str = "×"
    sense: Sense = "at most"
    target: float | None = None
    ours: float | None = None
    peer: float | None = None
    each: str = ""
    spread: tuple[float, float] | None = None
    guarded: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        if self.target is None:
            return True
        return self.value <= self.target if self.sense == "at most" else self.value >= self.target


class Options(msgspec.Struct, frozen=True):
    """How much is measured: ``rounds`` of each comparison; ``full`` adds what takes minutes."""

    rounds: int = 7
    full: bool = False


Benchmark: TypeAlias = Callable[[Options], Iterable[Row]]


# ---- clocks


def cpu_of(pid: int) -> float:
    """Seconds of CPU time that process ``pid`` has used, all its threads. Linux: the id of its clock is made of the
    pid (clock_getcpuclockid(3)), to the nanosecond where /proc has hundredths of a second."""
    return time.clock_gettime((~pid << 3) | 2)


def cpu_of_child(command: Sequence[str], env: Mapping[str, str] | None = None) -> float:
    """Seconds of CPU time of a program from its start to its end, with what it starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})}, cwd=ROOT,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def descendants(name: str) -> set[int]:
    """The processes called ``name`` that this one has started, or that those have (Linux)."""
    children: dict[int, list[tuple[int, str]]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            number, _, rest = entry.read_text().partition(" (")
            its_name, _, fields = rest.rpartition(") ")
            children.setdefault(int(fields.split()[1]), []).append((int(number), its_name))
    found: set[int] = set()
    parents = [os.getpid()]
    while parents:
        for pid, called in children.get(parents.pop(), ()):
            parents.append(pid)
            if called == name:
                found.add(pid)
    return found


def timed(call: Callable[[], object], times: int = 1) -> Callable[[], float]:
    """A side: ``call`` so many times, in seconds of this process' CPU time each."""

    def side() -> float:
        start = time.process_time()
        for _ in range(times):
            call()
        return (time.process_time() - start) / times

    return side


# ---- rounds


def interleaved(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """What each side measured in each round: all in turn, forwards and backwards, after a round that isn't counted."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        order = list(sides) if number % 2 else list(sides)[::-1]
        for name in order:
            value = sides[name]()
            if number:
                found[name].append(value)
    return found


def ratio(name: str, over: Sequence[float], under: Sequence[float], *, scale: float, each: str, **given: Any) -> Row:
    """A guarded row: the median of the per-round ratios ``over / under`` and its quartiles; figures times ``scale``.

    With ``sense="at least"`` it says how many times as fast ours, ``under``, is; else ours is ``over``.
    """
    ratios = sorted(a / b for a, b in zip(over, under, strict=True))
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    ours, peer = (under, over) if given.get("sense") == "at least" else (over, under)
    return msgspec.convert(
        {
            "name": name, "value": statistics.median(ratios), "spread": (quartiles[0], quartiles[2]), "each": each,
            "ours": statistics.median(ours) * scale, "peer": statistics.median(peer) * scale, "guarded": True, **given,
        },
        Row,
    )  # fmt: skip


def p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


# ---- results


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the benchmarks, as it is kept: which commit, on what, and its rows."""

    commit: str
    machine: str
    versions: dict[str, str]
    rows: list[Row]


def surroundings() -> dict[str, str]:
    """The versions of ours and of the peers; "-" where one isn't installed."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "-"
    return versions


def commit() -> str:
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "unknown"


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}"


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """The table, ratios first in each line."""
    yield f"{'':4} {'ratio':>9} {'target':>11}  {'what':58} {'ours':>10} {'peer':>10}"
    for row in rows:
        yield line(row)


def line(row: Row) -> str:
    mark = "    " if row.target is None else "ok  " if row.met else "MISS"
    limit = "" if row.target is None else f"{'≤' if row.sense == 'at most' else '≥'} {_figure(row.target)}"
    unit = "×" if row.unit == "×" else f" {row.unit}"
    ours = "" if row.ours is None else _figure(row.ours)
    peer = "" if row.peer is None else _figure(row.peer)
    told = f"{mark} {_figure(row.value) + unit:>9} {limit:>11}  {row.name:58} {ours:>10} {peer:>10} {row.each}"
    return (told + (f"  ({row.note})" if row.note else "")).rstrip()


def _figure(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def told(rows: Iterable[Row]) -> list[Row]:
    """Print each row as it comes; return them all."""
    found = []
    for row in rows:
        print(line(row), flush=True)
        found.append(row)
    return found


def alone(benchmark: Benchmark) -> None:
    """The command line of one benchmark: ``python -m tests.benchmarks.bench_… [--rounds N] [--full]``."""
    options = Options(
        rounds=int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else Options().rounds,
        full="--full" in sys.argv,
    )
    print(next(iter(lines(()))))
    told(benchmark(options))
