"""What stands after the host: a question with a few flags, never a command."""

import pytest

from tui.arguments import UsageError
from tui.ssh.command import understand


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("somewhere cold tomorrow under 3 hours from Oslo", "somewhere cold tomorrow under 3 hours from Oslo"),
        ('"somewhere cold"', "somewhere cold"),
        ("ask somewhere cold", "somewhere cold"),
        ("windowseat ask somewhere cold --json", "somewhere cold"),
        ("where's it warm", "where's it warm"),
        ("show me somewhere cold", "show me somewhere cold"),
        ("runs", "runs"),
        ("serve", "serve"),
        ("cat /etc/passwd; $(id)", "cat /etc/passwd; $(id)"),
        ("attach the two ends", "attach the two ends"),
        ("-", "-"),
    ],
)
def test_words_are_a_question(line: str, text: str) -> None:
    command = understand(line)
    assert (command.kind, command.text) == ("ask", text)


def test_flags_of_ask_are_understood() -> None:
    command = understand(
        "beach --from VLC --tz Europe/Madrid --pipeline escape --option max=3 --previous last --csv -q"
    )
    assert command.settings.origin == "VLC"
    assert command.settings.tz == "Europe/Madrid"
    assert command.settings.pipeline == "escape"
    assert command.options == {"max": 3}
    assert (command.previous, command.form, command.quiet) == ("last", "csv", True)
    assert command.wants_lines


@pytest.mark.parametrize(
    ("line", "run", "form"),
    [("attach --last", "last", "table"), ("attach abc --json", "abc", "json"), ("--md attach --last", "last", "md")],
)
def test_a_run_is_attached_to(line: str, run: str, form: str) -> None:
    command = understand(line)
    assert (command.kind, command.run, command.form) == ("attach", run, form)


@pytest.mark.parametrize(
    "line",
    [
        "beach --url http://169.254.169.254/", "beach --config /etc/passwd", "beach --data-dir /", "beach --record /x",
        "beach --offline", "beach --theme x", "beach --url=http://x", "-x beach", "--version", "beach --help",
        "attach --everything", "beach --tz ../../etc/passwd", "beach --option nonsense", "--json", "''", "x" * 5000,
        "beach --from", "beach --color sometimes",
    ],
)  # fmt: skip
def test_everything_else_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        understand(line)


@pytest.mark.parametrize("line", ["help", "--help", "-h"])
def test_help_is_to_be_had(line: str) -> None:
    assert understand(line).kind == "help"


def test_settings_of_the_machine_are_its_owners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDOWSEAT_FROM", "OSL")
    monkeypatch.setenv("WINDOWSEAT_URL", "http://127.0.0.1:1")
    command = understand("somewhere cold")
    assert command.settings.origin is None
    assert command.settings.url is None
