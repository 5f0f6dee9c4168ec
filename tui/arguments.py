"""The grammar of ``windowseat``'s command line, and its help that teaches by example. Parses, does nothing else."""

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

from tui.config import ClientSettings, add_client_flags
from tui.page import Page
from tui.run_arguments import add_run_commands

COMMANDS = (
    "app", "ask", "serve", "ssh", "pipelines", "runs", "show", "attach", "cancel", "delete", "import", "replay",
    "conform", "doctor", "config", "about",
)  # fmt: skip

_EXAMPLES = """\
examples:
  windowseat                                              open the app
  windowseat "somewhere cool this weekend"                open the app and ask at once
  windowseat ask "somewhere hot tomorrow, under 4 hours, from Valencia"
  windowseat ask --csv "beach on Friday" --from VLC > places.csv
  windowseat ask --json "snow in two days" | head -1      every event, as the server sends it
  echo "a mild city on Sunday" | windowseat ask -
  windowseat runs --search Valencia                       what was asked before
  windowseat show 3f2a --md                               one of those again, its id shortened
  windowseat doctor                                       which sources work, and what a question would use
  windowseat attach --last                                watch the newest run; windowseat cancel 3f2a ends one
  windowseat replay run.ndjson --speed 4                  a recorded run again (show 3f2a --json > run.ndjson)
  windowseat serve --port 8765                            the server alone; ask it with --url http://127.0.0.1:8765
  windowseat ssh --port 2222                              a front door: ssh -p 2222 localhost

Every setting is also an environment variable (WINDOWSEAT_URL, WINDOWSEAT_FROM, …) and a key in the [app] table of
config.toml. Exit codes: 0 answered, 1 the run failed, 2 wrong usage, 3 server not reachable or broke off before the
run ended, 130 interrupted.
"""
_ASK_EXAMPLES = """\
examples:
  windowseat ask "somewhere hot tomorrow, under 4 hours, from Valencia"
  windowseat ask cold and close, next Saturday
  windowseat ask --md --quiet "beach on Friday" > places.md
  windowseat ask "anywhere mild, up to 3 hours" --from BCN
  windowseat ask --previous last "warmer, and max 2 hours"
  windowseat ask "snow on Friday" --record run.ndjson     and keep the run as a file: see windowseat replay

The table goes to stdout, the narration to stderr. A connection that breaks is taken up again where it was cut. Ctrl+C
cancels the run; once more leaves at once.
"""
_PORTS = {"serve": 8765, "ssh": 2222}
_COMMON = ("url",)
_TELLING = ("plain", "color", "expand", "motion", "attempts")
_ASKING = ("origin", "pipeline", "tz")
_APP = ("theme", "mouse", "restore", "epilogue")
_ASK_ONLY = ("--json", "--csv", "--md", "--quiet", "-q", "--option", "--previous")

Form = Literal["table", "json", "csv", "md"]


class UsageError(Exception):
    """The command line can't be understood; ``hint`` shows how it could."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A command line understood. ``flags`` are settings of the client, ``server`` those for a local server, as text."""

    command: str
    flags: dict[str, Any]
    server: dict[str, str] = field(default_factory=dict)
    config: Path | None = None
    question: str = ""
    run: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    form: Form = "table"
    quiet: bool = False
    previous: str = ""
    record: str = ""
    file: str = ""
    after: int = 0
    speed: float = 1.0
    in_app: bool = False
    page: Page = field(default_factory=Page)
    long_question: str = ""


def parse(argv: Sequence[str]) -> Arguments:
    """Understand ``argv``. Raises UsageError; ``--help`` and ``--version`` print and raise SystemExit(0)."""
    everywhere = _Parser(add_help=False, allow_abbrev=False)
    _add_common(everywhere)
    # Flags that every command has may stand before the command too.
    first, rest = everywhere.parse_known_args(list(argv))
    rest = [word.encode("utf-8", "replace").decode() for word in rest]  # what is sent must be UTF-8; paths needn't be
    known, more = _parser().parse_known_args(_with_command(rest))
    found = vars(known)
    found["question"] = _question(found, more)
    url = found["file"] if found["command"] == "conform" else first.url
    settings = {name: found.get(name) for name in ClientSettings.__dataclass_fields__} | {"url": url}
    server = {}
    if first.offline is not None:
        server["offline"] = "1" if first.offline else "0"
    if first.data_dir is not None:
        server["data_dir"] = first.data_dir
    return Arguments(
        command=found["command"],
        flags=settings,
        server=server,
        config=Path(first.config) if first.config else None,
        question=found["question"],
        run=_run(found),
        options=dict(found.get("option") or ()),
        form=found.get("form") or "table",
        quiet=found.get("quiet") or False,
        previous=found.get("previous") or "",
        record=found.get("record") or "",
        file=found.get("file") or "",
        after=_after(found),
        speed=found.get("speed", 1.0),
        in_app=found.get("in_app") or False,
        page=Page(limit=found.get("limit", 50), before=found.get("before", ""), search=found.get("search", "")),
        long_question=found.get("long") or "",
    )


def version() -> str:
    """ "windowseat 0.1.0"."""
    from importlib.metadata import version as installed  # 20 ms that only --version needs

    return f"windowseat {installed('windowseat')}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"{self.prog} --help shows how" if self.add_help else None)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(version())  # noqa: T201  # what was asked for
        parser.exit()


def _run(found: Mapping[str, Any]) -> str:
    run = found.get("run") or ""
    if found["command"] == "attach" and bool(run) == found["last"]:
        raise UsageError("attach takes a RUN or --last, one of the two", "windowseat runs lists the runs there are")
    return run


def _after(found: Mapping[str, Any]) -> int:
    after: int = found.get("after", 0)
    if after and found["form"] != "json":
        raise UsageError("--after goes with --json: a table needs the whole run", None)
    return after


def _question(found: Mapping[str, Any], more: Sequence[str]) -> str:
    # argparse takes the words before the next flag only: ask somewhere hot --from VLC under 4 hours
    asks = isinstance(found.get("question"), list)
    unknown = [word for word in more if not asks or (word.startswith("-") and word != "-")]
    if unknown:
        of_ask = found["command"] == "app" and any(flag in unknown for flag in _ASK_ONLY)
        hint = (
            "those are for `windowseat ask`" if of_ask else f"windowseat {found['command']} --help shows what there is"
        )
        raise UsageError(f"not understood: {' '.join(unknown)}", hint)
    return " ".join([*found["question"], *more]) if asks else found.get("question") or ""


def _with_command(rest: list[str]) -> list[str]:
    word = next((word for word in rest if not word.startswith("-")), None)
    if word is None:
        asks_itself = any(flag in ("-h", "--help", "--version") for flag in rest)
        return rest if asks_itself else ["app", *rest]
    if word in ("serve", "ssh"):
        raise UsageError(f"{word} has flags of its own", f"write it first: windowseat {word} --port {_PORTS[word]}")
    place = rest.index(word)
    if word in COMMANDS:
        return [word, *rest[:place], *rest[place + 1 :]]
    if place > 0 or " " in word:
        return ["app", *rest]  # a whole question, or the value of a flag of the app's
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    ask = f"to ask that: windowseat ask {' '.join(rest)}"
    raise UsageError(f"there is no command {word!r}", f"did you mean {near[0]}? {ask}" if near else ask)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="windowseat",
        description="A window seat on slow work: ask, and watch the answer being found.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(
        name: str, text: str, *, epilog: str | None = None, settings: Sequence[str] = ()
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _add_common(command)
        add_client_flags(command, settings)
        return command

    app = add("app", "open the app; a question is asked at once", settings=(*_ASKING, *_TELLING, *_APP))
    app.add_argument("question", nargs="*", metavar="QUESTION")
    app.add_argument("--record", metavar="FILE", help="write each run to FILE too, as the server sent it (.ndjson)")
    ask = add("ask", "ask and print the answer", epilog=_ASK_EXAMPLES, settings=(*_ASKING, *_TELLING))
    ask.add_argument(
        "question", nargs="*", metavar="QUESTION", help="the question in your words; - reads it from stdin"
    )
    ask.add_argument(
        "--previous",
        metavar="RUN",
        type=_named_run,
        help="the run that this question follows up: its id, how it begins, or last",
    )
    ask.add_argument("--option", metavar="KEY=VALUE", action="append", type=_option, help="an option of the pipeline")
    ask.add_argument("--record", metavar="FILE", help="write every event to FILE too, as the server sent it (.ndjson)")
    _add_forms(ask)
    add_run_commands(add, _add_forms, _TELLING)
    add("pipelines", "list what can be asked, with examples")
    doctor = add("doctor", "check every source of facts: set up? reachable? key accepted? quota left?")
    doctor.add_argument("--json", dest="form", action="store_const", const="json", help="the same as one JSON document")
    add("config", "print the settings in effect, as a config.toml", settings=(*_ASKING, *_TELLING, *_APP))
    add("about", "show the version, and whom the data comes from")
    commands.add_parser("serve", help="run the server alone (serve --help shows its flags)", add_help=False)
    commands.add_parser(
        "ssh", help="open the app for whoever connects with ssh (ssh --help: its flags)", add_help=False
    )
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    add_client_flags(parser, _COMMON)
    parser.add_argument("--config", metavar="FILE", help="the configuration file (WINDOWSEAT_CONFIG)")
    parser.add_argument(
        "--offline",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the local server uses its bundled sources alone",
    )
    parser.add_argument("--data-dir", metavar="DIR", help="where the local server keeps its log of runs")


def _add_forms(parser: argparse.ArgumentParser) -> None:
    forms = parser.add_mutually_exclusive_group()
    for form, text in (
        ("json", "every event as one line of JSON, as the server sent it"),
        ("csv", "the rows as CSV"),
        ("md", "the rows as a Markdown table"),
    ):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=text)
    parser.add_argument("--quiet", "-q", action="store_true", help="no narration, only errors")


def _named_run(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a run must be named, or last")
    return text.strip()


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    import json

    try:
        parsed = json.loads(value)
    except ValueError:
        return key, value
    # Numbers and true/false are themselves, everything else is the text that was written.
    return key, parsed if isinstance(parsed, int | float) and math.isfinite(parsed) else value
