"""What ``ssh host WORDS`` means: a question with the arguments of ``windowseat ask``, or ``attach``. Never a shell.

Only flags on the list are taken: the others name files, servers and settings of this machine.
"""

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shared.settings import SettingError
from tui.arguments import Form, UsageError, parse
from tui.config import ClientSettings, load

FLAGS = frozenset({
    "--json", "--csv", "--md", "--quiet", "-q", "--plain", "--from", "--pipeline", "--tz", "--option", "--expand",
    "--color", "--previous",
})  # fmt: skip
_WITH_VALUE = frozenset({"--from", "--pipeline", "--tz", "--option", "--expand", "--color", "--previous"})
LONGEST = 4096
USAGE = """\
usage: ssh HOST                                    open the app
       ssh HOST "somewhere cold tomorrow under 3 hours from Oslo"
       ssh HOST "beach on Friday" --json           every event, as the server sends it (also --csv, --md)
       ssh HOST attach --last                      your last run again, to its end
also:  --quiet --plain --from PLACE --pipeline NAME --tz ZONE --option KEY=VALUE --previous RUN
       --expand never|failed|always --color auto|always|never;  - reads the question from stdin.
The question comes first: ssh takes what begins with - right after HOST for its own.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``attach``: the run to show, "last", or "" for a question. ``text`` "-" comes from stdin."""

    kind: Literal["ask", "attach", "help"] = "ask"
    text: str = ""
    run: str = ""
    settings: ClientSettings = field(default_factory=ClientSettings)
    options: dict[str, Any] = field(default_factory=dict)
    form: Form = "table"
    quiet: bool = False
    previous: str = ""

    @property
    def wants_lines(self) -> bool:
        """Whether data was asked for, so that even on a terminal no app is to open."""
        return self.kind != "ask" or self.form != "table" or self.settings.plain or self.quiet or self.text == "-"


def understand(line: str) -> Command:
    """Raises UsageError."""
    if len(line) > LONGEST:
        raise UsageError(f"that is longer than {LONGEST} characters", "ask for less at once")
    words = _words(line)
    if words[:1] == ["windowseat"]:
        words = words[1:]
    if words in (["help"], ["--help"], ["-h"]):
        return Command(kind="help")
    forms = [word for word in words if word in ("--json", "--csv", "--md", "--quiet", "-q", "--plain")]
    rest = [word for word in words if word not in forms]
    if rest[:1] == ["attach"] and len(rest) == 2:
        run = "last" if rest[1] == "--last" else rest[1]
        if run.startswith("-"):
            raise UsageError(f"not understood: {run}", "attach takes a run, or --last")
        return _command(["ask", *forms, "run"], kind="attach", run=run)
    if words[:1] == ["ask"]:
        words = words[1:]
    _check(words)
    return _command(["ask", *words])


def _command(words: list[str], kind: Literal["ask", "attach"] = "ask", run: str = "") -> Command:
    arguments = parse(words)
    try:
        # Nothing of this machine's own settings: they are its owner's, not the visitor's.
        settings = load(arguments.flags, {}, Path(os.devnull))
    except SettingError as error:
        raise UsageError(str(error)) from error
    if kind == "ask" and not arguments.question.strip():
        raise UsageError("there is no question", 'try: ssh HOST "somewhere hot tomorrow, under 4 hours, from Valencia"')
    return Command(
        kind=kind,
        text="" if kind == "attach" else arguments.question.strip(),
        run=run,
        settings=settings,
        options=arguments.options,
        form=arguments.form,
        quiet=arguments.quiet,
        previous=arguments.previous,
    )


def _words(line: str) -> list[str]:
    """As a shell would divide them; a question with an apostrophe is divided at its spaces."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _check(words: list[str]) -> None:
    value = False
    for word in words:
        if value:
            value = False
            continue
        flag, equals, _ = word.partition("=")
        if word.startswith("-") and word != "-":
            if flag not in FLAGS:
                raise UsageError(f"not understood here: {flag}", "ssh HOST help shows what there is")
            value = flag in _WITH_VALUE and not equals
