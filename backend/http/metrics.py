"""``/metrics`` in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

import time
from collections.abc import Iterator
from pathlib import Path

from backend.runs.manager import RunManager

STATUSES = ("ok", "partial", "failed", "cancelled", "interrupted")
_BEGAN = time.time()
_PAGE_BYTES = 4096


def exposition(manager: RunManager) -> str:
    """What ``manager`` has counted, and how the process is."""
    return "".join(f"{line}\n" for line in _lines(manager))


def _lines(manager: RunManager) -> Iterator[str]:
    counters = manager.counters
    yield from _metric("runs_running", "gauge", "Runs under way in this process", manager.running)
    yield from _metric("viewers", "gauge", "Open streams", manager.viewers)
    yield from _metric("draining", "gauge", "Whether the server is stopping", int(manager.draining))
    unwritten = "Runs that are over and whose end the log doesn't have yet"
    yield from _metric("runs_unwritten", "gauge", unwritten, manager.unwritten)
    yield from _metric("runs_started_total", "counter", "Runs begun here", counters.started)
    yield from _metric(
        "runs_joined_total", "counter", "Requests that were repeats of one with the same key", counters.joined
    )
    recovered = "Runs of ended processes that went on here"
    yield from _metric("runs_recovered_total", "counter", recovered, counters.recovered)
    handed_over = "Runs left to other processes at a stop"
    yield from _metric("runs_handed_over_total", "counter", handed_over, counters.handed_over)
    yield from _metric("events_total", "counter", "Events numbered here", manager.events)
    slow = "Viewers sent away because they took nothing"
    yield from _metric("viewers_slow_total", "counter", slow, counters.slow)
    yield from _metric("storage_errors_total", "counter", "Runs that the log refused", counters.storage_errors)
    yield from _head("runs_finished_total", "counter", "Runs that ended here, by status")
    for status in STATUSES:
        yield f'windowseat_runs_finished_total{{status="{status}"}} {counters.finished[status]}'
    yield "# TYPE process_start_time_seconds gauge"
    yield f"process_start_time_seconds {_BEGAN:.3f}"
    if (resident := _resident_bytes()) is not None:
        yield "# TYPE process_resident_memory_bytes gauge"
        yield f"process_resident_memory_bytes {resident}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP windowseat_{name} {text}"
    yield f"# TYPE windowseat_{name} {kind}"


def _metric(name: str, kind: str, text: str, value: int) -> Iterator[str]:
    yield from _head(name, kind, text)
    yield f"windowseat_{name} {value}"


def _resident_bytes() -> int | None:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return None
