"""The sample run with a hostile string in every field of every event that may hold a text."""

from typing import Any

import msgspec

from shared import events as ev
from tests.tui.app.scripted import finished, log, numbered, sample_run, step_finished

STRINGS = (
    "[/]",
    "[@click=app.quit]x[/]",
    "[TypeError] x",
    "\x1b]52;c;QQ==\x07",
    "\x1b[2J",
    "\x9b31m",
    "\u202e",
    "x" * 10_000,
    "漢字かな" * 40,
    "👨‍👩‍👧‍👦",
    "a\nb\tc\r\n",
    "&#x202e;&#27;]52;c;QQ==&#7; [a](javascript:x) **[@click=app.quit]x[/]**",
    "",
)
_LITERALS = {"type", "state", "kind", "level", "pipeline"}
_STATUSES = {"step.finished", "run.finished"}


def poisoned_run(poison: str) -> list[Any]:
    """Every text is the poison; every id, wherever it is named, has the poison behind it."""
    error = ev.ErrorInfo(code="c", message="m", hint="h", retryable=True)
    extra = [
        log("routes", "t", level="error"),
        ev.StepToken(seq=0, t=9, step="routes", attempt=1, text="token"),
        step_finished("weather", "s", status="failed", error=error, retry_in_ms=100),
        ev.RunNotice(seq=0, t=9, kind="queued", text="t"),
    ]
    whole = sample_run()
    events = numbered(
        [*whole[:-1], *extra, finished("failed", error=error, order=("LPA", "PMI"), degraded=("weather",))]
    )
    decoder = msgspec.json.Decoder(ev.KnownEvent)
    return [decoder.decode(msgspec.json.encode(_poison(msgspec.to_builtins(event), poison))) for event in events]


def _poison(tree: Any, poison: str, key: str = "", kind: str = "") -> Any:
    if isinstance(tree, dict):
        kind = tree.get("type", kind)
        return {name: _poison(value, poison, name, kind) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_poison(item, poison, key, kind) for item in tree]
    if not isinstance(tree, str) or key in _LITERALS or (key == "status" and kind in _STATUSES and tree != ""):
        return tree
    if key in ("id", "step", "run", "needs", "order", "degraded", "parent"):
        return tree + poison
    return poison
