"""The grammar of the commands about runs that exist: list, show, attach, cancel, delete, import, replay, conform."""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Protocol

_RUN = "its id or the beginning of it (windowseat runs lists them)"
_FILE = "a recorded run, one event a line (.ndjson); - reads it from stdin"

_SHOW = """\
examples:
  windowseat show 3f2a                                    a run again, its id shortened
  windowseat show 3f2a --csv > places.csv
  windowseat show 3f2a --json > run.ndjson                the run as a file: see replay and import
"""
_ATTACH = """\
examples:
  windowseat attach --last                                watch the newest run, also one that somebody else asked for
  windowseat attach 3f2a --json | jq .type
  windowseat attach 3f2a --json --after 17                go on after event 17

Ctrl+C leaves and never cancels the run: windowseat cancel 3f2a does.
"""
_RUNS = """\
examples:
  windowseat runs --search Valencia
  windowseat runs --limit 10 --before 3f2amkq7            the ten that came before that run
  windowseat runs --json | jq -r 'select(.status == "failed") | .run'
"""
_CANCEL = """\
examples:
  windowseat cancel 3f2a                                  rows found so far stay; a run that is over stays as it ended
"""
_DELETE = """\
examples:
  windowseat delete 3f2a                                  for good; show 3f2a --json > run.ndjson keeps a copy
"""
_IMPORT = """\
examples:
  windowseat import run.ndjson                            the server keeps it, and shows it as one of its own
  windowseat show 3f2a --json --url https://a.example.org | windowseat import - --url https://b.example.org
"""
_REPLAY = """\
examples:
  windowseat replay run.ndjson                            a recorded run with its own timing; no server is needed
  windowseat replay run.ndjson --speed 4                  four times as fast
  windowseat replay run.ndjson --app                      in the app, with its map and its inspector
  windowseat replay run.ndjson --speed 0 --csv            at once
"""
_CONFORM = """\
examples:
  windowseat conform http://127.0.0.1:8765
  windowseat conform https://example.org --question "two words" --json
  windowseat conform http://127.0.0.1:8765 --long "wait"  a question whose run lasts, for cancelling and heartbeats

Asks real questions: each is a run at the server. Exit code 0 only if every rule holds.
"""


class AddCommand(Protocol):
    def __call__(
        self, name: str, text: str, *, epilog: str | None = None, settings: Sequence[str] = ()
    ) -> argparse.ArgumentParser: ...


def add_run_commands(
    add: AddCommand, add_forms: Callable[[argparse.ArgumentParser], None], telling: Sequence[str]
) -> None:
    """Add them with ``add``; ``add_forms`` adds the flags of the forms of output, ``telling`` are settings."""
    attach = add("attach", "watch a run that is under way, or one that is over", epilog=_ATTACH, settings=telling)
    attach.add_argument("run", metavar="RUN", nargs="?", default="", help=_RUN)
    attach.add_argument("--last", action="store_true", help="the newest run")
    attach.add_argument("--after", metavar="N", type=_count, default=0, help="go on after event N (with --json)")
    add_forms(attach)
    show = add("show", "show a run again, from the server's log", epilog=_SHOW, settings=telling)
    show.add_argument("run", metavar="RUN", help=_RUN)
    add_forms(show)
    runs = add("runs", "list the newest runs", epilog=_RUNS)
    runs.add_argument("--search", metavar="TEXT", default="", help="only runs whose question has all these words")
    runs.add_argument("--limit", metavar="N", type=_listed, default=50, help="at most so many (50)")
    runs.add_argument("--before", metavar="RUN", default="", help="only those older than that run")
    runs.add_argument("--json", dest="form", action="store_const", const="json", help="one line of JSON a run")
    add("cancel", "cancel a run", epilog=_CANCEL).add_argument("run", metavar="RUN", help=_RUN)
    add("delete", "delete a run that is over", epilog=_DELETE).add_argument("run", metavar="RUN", help=_RUN)
    add("import", "give a recorded run to the server", epilog=_IMPORT).add_argument("file", metavar="FILE", help=_FILE)
    told = [name for name in telling if name != "attempts"]  # a file has no connection that could break
    replay = add(
        "replay", "show a recorded run again, without a server", epilog=_REPLAY, settings=[*told, "theme", "mouse"]
    )
    replay.add_argument("file", metavar="FILE", help=_FILE)
    replay.add_argument("--speed", metavar="X", type=_speed, default=1.0, help="X times as fast; 0 is at once (1)")
    replay.add_argument("--app", dest="in_app", action="store_true", help="in the app, where it can be looked into")
    add_forms(replay)
    _add_conform(add)


def _add_conform(add: AddCommand) -> None:
    conform = add("conform", "judge any server by the rules of the wire", epilog=_CONFORM, settings=("pipeline",))
    conform.add_argument("file", metavar="URL", help="the server, http(s)://…")
    conform.add_argument("--question", metavar="TEXT", default="", help="what to ask (the pipeline's first example)")
    conform.add_argument("--long", metavar="TEXT", default="", help="a question whose run lasts for some seconds")
    conform.add_argument("--json", dest="form", action="store_const", const="json", help="the verdicts as JSON")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _listed(text: str) -> int:
    if not 1 <= _count(text) <= 200:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 200")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = math.nan
    if not 0 <= speed < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: 2 is twice as fast, 0.5 half as fast, 0 at once")
    return speed
